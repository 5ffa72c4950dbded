/** The live board: what happens in the whole center, now. */

import { Switch } from "@mantine/core";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";

import type { AgentView, CallView } from "../../api";
import { useText } from "../../i18n";
import type { Entries } from "../../live/frames";
import { useConnection, useLive } from "../../live/hooks";
import { DataTable } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { Loading } from "../../ui/Situation";
import { StateBadge } from "../../ui/StateBadge";
import {
  agentsInOrder,
  countAgents,
  countToday,
  countWaiting,
  queuesInOrder,
  waitingCalls,
} from "./figures";
import { Mishaps } from "./Mishaps";
import { agentColumns, campaignColumns, queueColumns, waitingColumns } from "./tables";
import { Switches } from "./Switches";
import { Tiles } from "./Tiles";
import { useIsEditor } from "../rules/useRules";
import classes from "./Board.module.css";

const CallDrawer = lazy(() => import("./CallDrawer"));

const NO_CALLS: Entries<CallView> = {};
const NO_AGENTS: Entries<AgentView> = {};

export default function BoardPage() {
  const t = useText();
  const connection = useConnection();
  const queues = useLive("board", "queues");
  const agents = useLive("board", "agents");
  const calls = useLive("board", "calls") ?? NO_CALLS;
  const waiting = useMemo(() => waitingCalls(calls), [calls]);
  const [explained, setExplained] = useState<string | null>(null);
  const close = useCallback(() => setExplained(null), []);
  if (!queues || !agents) return <Loading />;

  const inMenu = Object.values(calls).filter((call) => call.state === "in_ivr").length;
  return (
    <div className={classes.board} data-stale={connection === "reconnecting" || undefined}>
      <h1 className="visually-hidden">{t("board.title")}</h1>
      <Links />
      <Switches />
      <Mishaps />
      <Tiles
        waiting={countWaiting(waiting)}
        today={countToday(queues)}
        agents={countAgents(agents)}
      />
      <div className={classes.panels}>
        <Queues />
        <WaitingCalls waiting={waiting} inMenu={inMenu} onExplain={setExplained} />
        <Agents onExplain={setExplained} />
        <Campaigns />
      </div>
      {explained && (
        <Suspense fallback={null}>
          <CallDrawer call={explained} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

/** PBXs that are out of reach. */
function Links() {
  const t = useText();
  const links = useLive("board", "links") ?? {};
  const down = Object.keys(links).filter((pbx) => !links[pbx]);
  return down.map((pbx) => (
    <div key={pbx} role="alert" className={classes.alarm}>
      <StateBadge look="alarm" text={t("board.pbxDown", { pbx })} />
    </div>
  ));
}

function Queues() {
  const t = useText();
  const queues = useLive("board", "queues");
  const isEditor = useIsEditor();
  const columns = useMemo(() => queueColumns(t, isEditor), [t, isEditor]);
  const rows = useMemo(() => queuesInOrder(queues ?? {}), [queues]);
  return (
    <Panel title={t("board.queues")} className={classes.queues}>
      <DataTable
        label={t("board.queues")}
        columns={columns}
        rows={rows}
        rowKey={(queue) => queue.id}
        empty={t("board.noQueues")}
      />
    </Panel>
  );
}

interface Explains {
  /** Tell how this call is routed. */
  onExplain: (call: string) => void;
}

function WaitingCalls(props: Explains & { waiting: CallView[]; inMenu: number }) {
  const { waiting, inMenu, onExplain } = props;
  const t = useText();
  const columns = useMemo(() => waitingColumns(t), [t]);
  const open = useCallback((call: CallView) => onExplain(call.id), [onExplain]);
  return (
    <Panel
      title={t("board.waitingCalls")}
      note={inMenu > 0 && t.count("board.inMenu", inMenu)}
      className={classes.waiting}
    >
      <DataTable
        label={t("board.waitingCalls")}
        columns={columns}
        rows={waiting}
        rowKey={(call) => call.id}
        empty={t("board.noWaiting")}
        onOpen={open}
      />
    </Panel>
  );
}

const hasCall = (agent: AgentView) => agent.call !== "";

function Agents({ onExplain }: Explains) {
  const t = useText();
  const agents = useLive("board", "agents") ?? NO_AGENTS;
  const [signedOutToo, setSignedOutToo] = useState(false);
  const columns = useMemo(() => agentColumns(t), [t]);
  const open = useCallback((agent: AgentView) => onExplain(agent.call), [onExplain]);
  const rows = useMemo(() => agentsInOrder(agents, signedOutToo), [agents, signedOutToo]);
  const all = Object.keys(agents).length;
  const signedIn = all - countAgents(agents).signed_out;
  return (
    <Panel
      title={t("board.agents")}
      note={t("board.signedIn", { signedIn, all })}
      action={
        <Switch
          size="xs"
          label={t("board.showSignedOut")}
          checked={signedOutToo}
          onChange={(event) => setSignedOutToo(event.currentTarget.checked)}
        />
      }
      className={classes.agents}
    >
      <DataTable
        label={t("board.agents")}
        columns={columns}
        rows={rows}
        rowKey={(agent) => agent.id}
        empty={t("board.noAgents")}
        onOpen={open}
        opens={hasCall}
      />
    </Panel>
  );
}

function Campaigns() {
  const t = useText();
  const campaigns = useLive("board", "campaigns");
  const columns = useMemo(() => campaignColumns(t), [t]);
  const rows = useMemo(() => Object.values(campaigns ?? {}), [campaigns]);
  if (rows.length === 0) return null;
  return (
    <Panel title={t("board.campaigns")} className={classes.campaigns}>
      <DataTable
        label={t("board.campaigns")}
        columns={columns}
        rows={rows}
        rowKey={(campaign) => campaign.id}
        empty={null}
      />
    </Panel>
  );
}
