/** Who is on the line and why this call came; without a call, what to do to get one. */

import { Text } from "@mantine/core";
import { PhoneOff } from "lucide-react";
import type { ReactNode } from "react";

import type { AgentView, CallView, Card } from "../../api";
import { duration } from "../../format/time";
import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import { AGENT_LOOKS, SHAPES } from "../../theme/states";
import { Elapsed } from "../../ui/Elapsed";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { TierBadge } from "../../ui/TierBadge";
import { readPerson, toBeDialed } from "./card";
import classes from "./Desk.module.css";
import { KeyButton } from "./KeyButton";
import { Pane } from "./Pane";
import { PreviewButtons, PreviewHead } from "./Preview";
import type { Acts } from "./useActs";
import type { InHand } from "./useInHand";

interface Props {
  agent: AgentView;
  inHand: InHand;
  /** Names of campaigns by id. */
  names: Readonly<Record<string, string>>;
  acts: Acts;
  /** The agent's campaign dials those whose card the agent has read. */
  readsFirst: boolean;
}

export function CallPane({ agent, inHand, names, acts, readsFirst }: Props) {
  const t = useText();
  const { call, card } = inHand;
  const isTalking = agent.state === "talking";
  if (!agent.call && (card ? card.preview : agent.preview || agent.dialing)) {
    return (
      <Pane title={t("agent.call")} look={agent.dialing ? "talking" : undefined} grows>
        <PreviewHead agent={agent} />
        <Caller card={card} call={undefined} number={agent.preview?.number} />
        <WhyThisCall card={card} call={undefined} names={names} />
        <PreviewButtons preview={toBeDialed(agent, card)} acts={acts} />
      </Pane>
    );
  }
  if (!agent.call && !card) {
    return (
      <Pane
        title={t("agent.call")}
        look={agent.line === "opening" ? "ringing" : undefined}
        grows
      >
        <NoCall agent={agent} isGone={inHand.isGone} readsFirst={readsFirst} />
      </Pane>
    );
  }
  const state = agent.call ? agent.state : "reserved"; // the card is here before the state
  return (
    <Pane title={t("agent.call")} look={AGENT_LOOKS[state]} grows>
      <div className={classes.callHead}>
        <StateText state={state} isDialed={wasDialed(card, call)} />
        <CallTime agent={agent} call={call} />
      </div>
      <Caller card={card} call={call} />
      <WhyThisCall card={card} call={call} names={names} />
      <KeyButton
        keyName="e"
        color="gray"
        variant="default"
        leftSection={<PhoneOff size={16} aria-hidden />}
        can={acts.isAble && isTalking}
        onPress={acts.hangUp}
        fullWidth
        mt="auto"
      >
        {t("agent.end")}
      </KeyButton>
    </Pane>
  );
}

function StateText({ state, isDialed }: { state: AgentView["state"]; isDialed: boolean }) {
  const t = useText();
  const Shape = SHAPES[AGENT_LOOKS[state]];
  const texts: Partial<Record<AgentView["state"], string>> = {
    reserved: isDialed ? t("agent.joining") : t("agent.phoneWillRing"),
    ringing: t("agent.pickUp"),
    talking: t("agent.talking"),
    wrap_up: t("agent.over"),
  };
  return (
    <span className={classes.callState}>
      <Shape size={18} aria-hidden />
      {texts[state] ?? t(`agentState.${state}`)}
    </span>
  );
}

/** How long the talk is, or was. */
function CallTime({ agent, call }: { agent: AgentView; call: CallView | undefined }) {
  const since = call?.connected_at ?? 0;
  if (agent.state === "talking") {
    return <Elapsed since={since || agent.since} className={classes.callTime} />;
  }
  if (agent.state !== "wrap_up" || since === 0) return null;
  return <span className={`number ${classes.callTime}`}>{duration(agent.since - since)}</span>;
}

