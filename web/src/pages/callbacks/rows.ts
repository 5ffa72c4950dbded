/** Callbacks as rows of the table: what is late, whose they are, and which are wanted. */

import type { CallbackView } from "../../api";

/** Who promised is given so long before it is late, as the center gives the agent who promised it
 * (OWN_FOR_S in callcenter/domain/callback.py). */
export const LATE_S = 900;

export type Stand = CallbackView["state"] | "overdue";

export interface Row {
  callback: CallbackView;
  /** Empty: no list and no directory has one. */
  name: string;
  stand: Stand;
}

/** `now`: UTC seconds. */
export function standOf(callback: CallbackView, now: number): Stand {
  const late = callback.own_until || callback.at + LATE_S;
  return callback.state === "due" && now >= late ? "overdue" : callback.state;
}

/** Nobody in particular is to call. */
export const ANYBODY = ":anybody";

export interface Filter {
  /** An agent's login, `ANYBODY`, or empty: all. */
  agent: string;
  /** As `sourceOf` names it; empty: all. */
  source: string;
  overdue: boolean;
}

/** Where a callback comes from, as one word: a queue and a campaign may have the same name. */
export function sourceOf({ queue, campaign }: CallbackView): string {
  return queue ? `queue:${queue}` : `campaign:${campaign}`;
}

export function isWanted({ callback, stand }: Row, filter: Filter): boolean {
  const agent = callback.agent || ANYBODY;
  return (
    (filter.agent === "" || filter.agent === agent) &&
    (filter.source === "" || filter.source === sourceOf(callback)) &&
    (!filter.overdue || stand === "overdue")
  );
}

/** The earliest first. */
export function rowsOf(
  callbacks: Readonly<Record<string, CallbackView>>,
  names: Readonly<Record<string, string>>,
  now: number,
): Row[] {
  return Object.values(callbacks)
    .map((callback) => ({
      callback,
      name: names[callback.id] ?? "",
      stand: standOf(callback, now),
    }))
    .toSorted((a, b) => a.callback.at - b.callback.at || a.callback.id.localeCompare(b.callback.id));
}
