/** The part of the campaign form for what agents say: its text, what may be named in it, and how it
 * looks on a desk. */

import { Button, Fieldset, Group, SimpleGrid, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";

import { request } from "../../api";
import { useText } from "../../i18n";
import { explained } from "../../ui/Explained";
import { Script } from "../../ui/Script";
import { FIELDS, SCRIPT_CHARS_MAX } from "../../ui/scriptText";
import type { FieldProps } from "./FormFields";
import classes from "./ScriptFields.module.css";

const NO_COLUMNS: readonly string[] = [];

export function ScriptFields({ draft, told, isNew, onChange }: FieldProps) {
  const t = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  const columns = useColumns(draft.id, isNew);
  const put = (name: string) => {
    const { selectionStart: from, selectionEnd: to } = area.current ?? atTheEnd(draft.script);
    const place = `{${name}}`;
    onChange({ script: draft.script.slice(0, from) + place + draft.script.slice(to) }, "script");
    const after = from + place.length;
    // Once the text is there: what is typed next goes behind the place.
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(after, after);
    });
  };
  const samples = useMemo(
    () => ({
      ...Object.fromEntries(columns.map((name) => [name, name])),
      name: t("campaigns.form.scriptName"),
      number: "+1 312 555 0100",
      agent: t("campaigns.form.scriptAgent"),
      campaign: draft.name,
      list: t("campaigns.form.scriptList"),
    }),
    [columns, draft.name, t],
  );
  return (
    <Fieldset legend={t("campaigns.form.script")}>
      <SimpleGrid cols={2} spacing="lg">
        <Textarea
          ref={area}
          {...explained(t("campaigns.form.scriptText"), t("campaigns.form.scriptHint"))}
          rows={12}
          maxLength={SCRIPT_CHARS_MAX}
          value={draft.script}
          error={told.script}
          onChange={(event) => onChange({ script: event.currentTarget.value }, "script")}
        />
        <section aria-label={t("campaigns.form.scriptPreview")}>
          <Text size="sm" fw={500}>
            {t("campaigns.form.scriptPreview")}
          </Text>
          <div className={classes.preview}>
            {draft.script.trim() ? (
              <Script text={draft.script} values={samples} />
            ) : (
              <Text c="var(--quiet)">{t("campaigns.form.scriptNone")}</Text>
            )}
          </div>
        </section>
      </SimpleGrid>
      <Group gap="xs" mt="sm" role="group" aria-label={t("campaigns.form.scriptPlaces")}>
        <Text size="sm" c="var(--quiet)">
          {t("campaigns.form.scriptPlaces")}
        </Text>
        {[...FIELDS, ...columns].map((name) => (
          <Button key={name} size="compact-sm" variant="default" onClick={() => put(name)}>
            {`{${name}}`}
          </Button>
        ))}
      </Group>
    </Fieldset>
  );
}

/** What the lists of the campaign have besides; none while that is not known. */
function useColumns(campaign: string, isNew: boolean): readonly string[] {
  const { data } = useQuery({
    queryKey: ["placeholders", campaign],
    queryFn: () =>
      request("GET /api/v1/campaigns/{campaign}/placeholders", { path: { campaign } }),
    enabled: !isNew,
  });
  return data?.columns ?? NO_COLUMNS;
}

function atTheEnd(text: string) {
  return { selectionStart: text.length, selectionEnd: text.length };
}
