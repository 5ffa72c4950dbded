/** The agent's queues: how many wait in each, and how long. */

import type { QueueView } from "../../api";
import { useText } from "../../i18n";
import { Elapsed } from "../../ui/Elapsed";
import classes from "./Desk.module.css";
import { Pane } from "./Pane";

export function QueuesPane({ queues }: { queues: QueueView[] }) {
  const t = useText();
  return (
    <Pane title={t("agent.queues")}>
      <table className={classes.queues}>
        <thead>
          <tr>
            <th>{t("agent.queue")}</th>
            <th className="number">{t("agent.queueWaiting")}</th>
            <th className="number">{t("agent.queueLongest")}</th>
            <th className="number">{t("agent.queueReady")}</th>
          </tr>
        </thead>
        <tbody>
          {queues.map((queue) => (
            <tr key={queue.id}>
              <td>{queue.id}</td>
              <td className="number">{queue.waiting}</td>
              <td className="number">
                <Elapsed since={queue.longest_waiting_since} />
              </td>
              <td className="number">{queue.ready}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Pane>
  );
}
