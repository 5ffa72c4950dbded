/** What the tiles and tables show, computed from the live sections. */

import type {
  AgentState,
  AgentView,
  CallView,
  Mishap,
  MishapView,
  QueueToday,
  QueueView,
  Tier,
} from "../../api";
import type { Entries } from "../../live/frames";
import { AGENT_STATES_IN_ORDER } from "../../theme/states";

export const TIERS: Tier[] = ["gold", "silver", "standard"];

const WAITS = new Set(["waiting", "offered", "in_fallback"]);

/** Calls that wait for an agent, the longest first. */
export function waitingCalls(calls: Entries<CallView>): CallView[] {
  return Object.values(calls)
    .filter((call) => WAITS.has(call.state))
    .toSorted((a, b) => waitsSince(a) - waitsSince(b));
}

/** Since when a call waits: in its queue, or since it came while it has none. */
export function waitsSince(call: CallView): number {
  return call.queued_at || call.arrived_at;
}

export interface Waiting {
  count: number;
  byTier: Record<Tier, number>;
  /** When the first of them began to wait; 0: nobody waits. */
  since: number;
  /** That one; undefined: nobody waits. */
  longest: CallView | undefined;
}

export function countWaiting(calls: readonly CallView[]): Waiting {
  const byTier: Record<Tier, number> = { gold: 0, silver: 0, standard: 0 };
  for (const call of calls) byTier[call.tier] += 1;
  const first = calls[0];
  return {
    count: calls.length,
    byTier,
    since: first ? waitsSince(first) : 0,
    longest: first,
  };
}

export type AgentCounts = Record<AgentState, number>;

export function countAgents(agents: Entries<AgentView>): AgentCounts {
  const counts = Object.fromEntries(AGENT_STATES_IN_ORDER.map((s) => [s, 0])) as AgentCounts;
  for (const agent of Object.values(agents)) counts[agent.state] += 1;
  return counts;
}

/** Who can be reached first, and among those who has been in the state longest. */
export function agentsInOrder(agents: Entries<AgentView>, signedOutToo: boolean): AgentView[] {
  const rank = (agent: AgentView) => AGENT_STATES_IN_ORDER.indexOf(agent.state);
  return Object.values(agents)
    .filter((agent) => signedOutToo || agent.state !== "signed_out")
    .toSorted((a, b) => rank(a) - rank(b) || a.since - b.since || a.id.localeCompare(b.id));
}

export interface Today {
  answered: number;
  inTime: number;
  abandoned: number;
  /** Calls answered in time of all answered and abandoned; null: nobody has called. */
  serviceLevel: number | null;
  /** Seconds that are "in time"; null: queues differ. */
  targetS: number | null;
}

/** What all queues together have done since midnight. */
export function countToday(queues: Entries<QueueView>): Today {
  const all = Object.values(queues).map((queue) => queue.today);
  const sum = (of: (today: QueueToday) => number) => all.reduce((n, today) => n + of(today), 0);
  const answered = sum((today) => today.answered);
  const inTime = sum((today) => today.in_time);
  const abandoned = sum((today) => today.abandoned);
  const targets = new Set(all.map((today) => today.target_s));
  return {
    answered,
    inTime,
    abandoned,
    serviceLevel: answered + abandoned > 0 ? inTime / (answered + abandoned) : null,
    targetS: targets.size === 1 ? ([...targets][0] ?? null) : null,
  };
}

/** One sort of mishaps, the most frequent first. */
export function mishapsOf(mishaps: Entries<MishapView>, which: Mishap): MishapView[] {
  return Object.values(mishaps)
    .filter(({ mishap }) => mishap === which)
    .toSorted((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
}

/** How many repairs and faults there were. */
export function countMishaps(mishaps: Entries<MishapView>): Record<Mishap, number> {
  const counts: Record<Mishap, number> = { repair: 0, fault: 0 };
  for (const { mishap, count } of Object.values(mishaps)) counts[mishap] += count;
  return counts;
}

/** Queues in the order of the settings, which is the order they come in. */
export function queuesInOrder(queues: Entries<QueueView>): QueueView[] {
  return Object.values(queues);
}
