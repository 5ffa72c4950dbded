/** A state: its colour, its shape and its word. */

import { SHAPES } from "../theme/states";
import type { Look } from "../theme/states";
import classes from "./StateBadge.module.css";

interface Props {
  look: Look;
  text: string;
  /** More to the word, e.g. why somebody is not ready. */
  detail?: string;
  size?: "sm" | "lg";
}

export function StateBadge({ look, text, detail, size = "sm" }: Props) {
  const Shape = SHAPES[look];
  return (
    <span className={classes.badge} data-look={look} data-size={size}>
      <Shape size={size === "lg" ? 18 : 14} aria-hidden className={classes.shape} />
      <span className={classes.text}>{text}</span>
      {detail && <span className={classes.detail}>{detail}</span>}
    </span>
  );
}
