/** What an agent says, drawn from a campaign's script. What the card does not know is left blank. */

import { useMemo } from "react";

import { useText } from "../i18n";
import type { Line } from "./scriptText";
import { readScript } from "./scriptText";
import classes from "./Script.module.css";

interface Props {
  text: string;
  /** What is put in, by the names of places. */
  values: Readonly<Record<string, string>>;
}

export function Script({ text, values }: Props) {
  const blocks = useMemo(() => readScript(text, values), [text, values]);
  // A script never changes while it is read: a block's place is as good as a name.
  /* oxlint-disable react/no-array-index-key -- see above */
  return (
    <div className={classes.script}>
      {blocks.map((block, index) =>
        block.kind === "heading" ? (
          <h3 key={index} className={classes.heading}>
            <Said line={block.line} />
          </h3>
        ) : block.kind === "points" ? (
          <ul key={index} className={classes.points}>
            {block.lines.map((line, place) => (
              <li key={place}>
                <Said line={line} />
              </li>
            ))}
          </ul>
        ) : (
          <p key={index} className={classes.paragraph}>
            {block.lines.map((line, place) => (
              <span key={place} className={classes.line}>
                <Said line={line} />
              </span>
            ))}
          </p>
        ),
      )}
    </div>
  );
}

function Said({ line }: { line: Line }) {
  return line.map((part, index) =>
    typeof part === "string" ? (
      part
    ) : part.value ? (
      <b key={index} className={classes.filled}>
        {part.value}
      </b>
    ) : (
      <Blank key={index} name={part.name} />
    ),
  );
}
/* oxlint-enable react/no-array-index-key */

/** A gap to be seen: the agent says the sentence without it, or asks. */
function Blank({ name }: { name: string }) {
  const t = useText();
  const said = t("script.unknown", { name });
  return (
    <span className={classes.blank} title={said}>
      <span className="visually-hidden">{said}</span>
    </span>
  );
}