function Caller(props: { card: Card | null; call: CallView | undefined; number?: string }) {
  const t = useText();
  const { card, call } = props;
  const name = card ? readPerson(card).name : "";
  const number = card?.number ?? call?.caller_number ?? props.number ?? "";
  return (
    <div>
      {name && <div className={classes.caller}>{name}</div>}
      <div className={name ? classes.number : classes.caller}>
        {number ? <PhoneNumber number={number} /> : t("agent.withheld")}
      </div>
    </div>
  );
}

/** Whether a campaign has dialed the person; one who calls back came in. */
function wasDialed(card: Card | null, call: CallView | undefined): boolean {
  return Boolean(call?.campaign || (card?.campaign && !card.returned));
}

function WhyThisCall(props: {
  card: Card | null;
  call: CallView | undefined;
  names: Readonly<Record<string, string>>;
}) {
  const t = useText();
  const { card, call, names } = props;
  const isReturned = Boolean(card?.returned || call?.returned);
  const campaign = card?.campaign || call?.campaign || call?.returned || "";
  const queue = card?.queue || call?.queue || "";
  const tier = card?.tier ?? call?.tier;
  const waited = waitedS(card, call);
  return (
    <dl className={classes.facts}>
      {campaign && (
        <Fact name={t(isReturned ? "agent.returned" : "agent.campaign")}>
          {names[campaign] ?? campaign}
        </Fact>
      )}
      {queue && !campaign && <Fact name={t("agent.queue")}>{queue}</Fact>}
      {call?.dialed_number && (!campaign || isReturned) && (
        <Fact name={t("agent.dialed")}>
          <PhoneNumber number={call.dialed_number} />
        </Fact>
      )}
      {tier && (
        <Fact name={t("agent.tier")}>
          <TierBadge tier={tier} />
        </Fact>
      )}
      {waited !== null && (!campaign || isReturned) && (
        <Fact name={t("agent.waited")}>
          <span className="number">{duration(waited)}</span>
        </Fact>
      )}
      {call && call.offers > 1 && (
        <Fact name={t("agent.offers")}>
          <span className="number">{call.offers}</span>
        </Fact>
      )}
    </dl>
  );
}

/** How long the caller waited, seconds: up to the conversation, or as long as it was at the card. */
function waitedS(card: Card | null, call: CallView | undefined): number | null {
  if (call?.connected_at && call.queued_at) return call.connected_at - call.queued_at;
  return card ? card.waited_s : null;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

const MISSED = [
  "missed",
  "rejected",
  "unreachable",
  "desktop_lost",
  "untouched",
  "line_lost",
  "preview_untouched",
  "campaign_stopped",
] as const;

/** What to do now. */
function NoCall(props: { agent: AgentView; isGone: boolean; readsFirst: boolean }) {
  const t = useText();
  const { agent, isGone, readsFirst } = props;
  const missed = MISSED.find((reason) => reason === agent.reason);
  if (agent.line === "opening") {
    return <Hint look="ringing" title={t("agent.line.opening")} next={t("agent.line.openingNext")} />;
  }
  if (agent.state === "not_ready" && missed) {
    return <Hint look="ringing" title={t(`agent.note.${missed}`)} next={t("agent.readyAgain")} />;
  }
  if (isGone) return <Hint look="not-ready" title={t("agent.note.gone")} next={t("agent.noteNext")} />;
  if (agent.state === "not_ready") {
    return <Hint look="not-ready" title={t("agent.notReady")} next={t("agent.notReadyNext")} />;
  }
  return <Hint look="ready" title={t("agent.noCall")} next={t(waitingFor(agent, readsFirst))} />;
}

function waitingFor(agent: AgentView, readsFirst: boolean): PlainKey {
  if (!agent.campaign) return "agent.waitingInbound";
  return readsFirst ? "agent.waitingCard" : "agent.waitingDialed";
}

function Hint(props: { look: "ready" | "ringing" | "not-ready"; title: string; next: string }) {
  const Shape = SHAPES[props.look];
  return (
    <div className={classes.hint} role="status">
      <Shape size={28} aria-hidden className={classes.hintShape} data-look={props.look} />
      <Text fw={600}>{props.title}</Text>
      <Text c="var(--quiet)">{props.next}</Text>
    </div>
  );
}
