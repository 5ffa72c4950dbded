/** Who of the waiting would be treated differently by the text, in words. */

import type { CallView, Preview, PreviewRow } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useLive } from "../../live/hooks";
import { Elapsed } from "../../ui/Elapsed";
import { Panel } from "../../ui/Panel";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { problemText } from "../../ui/problems";
import { TierBadge } from "../../ui/TierBadge";
import { Rehearsal } from "./Rehearsal";
import classes from "./Rules.module.css";

const ROWS_MAX = 100; // of so many nobody reads more

interface Props {
  text: string;
  isEditor: boolean;
  /** The text is checked, and nothing is wrong with it. */
  isFine: boolean;
  isChanged: boolean;
  hasProblems: boolean;
  preview: Preview | undefined;
  error: unknown;
}

export function Effect(props: Props) {
  const t = useText();
  const calls = useLive("board", "calls");
  // Whoever was answered or hung up since then is of no interest any more.
  const rows = props.preview?.changed.filter(({ call }) => !calls || call in calls) ?? [];
  const shown = rows.slice(0, ROWS_MAX);
  const more = rows.length - shown.length;
  return (
    <Panel title={t("rules.effect")} className={classes.effect}>
      <div className={classes.note} role="status">
        <Sentences {...props} />
      </div>
      <Rehearsal text={props.text} isReady={props.isFine} isEditor={props.isEditor} />
      <ul className={classes.list}>
        {shown.map((row) => (
          <Row key={row.call} row={row} call={calls?.[row.call]} />
        ))}
      </ul>
      {more > 0 && <p className={classes.note}>{t.count("rules.moreChanged", more)}</p>}
    </Panel>
  );
}

function Sentences({ isChanged, hasProblems, preview, error }: Props) {
  const t = useText();
  if (!isChanged) return <p>{t("rules.effectNothing")}</p>;
  if (hasProblems) return <p>{t("rules.effectProblems")}</p>;
  if (error && !preview) return <p role="alert">{problemText(t, error).title}</p>;
  if (!preview) return <p>{t("rules.effectPending")}</p>;
  if (preview.problem) return <p role="alert">{preview.problem}</p>;
  return (
    <>
      <p className={classes.headline}>{effectText(t, preview)}</p>
      {preview.looked_at < preview.waiting && (
        <p>{t("rules.lookedAt", { count: preview.looked_at })}</p>
      )}
      {preview.weights_differ && <p>{t("rules.weightsDiffer")}</p>}
    </>
  );
}

/** How many wait, and how many of them are touched. */
export function effectText(t: Translate, preview: Preview): string {
  const { waiting, changed } = preview;
  if (waiting === 0) return t("rules.nobodyWaits");
  if (changed.length === 0) return t.count("rules.waitNobody", waiting);
  if (waiting === 1) return t("rules.waitOne");
  return t("rules.waitSome", { waiting, changed: changed.length });
}

function Row({ row, call }: { row: PreviewRow; call: CallView | undefined }) {
  const t = useText();
  return (
    <li className={classes.touched}>
      {call && (
        <span className={classes.who}>
          <TierBadge tier={call.tier} compact />
          {call.caller_number ? (
            <PhoneNumber number={call.caller_number} />
          ) : (
            <span className={classes.quiet}>{t("board.withheld")}</span>
          )}
          <Elapsed since={call.queued_at} className={classes.waits} />
        </span>
      )}
      <span>{ruleText(t, row)}</span>
      {row.differs.length > 0 && (
        <span className={classes.quiet}>{t("rules.differs", { what: differsText(t, row) })}</span>
      )}
    </li>
  );
}

function ruleText(t: Translate, { from_rule: from, to_rule: to }: PreviewRow): string {
  if (from === to) return t("rules.sameRule", { to });
  if (from === "" || from === "-") return t("rules.toRuleFirst", { to });
  return t("rules.toRule", { from, to });
}

function differsText(t: Translate, row: PreviewRow): string {
  const words = row.differs.map((what) => t.maybe(`rules.differs.${what}`, what));
  return new Intl.ListFormat(t.language, { type: "conjunction" }).format(words);
}
