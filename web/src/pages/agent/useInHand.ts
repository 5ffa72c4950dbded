/** What the agent has in hand: the call, its card, and what became of an offer that came to
 * nothing. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { AgentView, CallView, Card } from "../../api";
import { useCard, useLiveClient, useLiveOne } from "../../live/hooks";
import { heldBy, isCurrent } from "./card";

const UNCONFIRMED_MS_MAX = 2_000; // the agent's state follows a card within 0.1 s
const NOTE_MS = 8_000; // long enough to be read, gone before the next call mostly

export interface InHand {
  /** Also while it is being written up, as it was last. */
  call: CallView | undefined;
  card: Card | null;
  /** The last offer went away before the agent could take it. */
  isGone: boolean;
}

export function useInHand(agent: AgentView): InHand {
  const client = useLiveClient();
  const call = useLastCall(agent);
  const last = useCard();
  const [expired, setExpired] = useState(0);
  const [confirmed, setConfirmed] = useState("");
  const held = heldBy(agent);
  // Once the state has spoken of the call, it is the state that says when it is over.
  if (held && held !== confirmed) setConfirmed(held);
  const stateAt = last?.call === confirmed ? Infinity : (client.store.get("me")?.at ?? 0);
  const card =
    last && last.seq !== expired && isCurrent(last, agent, stateAt) ? last : null;
  const isConfirmed = card?.call === held;

  // An offer taken back at once changes nothing in the agent's state, so no frame follows.
  useEffect(() => {
    if (!card || isConfirmed) return undefined;
    const timer = setTimeout(() => setExpired(card.seq), UNCONFIRMED_MS_MAX);
    return () => clearTimeout(timer);
  }, [card, isConfirmed]);

  useShown(card);
  const isGone = useGone(agent, card);
  return useMemo(() => ({ call, card, isGone }), [call, card, isGone]);
}

/** The agent's call; when it is over, as it was last seen. */
function useLastCall(agent: AgentView): CallView | undefined {
  const call = useLiveOne("me", "call");
  const [last, setLast] = useState(call);
  if (call && call !== last) setLast(call);
  return last?.id === agent.call ? last : undefined;
}

/** Tell the server once that a call's card was painted. */
function useShown(card: Card | null): void {
  const client = useLiveClient();
  const call = card?.call;
  useLayoutEffect(() => {
    if (!call) return;
    // The frame's callbacks run before it is painted, what they put behind themselves after it.
    requestAnimationFrame(() => setTimeout(() => client.tellShown(call)));
  }, [client, call]);
}

/** Whether the offer on the screen went away before it became a conversation; for a while. */
function useGone(agent: AgentView, card: Card | null): boolean {
  const inHand = agent.call || (card && !card.preview ? card.call : "");
  const talked = agent.state === "talking" || agent.state === "wrap_up";
  const before = useRef({ call: "", talked: false });
  const [gone, setGone] = useState(false);
  useEffect(() => {
    const was = before.current;
    const isSame = was.call === inHand;
    before.current = { call: inHand, talked: talked || (isSame && was.talked) };
    if (isSame) return;
    setGone(was.call !== "" && !was.talked && inHand === "");
  }, [inHand, talked]);
  useEffect(() => {
    if (!gone) return undefined;
    const timer = setTimeout(() => setGone(false), NOTE_MS);
    return () => clearTimeout(timer);
  }, [gone]);
  return gone;
}
