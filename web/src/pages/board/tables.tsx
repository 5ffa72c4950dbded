/** The columns of the board's four tables. */

import { Tooltip } from "@mantine/core";
import { MonitorOff, PhoneOutgoing } from "lucide-react";
import type { ReactNode } from "react";

import type { AgentView, CallView, CampaignView, QueueView } from "../../api";
import { percent } from "../../format/number";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useLive, useLiveEntry } from "../../live/hooks";
import { AGENT_LOOKS, AGENT_STATES_IN_ORDER, CALL_LOOKS, SHAPES } from "../../theme/states";
import type { Look } from "../../theme/states";
import { nameColumn, stateColumn } from "../../ui/campaignColumns";
import type { Column } from "../../ui/DataTable";
import { Elapsed } from "../../ui/Elapsed";
import { PhoneNumber } from "../../ui/PhoneNumber";
import { silenceText } from "../../ui/silence";
import { StateBadge } from "../../ui/StateBadge";
import { TierBadge } from "../../ui/TierBadge";
import { TIERS, waitsSince } from "./figures";
import { SwitchButton } from "./SwitchButton";
import classes from "./Board.module.css";

/** A count; nothing to see is drawn quietly, so that the eye finds the rest. */
function Count({ value }: { value: number }) {
  return <span className={value === 0 ? classes.zero : undefined}>{value}</span>;
}

function StateHeader({ look, label }: { look: Look; label: string }) {
  const Shape = SHAPES[look];
  return (
    <Tooltip label={label}>
      <span className={classes.stateHeader} style={{ color: `var(--state-${look})` }}>
        <Shape size={15} aria-hidden />
        <span className="visually-hidden">{label}</span>
      </span>
    </Tooltip>
  );
}

export function queueColumns(t: Translate, isEditor: boolean): Column<QueueView>[] {
  const count = (
    id: string,
    header: ReactNode,
    value: (queue: QueueView) => number,
  ): Column<QueueView> => ({
    id,
    header,
    number: true,
    by: value,
    largestFirst: true,
    cell: (queue) => <Count value={value(queue)} />,
  });
  const agents = (look: Look, label: string, value: (queue: QueueView) => number) =>
    count(look, <StateHeader look={look} label={label} />, value);
  return [
    {
      id: "queue",
      header: t("board.queue"),
      rest: true,
      by: (queue) => queue.id,
      cell: (queue) => (
        <span className={classes.main}>
          {queue.id}
          {queue.in_fallback > 0 && (
            <Tooltip label={t.count("board.inFallback", queue.in_fallback)}>
              <span>
                <StateBadge look="alarm" text={String(queue.in_fallback)} />
              </span>
            </Tooltip>
          )}
          {queue.callbacks > 0 && (
            <Tooltip label={t.count("board.callbacks", queue.callbacks)}>
              <span className={classes.callbacks}>
                <PhoneOutgoing size={13} aria-hidden />
                <span aria-hidden>{queue.callbacks}</span>
                <span className="visually-hidden">
                  {t.count("board.callbacks", queue.callbacks)}
                </span>
              </span>
            </Tooltip>
          )}
        </span>
      ),
    },
    count("waiting", t("board.waiting"), (queue) => queue.waiting),
    ...TIERS.map((tier) =>
      count(
        tier,
        <TierBadge tier={tier} compact />,
        (queue) => queue.waiting_by_tier[tier] ?? 0,
      ),
    ),
    {
      id: "longest",
      header: t("board.longest"),
      number: true,
      by: (queue) => -(queue.longest_waiting_since || Infinity),
      largestFirst: true,
      cell: (queue) => <Elapsed since={queue.longest_waiting_since} />,
    },
    {
      id: "level",
      header: (
        <Tooltip label={t("board.tile.levelWhy")}>
          <span>{t("board.level")}</span>
        </Tooltip>
      ),
      number: true,
      by: (queue) => queue.today.service_level,
      cell: ({ today }) =>
        today.answered + today.abandoned > 0 && percent(today.service_level, t.language),
    },
    agents("ready", t("board.agentsReady"), (queue) => queue.ready),
    agents("ringing", t("board.agentsRinging"), (queue) => queue.ringing),
    agents("talking", t("board.agentsTalking"), (queue) => queue.talking),
    agents("wrap-up", t("board.agentsWrapUp"), (queue) => queue.wrap_up),
    agents("not-ready", t("board.agentsNotReady"), (queue) => queue.not_ready),
    ...(isEditor ? [switchColumn(t)] : []),
  ];
}

function switchColumn(t: Translate): Column<QueueView> {
  return {
    id: "switch",
    header: <span className="visually-hidden">{t("switch.column")}</span>,
    cell: (queue) => <SwitchButton queue={queue} />,
  };
}

export function waitingColumns(t: Translate): Column<CallView>[] {
  return [
    {
      id: "tier",
      header: t("board.tier"),
      by: (call) => TIERS.indexOf(call.tier),
      cell: (call) => <TierBadge tier={call.tier} />,
    },
    {
      id: "caller",
      header: t("board.caller"),
      cell: (call) => <Caller t={t} call={call} />,
    },
    {
      id: "wait",
      header: t("board.wait"),
      number: true,
      by: (call) => -waitsSince(call),
      largestFirst: true,
      cell: (call) => <Elapsed since={waitsSince(call)} />,
    },
    {
      id: "state",
      header: t("board.state"),
      by: (call) => call.state,
      cell: (call) => (
        <StateBadge
          look={CALL_LOOKS[call.state]}
          text={
            call.state === "offered"
              ? t("callState.offered", { agent: call.agent })
              : t(`callState.${call.state}`)
          }
        />
      ),
    },
    {
      id: "for",
      header: t("board.for"),
      rest: true,
      by: (call) => call.campaign || call.queue || call.returned,
      cell: (call) => <WaitsFor call={call} />,
    },
  ];
}

