/** The text with line numbers, and what is wrong at its line. */

import { forwardRef, useImperativeHandle, useMemo, useRef } from "react";

import type { TextProblem } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import classes from "./Rules.module.css";

const LINE_PX = 20; // as in Rules.module.css
const LINES_ABOVE = 3; // shown above the line that is gone to

interface Props {
  text: string;
  problems: readonly TextProblem[];
  isReadOnly: boolean;
  onChange: (text: string) => void;
}

export interface EditorHandle {
  /** Put the cursor on a line. */
  goTo: (line: number) => void;
}

/** A plain text area as large as its text, in a frame that is scrolled: numbers stay beside lines. */
export const Editor = forwardRef<EditorHandle, Props>(function Editor(props, handle) {
  const { text, problems, isReadOnly, onChange } = props;
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = useMemo(() => text.split("\n"), [text]);
  const numbers = useMemo(() => lines.map((_, at) => at + 1), [lines]);
  const width = useMemo(() => Math.max(...lines.map(columnsOf)) + 2, [lines]);
  const wrong = useMemo(() => byLine(t, problems), [t, problems]);
  useImperativeHandle(handle, () => ({
    goTo: (line) => {
      const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.current?.focus({ preventScroll: true });
      area.current?.setSelectionRange(start, start);
      if (frame.current) frame.current.scrollTop = (line - 1 - LINES_ABOVE) * LINE_PX;
    },
  }));
  return (
    <div ref={frame} className={classes.frame}>
      <ol className={classes.gutter} aria-hidden>
        {numbers.map((line) => (
          <Number key={line} line={line} wrong={wrong.get(line)} />
        ))}
      </ol>
      <div className={classes.sheet}>
        {[...wrong.keys()].map((line) => (
          <div key={line} className={classes.mark} style={{ top: (line - 1) * LINE_PX }} />
        ))}
        <textarea
          ref={area}
          className={classes.area}
          aria-label={t("rules.editor")}
          aria-invalid={problems.length > 0}
          aria-describedby="rules-problems"
          value={text}
          rows={lines.length}
          style={{ width: `${width}ch` }}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          readOnly={isReadOnly}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </div>
    </div>
  );
});

function Number({ line, wrong }: { line: number; wrong: string | undefined }) {
  return (
    <li data-problem={wrong === undefined ? undefined : line} title={wrong}>
      {line}
    </li>
  );
}

function byLine(t: Translate, problems: readonly TextProblem[]): Map<number, string> {
  const wrong = new Map<number, string>();
  for (const { line, what, mend } of problems.filter((problem) => problem.line > 0)) {
    const said = t("rules.problem", { what, mend });
    const before = wrong.get(line);
    wrong.set(line, before ? `${before}\n${said}` : said);
  }
  return wrong;
}

/** Chinese is twice as wide as letters are. */
function columnsOf(line: string): number {
  return line.length + (line.match(/[\u2E80-\uFFEF]/g)?.length ?? 0);
}
