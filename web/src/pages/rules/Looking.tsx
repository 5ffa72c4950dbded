/** A version that is looked at: its text, or what it changes. */

import { Button, Group, SegmentedControl } from "@mantine/core";
import { ArrowLeft, PenLine } from "lucide-react";
import { useState } from "react";

import { useText } from "../../i18n";
import { Panel } from "../../ui/Panel";
import { problemText } from "../../ui/problems";
import { Loading } from "../../ui/Situation";
import { Diff } from "./Diff";
import { Editor } from "./Editor";
import classes from "./Rules.module.css";
import { useVersion } from "./useRules";

interface Props {
  version: number;
  /** With which one it is compared. */
  base: number;
  isEditor: boolean;
  onBack: () => void;
  onEdit: (text: string) => void;
}

type View = "text" | "changes";

export function Looking({ version, base, isEditor, onBack, onEdit }: Props) {
  const t = useText();
  const [view, setView] = useState<View>(version === base ? "text" : "changes");
  const shown = useVersion(version);
  const before = useVersion(base);
  const failed = shown.error ?? before.error;
  return (
    <Panel
      title={
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<ArrowLeft size={14} aria-hidden />}
          onClick={onBack}
        >
          {t("rules.backToText")}
        </Button>
      }
      note={
        view === "changes"
          ? t("rules.compared", { version, base })
          : t("rules.lookingAt", { version })
      }
      action={
        <Group gap="sm" wrap="nowrap">
          <ViewSwitch view={view} onChange={setView} />
          {isEditor && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<PenLine size={14} aria-hidden />}
              disabled={!shown.data}
              onClick={() => shown.data && onEdit(shown.data.text)}
            >
              {t("rules.editThis")}
            </Button>
          )}
        </Group>
      }
      className={classes.middle}
    >
      {failed && (
        <p role="alert" className={classes.note}>
          {problemText(t, failed).title}
        </p>
      )}
      {!failed && !(shown.data && before.data) && <Loading />}
      {shown.data && before.data && view === "text" && (
        <Editor text={shown.data.text} problems={[]} isReadOnly onChange={() => {}} />
      )}
      {shown.data && before.data && view === "changes" && (
        <Diff before={before.data.text} after={shown.data.text} />
      )}
    </Panel>
  );
}

export function ViewSwitch(props: { view: View; onChange: (view: View) => void }) {
  const t = useText();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("rules.view")}
      data={[
        { value: "text", label: t("rules.text") },
        { value: "changes", label: t("rules.changes") },
      ]}
      value={props.view}
      onChange={(view) => props.onChange(view as View)}
    />
  );
}
