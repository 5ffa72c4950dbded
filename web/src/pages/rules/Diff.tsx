/** What was changed, as programmers have it: lines out, lines in, a few around them. */

import { Center } from "@mantine/core";
import { Fragment, useMemo } from "react";

import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { diffLines, hunksOf } from "./diff";
import type { DiffKind, DiffLine } from "./diff";
import classes from "./Rules.module.css";

const SIGNS: Record<DiffKind, string> = { same: " ", out: "−", in: "+" };
const WORDS: Record<DiffKind, PlainKey | null> = {
  same: null,
  out: "rules.removed",
  in: "rules.added",
};

export function Diff({ before, after }: { before: string; after: string }) {
  const t = useText();
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after]);
  if (hunks.length === 0) return <Center className={classes.empty}>{t("rules.noChanges")}</Center>;
  return (
    <table className={classes.diff} aria-label={t("rules.changes")}>
      <tbody>
        {hunks.map((hunk) => (
          <Fragment key={`${hunk.lines[0]?.before} ${hunk.lines[0]?.after}`}>
            {hunk.skipped > 0 && (
              <tr className={classes.skipped}>
                <td colSpan={4}>{t.count("rules.skipped", hunk.skipped)}</td>
              </tr>
            )}
            {hunk.lines.map((line) => (
              <Line key={`${line.before} ${line.after}`} line={line} />
            ))}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Line({ line }: { line: DiffLine }) {
  const t = useText();
  const word = WORDS[line.kind];
  return (
    <tr data-kind={line.kind}>
      <td className="number">{line.before || ""}</td>
      <td className="number">{line.after || ""}</td>
      <td>
        <span aria-hidden>{SIGNS[line.kind]}</span>
        {word && <span className="visually-hidden">{t(word)}</span>}
      </td>
      <td>{line.text}</td>
    </tr>
  );
}
