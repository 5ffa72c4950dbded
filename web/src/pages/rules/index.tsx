/** The routing rules: versions, the text being written, and whom it would touch. */

import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { CloudOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { newKey, ProblemError, request } from "../../api";
import type { VersionText } from "../../api";
import { useText } from "../../i18n";
import { problemText, tellProblem } from "../../ui/problems";
import { Loading, Offline, Situation } from "../../ui/Situation";
import { Effect } from "./Effect";
import { Looking } from "./Looking";
import { Conflict, DoneNote, FileDraft } from "./Notes";
import type { Done } from "./Notes";
import classes from "./Rules.module.css";
import {
  useCheck,
  useDraft,
  useIsEditor,
  usePreview,
  usePublished,
  useRefresh,
  useVersions,
} from "./useRules";
import { Versions } from "./Versions";
import { Writing } from "./Writing";

const PAUSE_MS = 400; // of typing, before the text is checked

export default function RulesPage() {
  const t = useText();
  const { data, error, refetch } = usePublished();
  if (data) return <Rules published={data} />;
  if (!error) return <Loading />;
  if (error instanceof ProblemError && error.problem === "offline") {
    return <Offline onRetry={() => void refetch()} />;
  }
  return (
    <Situation
      icon={CloudOff}
      title={problemText(t, error).title}
      action={<Button onClick={() => void refetch()}>{t("state.retry")}</Button>}
    />
  );
}

/** A version that is looked at, and with which one it is compared. */
interface Look {
  version: number;
  base: number;
}

function Rules({ published }: { published: VersionText }) {
  const t = useText();
  const isEditor = useIsEditor();
  const [draft, keep] = useDraft();
  const [look, setLook] = useState<Look | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const versions = useVersions().data?.pages.flatMap((page) => page.versions);

  const text = draft?.text ?? published.text;
  const isChanged = text !== published.text;
  useKeepFromLeaving(isChanged);
  const [settled, settle] = useSettled(text);
  const check = useCheck(isChanged ? settled : null);
  const problems = isChanged ? (check.data?.problems ?? []) : [];
  const isChecked = isChanged && settled === text && check.isSuccess && !check.isPlaceholderData;
  const preview = usePreview(isChecked && problems.length === 0 ? text : null);
  const { isBusy, publish, rollBack } = useActs(published, setDone, () => {
    keep(null);
    setLook(null);
  });

  const write = (written: string) => {
    const isBack = written === published.text;
    keep(isBack ? null : { text: written, basedOn: draft?.basedOn ?? published.version });
  };
  /** Put another text into the editor; what was in it can be had back. */
  const replace = (now: typeof draft, said: string) => {
    const before = draft;
    keep(now);
    setLook(null);
    setDone({
      text: said,
      undo: before
        ? () => {
            keep(before);
            setDone(null);
          }
        : undefined,
    });
  };
  const lookAt = (version: number, base = published.version) => setLook({ version, base });
  const fileDraft = versions?.find(({ state, by }) => state === "draft" && by === "file");
  const base = draft?.basedOn ?? published.version;

  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">{t("rules.title")}</h1>
      {done && <DoneNote done={done} onClose={() => setDone(null)} />}
      {draft && isChanged && base !== published.version && (
        <Conflict
          theirs={published}
          base={base}
          onLook={() => lookAt(published.version, base)}
          onTake={() => replace(null, t("rules.tookTheirs", { version: published.version }))}
          onKeep={() => keep({ text: draft.text, basedOn: published.version })}
        />
      )}
      {fileDraft && look?.version !== fileDraft.version && (
        <FileDraft draft={fileDraft} onLook={() => lookAt(fileDraft.version)} />
      )}
      <div className={classes.columns}>
        <Versions
          inForce={published.version}
          shown={look?.version ?? null}
          isEditor={isEditor}
          isBusy={isBusy}
          onShow={lookAt}
          onRollBack={(version) => void rollBack(version)}
        />
        {look ? (
          <Looking
            key={`${look.version} ${look.base}`}
            version={look.version}
            base={look.base}
            isEditor={isEditor}
            onBack={() => setLook(null)}
            onEdit={(taken) =>
              replace(
                { text: taken, basedOn: published.version },
                t("rules.nowEditing", { version: look.version }),
              )
            }
          />
        ) : (
          <Writing
            text={text}
            published={published}
            base={base}
            isEditor={isEditor}
            isChanged={isChanged}
            isChecked={isChecked}
            hasFailed={check.isError}
            isBusy={isBusy}
            problems={problems}
            preview={preview.data}
            onWrite={write}
            onCheck={async () => {
              settle(text);
              return settled === text ? ((await check.refetch()).data?.problems ?? []) : problems;
            }}
            onPublish={(comment) => void publish(text, comment, base)}
            onDiscard={() => replace(null, t("rules.discarded"))}
          />
        )}
        <Effect
          text={text}
          isEditor={isEditor}
          isFine={isChecked && problems.length === 0}
          isChanged={isChanged}
          hasProblems={problems.length > 0}
          preview={preview.data}
          error={preview.error}
        />
      </div>
    </div>
  );
}

/** What was typed last, once the person pauses, or at once when told so. */
function useSettled(text: string): [string, (text: string) => void] {
  const [paused] = useDebouncedValue(text, PAUSE_MS);
  const [asked, setAsked] = useState<string | null>(null);
  return [asked === text ? text : paused, setAsked];
}

/** A closed window would lose what was written. */
function useKeepFromLeaving(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isChanged]);
}

/** Publishing and going back; each offers to undo it. A refusal is told in the corner. */
function useActs(published: VersionText, tell: (done: Done) => void, onDone: () => void) {
  const t = useText();
  const refresh = useRefresh();
  const [isBusy, setBusy] = useState(false);
  const busy = useRef(false);
  const act = async (ask: (key: string) => Promise<Done>) => {
    if (busy.current) return;
    busy.current = true;
    setBusy(true);
    try {
      tell(await ask(newKey()));
    } catch (error) {
      tellProblem(t, error);
    } finally {
      busy.current = false; // an undo names its versions itself; the other buttons wait
      await refresh();
      setBusy(false);
    }
  };
  const goBack = (version: number, basedOn: number): Promise<void> =>
    act(async (key) => {
      const body = { version, based_on: basedOn };
      const now = await request("POST /api/v1/rules/rollback", { body, key });
      return {
        text: t("rules.rolledBack", { version: now.version, older: version }),
        undo: () => void goBack(basedOn, now.version),
      };
    });
  const publish = (text: string, comment: string, basedOn: number): Promise<void> =>
    act(async (key) => {
      const body = { text, comment, based_on: basedOn };
      const now = await request("POST /api/v1/rules/publish", { body, key });
      onDone();
      return {
        text: t("rules.isPublished", { version: now.version }),
        undo: () => void goBack(published.version, now.version),
      };
    });
  return { isBusy, publish, rollBack: (version: number) => goBack(version, published.version) };
}
