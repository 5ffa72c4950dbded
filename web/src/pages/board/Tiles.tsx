/** The numbers that a supervisor glances at. */

import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import { percent } from "../../format/number";
import { duration } from "../../format/time";
import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { SHAPES } from "../../theme/states";
import type { Look } from "../../theme/states";
import { Elapsed } from "../../ui/Elapsed";
import { TierBadge } from "../../ui/TierBadge";
import { TIERS } from "./figures";
import type { AgentCounts, Today, Waiting } from "./figures";
import { WaitsFor } from "./tables";
import classes from "./Board.module.css";

interface Props {
  waiting: Waiting;
  today: Today;
  agents: AgentCounts;
}

export function Tiles({ waiting, today, agents }: Props) {
  const t = useText();
  return (
    <div className={classes.tiles}>
      <Tile
        label={t("board.tile.waiting")}
        value={waiting.count}
        note={
          <span className={classes.tiers}>
            {TIERS.map((tier) => (
              <span key={tier}>
                <TierBadge tier={tier} compact /> {waiting.byTier[tier]}
              </span>
            ))}
          </span>
        }
      />
      <Tile
        label={t("board.tile.longest")}
        value={waiting.since ? <Elapsed since={waiting.since} /> : "–"}
        note={
          waiting.longest ? <WaitsFor call={waiting.longest} /> : t("board.tile.longestNobody")
        }
      />
      <ServiceLevel today={today} />
      <Tile
        label={t("board.tile.abandoned")}
        value={today.abandoned}
        note={t("board.tile.abandonedOf", { all: today.answered + today.abandoned })}
      />
      <AgentsTile counts={agents} />
    </div>
  );
}

function ServiceLevel({ today }: { today: Today }) {
  const t = useText();
  const { inTime, answered, abandoned, serviceLevel, targetS } = today;
  const values = { inTime, all: answered + abandoned };
  return (
    <Tooltip label={t("board.tile.levelWhy")}>
      <div>
        <Tile
          label={t("board.tile.level")}
          value={serviceLevel === null ? "–" : percent(serviceLevel, t.language)}
          note={
            targetS === null
              ? t("board.tile.levelOf", values)
              : t("board.tile.levelWithin", { ...values, time: duration(targetS) })
          }
        />
      </div>
    </Tooltip>
  );
}

function Tile({ label, value, note }: { label: string; value: ReactNode; note: ReactNode }) {
  return (
    <div className={classes.tile}>
      <span className={classes.tileLabel}>{label}</span>
      <span className={classes.tileValue}>{value}</span>
      <span className={classes.tileNote}>{note}</span>
    </div>
  );
}

function AgentsTile({ counts }: { counts: AgentCounts }) {
  const t = useText();
  const shown: { look: Look; text: PlainKey; count: number }[] = [
    { look: "ready", text: "board.count.ready", count: counts.ready },
    { look: "ringing", text: "board.count.ringing", count: counts.ringing + counts.reserved },
    { look: "talking", text: "board.count.talking", count: counts.talking },
    { look: "wrap-up", text: "board.count.wrapUp", count: counts.wrap_up },
    { look: "not-ready", text: "board.count.notReady", count: counts.not_ready },
  ];
  return (
    <dl className={classes.states}>
      {shown.map(({ look, text, count }) => {
        const Shape = SHAPES[look];
        return (
          <div key={look} data-none={count === 0 || undefined}>
            <dt className={classes.tileLabel}>{t(text)}</dt>
            <dd className={classes.tileValue} style={{ color: `var(--state-${look})` }}>
              <Shape size={20} aria-hidden /> {count}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
