/** The desk of an agent at work: state on top, then call, card and disposition, work and queues. */

import { useMemo, useState } from "react";

import type { AgentView, CampaignView } from "../../api";
import { useText } from "../../i18n";
import { useConnection, useLive } from "../../live/hooks";
import { CallbacksPane } from "./CallbacksPane";
import { CallPane } from "./CallPane";
import { heldBy, toBeDialed } from "./card";
import { CardPane } from "./CardPane";
import classes from "./Desk.module.css";
import { canDispose, DispositionPane } from "./DispositionPane";
import { useKeys } from "./keys";
import type { Keys } from "./keys";
import { KeysPane } from "./KeysPane";
import { QueuesPane } from "./QueuesPane";
import { SaleAmount, useSale } from "./SaleAmount";
import { ScriptPane } from "./ScriptPane";
import { canBeReady, StateBar } from "./StateBar";
import { useActs } from "./useActs";
import type { Acts } from "./useActs";
import { useInHand } from "./useInHand";
import { CALL_LATER, dispositionsOf } from "./words";
import { WorkPane } from "./WorkPane";

const NO_SALES: readonly string[] = [];

interface Props {
  agent: AgentView;
  campaigns: CampaignView[];
}

export function Desk({ agent, campaigns }: Props) {
  const t = useText();
  const inHand = useInHand(agent);
  const queues = useQueuesOf(agent);
  const [isBreakOpen, openBreak] = useState(false);
  const [areKeysShown, showKeys] = useState(false);
  const [disposed, setDisposed] = useState({ call: "", code: "" });
  const [promising, setPromising] = useState("");
  const acts = useActs((call, code) => setDisposed({ call, code }));
  const isStale = useConnection() !== "live";
  const campaign = inHand.card?.campaign ?? inHand.call?.campaign ?? agent.campaign;
  const mine = campaigns.find(({ id }) => id === agent.campaign);
  const sales = campaigns.find(({ id }) => id === campaign)?.settings.sales ?? NO_SALES;
  const sale = useSale(agent, sales, acts.dispose);
  const choose = (code: string) => {
    const asksWhen = campaign !== "" && code === CALL_LATER;
    setPromising(asksWhen ? agent.call : "");
    if (asksWhen) sale.forget();
    else sale.choose(code);
  };
  const names = useMemo(
    () => Object.fromEntries(campaigns.map(({ id, name }) => [id, name])),
    [campaigns],
  );

  useKeys({
    ...keysOf(agent, acts, campaign, choose),
    ...previewKeysOf(toBeDialed(agent, inHand.card), acts),
    b: acts.isAble ? () => openBreak(true) : undefined,
    "?": () => showKeys((are) => !are),
    escape: areKeysShown ? () => showKeys(false) : undefined,
  });

  return (
    <div className={classes.desk} data-stale={isStale || undefined}>
      <h1 className="visually-hidden">{t("agent.title")}</h1>
      <StateBar
        agent={agent}
        queues={agent.campaign ? [] : queues}
        acts={acts}
        isBreakOpen={isBreakOpen}
        onBreakOpen={openBreak}
      />
      <div className={classes.columns}>
        <div className={classes.column}>
          <CallPane
            agent={agent}
            inHand={inHand}
            names={names}
            acts={acts}
            readsFirst={mine?.settings.pacing === "preview"}
          />
        </div>
        <div className={classes.column}>
          <CardPane
            card={inHand.card}
            names={names}
            isAwaited={heldBy(agent) !== "" && agent.state !== "wrap_up"}
          />
          <ScriptPane card={inHand.card} names={names} />
          <DispositionPane
            agent={agent}
            campaign={campaign}
            chosen={disposed.call === agent.call ? disposed.code : ""}
            isAble={acts.isAble}
            onChoose={choose}
            asked={promising !== "" && promising === agent.call ? CALL_LATER : sale.code}
            onPromise={(promised) => {
              setPromising("");
              acts.dispose(agent.call, CALL_LATER, { callback: promised });
            }}
          />
          {sale.code && canDispose(agent) && (
            <SaleAmount key={agent.call} sale={sale} isAble={acts.isAble} />
          )}
        </div>
        <div className={`${classes.column} ${classes.side}`}>
          {areKeysShown && <KeysPane onClose={() => showKeys(false)} />}
          <WorkPane agent={agent} campaigns={campaigns} acts={acts} />
          <CallbacksPane names={names} acts={acts} />
          <QueuesPane queues={queues} />
          <button type="button" className={classes.help} onClick={() => showKeys((are) => !are)}>
            {t("agent.keysHint")}
          </button>
        </div>
      </div>
    </div>
  );
}

/** The keys of the buttons, each only while its button can be pressed. */
function keysOf(
  agent: AgentView,
  acts: Acts,
  campaign: string,
  choose: (code: string) => void,
): Keys {
  if (!acts.isAble) return {};
  const choices = canDispose(agent) ? dispositionsOf(campaign) : [];
  return {
    r: canBeReady(agent) ? acts.ready : undefined,
    o: acts.signOut,
    e: agent.state === "talking" ? acts.hangUp : undefined,
    ...Object.fromEntries(
      choices.map((choice, index) => [String(index + 1), () => choose(choice.code)]),
    ),
  };
}

function previewKeysOf(preview: string, acts: Acts): Keys {
  if (!acts.isAble || !preview) return {};
  return { d: () => acts.dial(preview), s: () => acts.skip(preview) };
}

function useQueuesOf(agent: AgentView) {
  const queues = useLive("queues", "queues");
  return useMemo(
    () => agent.queues.flatMap((id) => queues?.[id] ?? []),
    [agent.queues, queues],
  );
}