function Caller({ t, call }: { t: Translate; call: CallView }) {
  const number = call.campaign ? call.dialed_number || call.caller_number : call.caller_number;
  return number ? <PhoneNumber number={number} /> : <i>{t("board.withheld")}</i>;
}

export function agentColumns(t: Translate): Column<AgentView>[] {
  return [
    {
      id: "state",
      header: t("board.state"),
      by: (agent) => AGENT_STATES_IN_ORDER.indexOf(agent.state),
      cell: (agent) => (
        <span className={classes.state} title={stateDetail(t, agent)}>
          <StateBadge
            look={AGENT_LOOKS[agent.state]}
            text={t(`agentState.${agent.state}`)}
            detail={stateDetail(t, agent)}
          />
        </span>
      ),
    },
    {
      id: "time",
      header: t("board.time"),
      number: true,
      by: (agent) => -agent.since,
      largestFirst: true,
      cell: (agent) => <Elapsed since={agent.since} />,
    },
    {
      id: "agent",
      header: t("board.agent"),
      by: (agent) => agent.id,
      cell: (agent) => (
        <span className={classes.main}>
          {agent.id}
          {agent.desktops === 0 && agent.state !== "signed_out" && (
            <Tooltip label={t("board.noDesktop")}>
              <MonitorOff size={14} aria-label={t("board.noDesktop")} />
            </Tooltip>
          )}
        </span>
      ),
    },
    {
      id: "seniority",
      header: t("board.seniority"),
      by: (agent) => agent.seniority,
      cell: (agent) => t(`seniority.${agent.seniority}`),
    },
    {
      id: "call",
      header: t("board.call"),
      cell: (agent) => agent.call && <AgentsCall id={agent.call} />,
    },
    {
      id: "worksFor",
      header: t("board.worksFor"),
      rest: true,
      by: (agent) => agent.campaign || agent.queues.join(),
      cell: (agent) => <WorksFor agent={agent} />,
    },
  ];
}

/** The campaign that counts on the agent, and how many others do besides; or the queues. */
function WorksFor({ agent }: { agent: AgentView }) {
  const campaigns = useLive("board", "campaigns");
  const nameOf = (id: string) => campaigns?.[id]?.name ?? id;
  if (!agent.campaign) {
    const queues = agent.queues.join(" · ");
    return <span title={queues}>{queues}</span>;
  }
  return (
    <span className={classes.worksFor} title={agent.campaigns.map(nameOf).join(" · ")}>
      <span>{nameOf(agent.campaign)}</span>
      {agent.campaigns.length > 1 && <span>+{agent.campaigns.length - 1}</span>}
    </span>
  );
}

function AgentsCall({ id }: { id: string }) {
  const t = useText();
  const call = useLiveEntry("board", "calls", id);
  if (!call) return null; // over: the agent writes it up
  return (
    <span className={classes.main}>
      <Caller t={t} call={call} />
      {call.tier !== "standard" && <TierBadge tier={call.tier} compact />}
    </span>
  );
}

/** What a call waits for: the campaign that dialed it, or its queue. */
export function WaitsFor({ call }: { call: CallView }) {
  const campaign = call.campaign || (call.queue ? "" : call.returned);
  return campaign ? <CampaignName id={campaign} /> : call.queue;
}

function CampaignName({ id }: { id: string }) {
  return useLiveEntry("board", "campaigns", id)?.name ?? id;
}

/** Why not ready, or what follows the running call. */
function stateDetail(t: Translate, agent: AgentView): string | undefined {
  if (agent.wish) return t("board.thenWish", { state: t(`agentState.${agent.wish}`) });
  if (agent.reason) return t.maybe(`reason.${agent.reason}`, agent.reason);
  return undefined;
}

export function campaignColumns(t: Translate): Column<CampaignView>[] {
  const count = (
    id: string,
    header: string,
    value: (campaign: CampaignView) => number,
  ): Column<CampaignView> => ({
    id,
    header,
    number: true,
    by: value,
    largestFirst: true,
    cell: (campaign) => <Count value={value(campaign)} />,
  });
  return [
    nameColumn(t("board.campaign"), { className: classes.link }),
    stateColumn(t, t("board.state")),
    count("dialing", t("board.dialing"), (campaign) => campaign.dialing),
    count("ringing", t("board.ringing"), (campaign) => campaign.ringing),
    count("talking", t("board.talking"), (campaign) => campaign.talking),
    count("agentsReady", t("board.agentsReady"), (campaign) => campaign.agents_ready),
    count("dropped", t("board.dropped"), (campaign) => campaign.results.dropped ?? 0),
    {
      id: "dropRate",
      header: t("board.dropRate"),
      number: true,
      by: (campaign) => campaign.drop_rate,
      largestFirst: true,
      cell: (campaign) => percent(campaign.drop_rate, t.language),
    },
    {
      id: "silence",
      header: t("board.whySilent"),
      rest: true,
      cell: (campaign) => (
        <span className={classes.quiet} title={silenceText(t, campaign)}>
          {silenceText(t, campaign)}
        </span>
      ),
    },
  ];
}
