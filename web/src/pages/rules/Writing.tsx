/** The text being written, what is wrong with it, and the buttons. */

import { Button, Group, UnstyledButton } from "@mantine/core";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";

import type { Preview, TextProblem, VersionText } from "../../api";
import { useText } from "../../i18n";
import { Panel } from "../../ui/Panel";
import { Diff } from "./Diff";
import { Editor } from "./Editor";
import type { EditorHandle } from "./Editor";
import { ViewSwitch } from "./Looking";
import { Publish } from "./Publish";
import classes from "./Rules.module.css";

interface Props {
  text: string;
  published: VersionText;
  /** The version that the text was begun with. */
  base: number;
  isEditor: boolean;
  isChanged: boolean;
  /** The problems are those of the text as it is now. */
  isChecked: boolean;
  /** It could not be checked. */
  hasFailed: boolean;
  isBusy: boolean;
  problems: readonly TextProblem[];
  preview: Preview | undefined;
  onWrite: (text: string) => void;
  /** Check at once; gives what is wrong. */
  onCheck: () => Promise<readonly TextProblem[]>;
  onPublish: (comment: string) => void;
  onDiscard: () => void;
}

export function Writing(props: Props) {
  const { text, published, isEditor, isChanged, isChecked, problems, preview } = props;
  const t = useText();
  const [view, setView] = useState<"text" | "changes">("text");
  const editor = useRef<EditorHandle>(null);
  const goTo = (line: number) => {
    setView("text");
    requestAnimationFrame(() => editor.current?.goTo(line)); // it may have to be drawn first
  };
  const check = async () => {
    const first = (await props.onCheck()).find(({ line }) => line > 0);
    if (first) goTo(first.line);
  };
  return (
    <Panel
      title={t("rules.title")}
      note={useWhich(props)}
      action={
        <Group gap="sm" wrap="nowrap">
          <ViewSwitch view={view} onChange={setView} />
          {isEditor && (
            <>
              <Button
                size="compact-sm"
                variant="default"
                disabled={!isChanged}
                onClick={() => void check()}
              >
                {t("rules.check")}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                disabled={!isChanged}
                onClick={props.onDiscard}
              >
                {t("rules.discard")}
              </Button>
              <Publish
                isPossible={
                  isChanged &&
                  isChecked &&
                  problems.length === 0 &&
                  props.base === published.version &&
                  preview !== undefined &&
                  preview.problem === ""
                }
                isBusy={props.isBusy}
                preview={preview}
                onPublish={props.onPublish}
              />
            </>
          )}
        </Group>
      }
      className={classes.middle}
    >
      <div className={classes.writing}>
        <div className={classes.pane}>
          {view === "text" ? (
            <Editor
              ref={editor}
              text={text}
              problems={problems}
              isReadOnly={!isEditor}
              onChange={props.onWrite}
            />
          ) : (
            <Diff before={published.text} after={text} />
          )}
        </div>
        <Verdict {...props} onGoTo={goTo} />
      </div>
    </Panel>
  );
}

function useWhich({ isChanged, base, published }: Props): string {
  const t = useText();
  const version = isChanged ? base : published.version;
  if (version === 0) return t(isChanged ? "rules.changedFromBuiltIn" : "rules.builtInNow");
  return isChanged ? t("rules.changedFrom", { version }) : t("rules.holdsNow", { version });
}

/** What the check says. */
function Verdict(props: Props & { onGoTo: (line: number) => void }) {
  const { isChanged, isChecked, isEditor, problems } = props;
  const t = useText();
  return (
    <div id="rules-problems" className={classes.verdict} role="status">
      {!isEditor && <p className={classes.quiet}>{t("rules.readOnly")}</p>}
      {isChanged && props.hasFailed && <p>{t("rules.notChecked")}</p>}
      {isChanged && !isChecked && !props.hasFailed && problems.length === 0 && (
        <p className={classes.quiet}>{t("rules.checking")}</p>
      )}
      {isChecked && problems.length === 0 && (
        <p className={classes.fine}>
          <CircleCheck size={14} aria-hidden /> {t("rules.fine")}
        </p>
      )}
      {problems.length > 0 && (
        <>
          <p className={classes.wrong}>
            <TriangleAlert size={14} aria-hidden />
            {t.count("rules.problemCount", problems.length)}
          </p>
          <ul className={classes.problems} aria-label={t("rules.problems")}>
            {problems.map((problem) => (
              <Problem
                key={`${problem.line} ${problem.what}`}
                problem={problem}
                onGoTo={props.onGoTo}
              />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Problem(props: { problem: TextProblem; onGoTo: (line: number) => void }) {
  const t = useText();
  const { line, what, mend } = props.problem;
  if (line === 0) return <li>{t("rules.problem", { what, mend })}</li>;
  return (
    <li>
      <UnstyledButton className={classes.problem} onClick={() => props.onGoTo(line)}>
        {t("rules.problemAt", { line, what, mend })}
      </UnstyledButton>
    </li>
  );
}
