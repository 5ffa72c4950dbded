/** What the center has repaired by itself since midnight, and what it could not: a small figure that
 * tells the kinds when it is clicked. */

import { Popover, UnstyledButton } from "@mantine/core";

import type { Mishap, MishapView } from "../../api";
import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { useLive } from "../../live/hooks";
import { countMishaps, mishapsOf } from "./figures";
import classes from "./Board.module.css";

const TITLES: Record<Mishap, PlainKey> = {
  repair: "board.repairsToday",
  fault: "board.faultsToday",
};

export function Mishaps() {
  const t = useText();
  const mishaps = useLive("board", "mishaps") ?? {};
  const counts = countMishaps(mishaps);
  if (counts.repair + counts.fault === 0) return null;
  return (
    <Popover position="bottom-end" width={420} shadow="md">
      <Popover.Target>
        <UnstyledButton className={classes.mishaps}>
          {t("board.mishaps", { repairs: counts.repair, faults: counts.fault })}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        {(["repair", "fault"] as const).map((which) => (
          <Kinds key={which} title={t(TITLES[which])} rows={mishapsOf(mishaps, which)} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function Kinds({ title, rows }: { title: string; rows: MishapView[] }) {
  const t = useText();
  if (rows.length === 0) return null;
  return (
    <table className={classes.kinds} aria-label={title}>
      <caption>{title}</caption>
      <tbody>
        {rows.map(({ id, kind, count }) => (
          <tr key={id}>
            <td>{t.maybe(`mishap.${kind}`, kind)}</td>
            <td>{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
