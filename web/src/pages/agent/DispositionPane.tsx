/** How the conversation ended, one key each, and the time left to say so. */

import { Check } from "lucide-react";
import { useLayoutEffect, useRef } from "react";

import type { AgentView, PromisedCall } from "../../api";
import { useText } from "../../i18n";
import { useLiveClient } from "../../live/hooks";
import { onTick } from "../../live/ticker";
import { Elapsed } from "../../ui/Elapsed";
import { CallbackForm } from "./CallbackForm";
import classes from "./Desk.module.css";
import { KeyButton } from "./KeyButton";
import { Pane } from "./Pane";
import { CALL_LATER, dispositionsOf } from "./words";

interface Props {
  agent: AgentView;
  campaign: string;
  /** What was chosen for this call already; empty: nothing. */
  chosen: string;
  isAble: boolean;
  onChoose: (code: string) => void;
  /** Chosen, but something is asked about it first; empty: nothing is. */
  asked: string;
  onPromise: (promised: PromisedCall) => void;
}

/** Whether a disposition can be given: there was a conversation. */
export function canDispose(agent: AgentView): boolean {
  return agent.call !== "" && (agent.state === "talking" || agent.state === "wrap_up");
}

export function DispositionPane(props: Props) {
  const { agent, campaign, chosen, isAble, onChoose, asked, onPromise } = props;
  const t = useText();
  const isWrapUp = agent.state === "wrap_up";
  const can = isAble && canDispose(agent);
  return (
    <Pane
      title={t("agent.disposition")}
      look={isWrapUp ? "wrap-up" : undefined}
      aside={
        isWrapUp && (
          <span className={classes.timeLeft}>
            {t("agent.timeLeft")} <Elapsed since={agent.wrap_up_ends_at} until />
          </span>
        )
      }
    >
      <TimeLeft from={isWrapUp ? agent.since : 0} until={agent.wrap_up_ends_at} />
      <div className={classes.choices}>
        {dispositionsOf(campaign).map((choice, index) => (
          <KeyButton
            key={choice.code}
            keyName={String(index + 1)}
            can={can}
            variant={asked === choice.code ? "outline" : chosen === choice.code ? "filled" : "default"}
            aria-expanded={choice.code === CALL_LATER ? asked === CALL_LATER : undefined}
            color="violet"
            px="sm"
            justify="space-between"
            classNames={{ label: classes.choice }}
            leftSection={chosen === choice.code && <Check size={16} aria-hidden />}
            isPressed={chosen === choice.code}
            onPress={() => onChoose(choice.code)}
          >
            {t(choice.text)}
          </KeyButton>
        ))}
      </div>
      {asked === CALL_LATER && can && <CallbackForm isAble={isAble} onPromise={onPromise} />}
      <span className={classes.dispositionHint}>{t(hintOf(agent, chosen))}</span>
    </Pane>
  );
}

function hintOf(agent: AgentView, chosen: string) {
  if (!canDispose(agent)) return "agent.dispositionLater";
  if (agent.state === "talking") return chosen ? "agent.dispositionNoted" : "agent.dispositionEarly";
  return chosen ? "agent.dispositionDone" : "agent.dispositionNow";
}

/** A thin bar that gets shorter, in steps of the page's clock: no motion of its own. */
function TimeLeft({ from, until }: { from: number; until: number }) {
  const client = useLiveClient();
  const bar = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const show = () => {
      if (!bar.current) return;
      const share = until > from ? (until - client.serverNow) / (until - from) : 0;
      bar.current.style.width = `${100 * Math.min(1, Math.max(0, from ? share : 0))}%`;
    };
    show();
    return onTick(show);
  }, [client, from, until]);
  return (
    <div className={classes.timeBar} aria-hidden>
      <div ref={bar} />
    </div>
  );
}
