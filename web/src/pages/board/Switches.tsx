/** Queues whose emergency switch is on, above everything else, and the way to end it. */

import { Button } from "@mantine/core";
import { OctagonPause } from "lucide-react";

import type { QueueSwitch } from "../../api";
import { useText } from "../../i18n";
import { useConnection, useLive } from "../../live/hooks";
import { Elapsed } from "../../ui/Elapsed";
import { useIsEditor } from "../rules/useRules";
import classes from "./Board.module.css";
import { switchText, useSwitch } from "./switches";

export function Switches() {
  const queues = useLive("board", "queues") ?? {};
  return Object.values(queues).map(
    (queue) =>
      queue.switch && <SwitchNote key={queue.id} queue={queue.id} isOn={queue.switch} />,
  );
}

function SwitchNote({ queue, isOn }: { queue: string; isOn: QueueSwitch }) {
  const t = useText();
  const isLive = useConnection() === "live";
  const isEditor = useIsEditor();
  const change = useSwitch(queue);
  return (
    <div role="status" className={classes.switched}>
      <OctagonPause size={16} aria-hidden />
      <span>{switchText(t, queue, isOn)}</span>
      <span className={classes.left}>
        <Elapsed since={isOn.until} until /> {t("switch.left")}
      </span>
      {isEditor && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={!isLive}
          aria-label={t("switch.endOf", { queue })}
          onClick={() => void change(null)}
        >
          {t("switch.end")}
        </Button>
      )}
    </div>
  );
}
