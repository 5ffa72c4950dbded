import { Star, UserRound } from "lucide-react";

import type { Tier } from "../api";
import { useText } from "../i18n";
import classes from "./TierBadge.module.css";

interface Props {
  tier: Tier;
  /** Only the shape, where the word has no room; it is told on hover and aloud. */
  compact?: boolean;
}

/** A customer's tier: gold is a star, silver a hollow one, standard a person. */
export function TierBadge({ tier, compact = false }: Props) {
  const t = useText();
  const word = t(`tier.${tier}`);
  const Shape = tier === "standard" ? UserRound : Star;
  return (
    <span
      className={classes.tier}
      data-tier={tier}
      data-compact={compact || undefined}
      title={compact ? word : undefined}
    >
      {(compact || tier !== "standard") && (
        <Shape size={12} fill={tier === "gold" ? "currentColor" : "none"} aria-hidden />
      )}
      {compact ? <span className="visually-hidden">{word}</span> : word}
    </span>
  );
}
