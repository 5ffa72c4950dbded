/** The calls that the agent has promised: when, whom, and what can be done with each. */

import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Bell, CalendarClock } from "lucide-react";
import { useEffect, useRef } from "react";

import type { CallbackView } from "../../api";
import { useLanguage, useText } from "../../i18n";
import { useLive } from "../../live/hooks";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { momentOf } from "../campaigns/moment";
import classes from "./Desk.module.css";
import { Pane } from "./Pane";
import type { Acts } from "./useActs";

const LATER_S = 3600;
const SHOWN_MAX = 8;

interface Props {
  names: Record<string, string>;
  acts: Acts;
}

export function CallbacksPane({ names, acts }: Props) {
  const t = useText();
  const promised = useLive("me", "callbacks");
  const callbacks = Object.values(promised ?? {}).toSorted((a, b) => a.at - b.at);
  useReminder(callbacks);
  if (callbacks.length === 0) return null;
  return (
    <Pane title={t("agent.callbacks", { count: callbacks.length })}>
      <ul className={classes.callbacks}>
        {callbacks.slice(0, SHOWN_MAX).map((one) => (
          <Row key={one.id} callback={one} campaign={names[one.campaign]} acts={acts} />
        ))}
      </ul>
    </Pane>
  );
}

interface RowProps {
  callback: CallbackView;
  campaign: string | undefined;
  acts: Acts;
}

function Row({ callback, campaign, acts }: RowProps) {
  const t = useText();
  const { language } = useLanguage();
  const isDue = callback.state !== "planned";
  const Shape = isDue ? Bell : CalendarClock;
  return (
    <li data-due={isDue || undefined}>
      <Shape size={16} aria-hidden />
      <div>
        <div className={classes.callbackWhen}>
          <span className="number">{momentOf(callback.at, language)}</span>
          <span>{t(`callbackState.${callback.state}`)}</span>
        </div>
        <div className={classes.quiet}>
          <PhoneNumber number={callback.number} />
        </div>
        <div className={classes.quiet}>{campaign ?? (callback.campaign || callback.queue)}</div>
        {callback.state !== "calling" && (
          <Group gap="xs">
            <Button
              size="compact-xs"
              variant="default"
              disabled={!acts.isAble}
              onClick={() => acts.putOff(callback, LATER_S)}
            >
              {t("agent.callback.later")}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              disabled={!acts.isAble}
              onClick={() => acts.finish(callback)}
            >
              {t("agent.callback.done")}
            </Button>
          </Group>
        )}
      </div>
    </li>
  );
}

/** Say so once when the time of one comes while the page is open. */
function useReminder(callbacks: CallbackView[]): void {
  const t = useText();
  const planned = useRef(new Set<string>());
  useEffect(() => {
    for (const one of callbacks) {
      if (one.state === "planned") planned.current.add(one.id);
      else if (planned.current.delete(one.id) && one.state === "due")
        notifications.show({
          title: t("agent.callback.due"),
          message: t("agent.callback.dueNext"),
          autoClose: 15_000,
        });
    }
  }, [callbacks, t]);
}
