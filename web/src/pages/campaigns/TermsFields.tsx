/** The part of the campaign form that says when it runs and whom it spares. */

import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";

import { useText } from "../../i18n";
import { Explained, explained } from "../../ui/Explained";
import type { FieldProps } from "./FormFields";
import { CAP_OF, CAPS_MAX, COUNTING, NEW_CAP, UNITS } from "./terms";
import type { CapDraft, Unit } from "./terms";
import { first, namesOf, ORDER } from "./told";

/** From when to when, and the days left out. */
export function TimesFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return (
    <Fieldset legend={t("campaigns.form.times")}>
      <SimpleGrid cols={2} spacing="lg" verticalSpacing="md">
        <TextInput
          type="datetime-local"
          {...explained(
            t("campaigns.form.startsAt"),
            t("campaigns.form.startsHint", { zone: timeZone }),
          )}
          inputWrapperOrder={ORDER}
          value={draft.startsAt}
          error={told.starts_at}
          onChange={(event) =>
            onChange({ startsAt: event.currentTarget.value }, "starts_at", "ends_at")
          }
        />
        <TextInput
          type="datetime-local"
          {...explained(t("campaigns.form.endsAt"), t("campaigns.form.endsHint"))}
          inputWrapperOrder={ORDER}
          value={draft.endsAt}
          error={told.ends_at}
          onChange={(event) => onChange({ endsAt: event.currentTarget.value }, "ends_at")}
        />
        <TagsInput
          {...explained(t("campaigns.form.holidays"), t("campaigns.form.holidaysHint"))}
          inputWrapperOrder={ORDER}
          splitChars={[",", " ", ";"]}
          acceptValueOnBlur
          value={draft.holidays}
          error={first(told, "window.holidays")}
          onChange={(holidays) =>
            onChange(
              { holidays: holidays.map((calendar) => calendar.toUpperCase()) },
              ...namesOf(told, "window.holidays"),
            )
          }
        />
        <TagsInput
          {...explained(t("campaigns.form.closedDays"), t("campaigns.form.closedDaysHint"))}
          inputWrapperOrder={ORDER}
          splitChars={[",", " ", ";"]}
          acceptValueOnBlur
          value={draft.closedDays}
          error={first(told, "window.closed_days")}
          onChange={(closedDays) =>
            onChange({ closedDays }, ...namesOf(told, "window.closed_days"))
          }
        />
      </SimpleGrid>
    </Fieldset>
  );
}

/** Who is not called, or not so often. */
export function SparingFields({ draft, told, onChange }: FieldProps) {
  const t = useText();
  const { caps } = draft;
  const put = (changed: CapDraft[]) => onChange({ caps: changed }, ...namesOf(told, "caps"));
  const change = (place: number, changed: Partial<CapDraft>) =>
    put(caps.map((cap, other) => (other === place ? { ...cap, ...changed } : cap)));
  return (
    <Fieldset legend={t("campaigns.form.sparing")}>
      <Switch
        {...explained(t("campaigns.form.needsConsent"), t("campaigns.form.needsConsentHint"))}
        checked={draft.needsConsent}
        error={told.needs_consent}
        onChange={(event) =>
          onChange({ needsConsent: event.currentTarget.checked }, "needs_consent")
        }
      />
      <Text mt="lg" mb="xs" fw={500}>
        <Explained label={t("campaigns.form.caps")} help={t("campaigns.form.capsHint")} />
      </Text>
      {caps.map((cap, place) => (
        <Cap
          // oxlint-disable-next-line react/no-array-index-key -- caps have no name but their place
          key={place}
          cap={cap}
          place={place}
          told={told}
          onChange={(changed) => change(place, changed)}
          onRemove={() => put(caps.filter((_, other) => other !== place))}
        />
      ))}
      {told.caps && (
        <Text c="red" size="xs">
          {told.caps}
        </Text>
      )}
      {caps.length < CAPS_MAX && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => put([...caps, NEW_CAP])}
        >
          {t("campaigns.form.capAdd")}
        </Button>
      )}
    </Fieldset>
  );
}

interface CapProps {
  cap: CapDraft;
  place: number;
  told: FieldProps["told"];
  onChange: (changed: Partial<CapDraft>) => void;
  onRemove: () => void;
}

/** One sentence: at most so many of these to such a one within that time. */
function Cap({ cap, place, told, onChange, onRemove }: CapProps) {
  const t = useText();
  const number = place + 1;
  return (
    <Group gap="xs" mb="xs" align="flex-start" wrap="nowrap">
      <NumberInput
        w={80}
        size="xs"
        aria-label={t("campaigns.form.capMost", { number })}
        min={1}
        allowDecimal={false}
        allowNegative={false}
        value={cap.most}
        error={told[`caps.${place}.most`]}
        onChange={(most) => onChange({ most: most === "" ? "" : Number(most) })}
      />
      <Select
        w={150}
        size="xs"
        aria-label={t("campaigns.form.capCounting", { number })}
        data={COUNTING.map((value) => ({ value, label: t(`capCounting.${value}`) }))}
        allowDeselect={false}
        value={cap.counting}
        error={told[`caps.${place}.counting`]}
        onChange={(value) => value && onChange({ counting: value as CapDraft["counting"] })}
      />
      <Select
        w={180}
        size="xs"
        aria-label={t("campaigns.form.capOf", { number })}
        data={CAP_OF.map((value) => ({ value, label: t(`capOf.${value}`) }))}
        allowDeselect={false}
        value={cap.of}
        error={told[`caps.${place}.of`]}
        onChange={(value) => value && onChange({ of: value as CapDraft["of"] })}
      />
      <NumberInput
        w={100}
        size="xs"
        aria-label={t("campaigns.form.capWithin", { number })}
        prefix={t("campaigns.form.capWithinPrefix")}
        min={0}
        allowNegative={false}
        value={cap.within}
        error={told[`caps.${place}.within_s`]}
        onChange={(within) => onChange({ within: within === "" ? "" : Number(within) })}
      />
      <Select
        w={110}
        size="xs"
        aria-label={t("campaigns.form.capUnit", { number })}
        data={Object.keys(UNITS).map((value) => ({ value, label: t(`capUnit.${value as Unit}`) }))}
        allowDeselect={false}
        value={cap.unit}
        onChange={(value) => value && onChange({ unit: value as Unit })}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        mt={2}
        aria-label={t("campaigns.form.capRemove", { number })}
        onClick={onRemove}
      >
        <Trash2 size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}
