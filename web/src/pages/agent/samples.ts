/** An agent, a call and a card for tests, with what the test is about put in. */

import type { AgentView, CallView, Card, QueueView } from "../../api";

export const NOW = 1_800_000_000; // UTC seconds

export function agentWith(changed: Partial<AgentView> = {}): AgentView {
  return {
    id: "ana",
    state: "ready",
    since: NOW - 60,
    reason: "",
    wish: null,
    wish_reason: "",
    seniority: "senior",
    team: "",
    skills: {},
    queues: ["cards"],
    pbx: "main",
    phone: "1001",
    call: "",
    idle_since: NOW - 60,
    desktops: 1,
    campaign: "",
    campaigns: changed.campaign ? [changed.campaign] : [],
    line: "none",
    wrap_up_ends_at: 0,
    preview: null,
    dialing: "",
    dial_state: null,
    dialed_in_vain: null,
    ...changed,
  };
}

export function callWith(changed: Partial<CallView> = {}): CallView {
  return {
    id: "c1",
    state: "connected",
    place: "bridge",
    arrived_at: NOW - 50,
    caller_number: "+3545552001",
    dialed_number: "5550100",
    customer: "K1",
    tier: "gold",
    flow: "service",
    node: "",
    choices: [],
    queue: "cards",
    queued_at: NOW - 45,
    offers: 1,
    agent: "ana",
    answered_at: NOW - 50,
    connected_at: NOW - 5,
    overflowed: false,
    via_fallback: false,
    rule: "",
    rules_version: 0,
    weight: 1,
    intent: "",
    campaign: "",
    attempt: "",
    returned: "",
    contact: "",
    ...changed,
  };
}

export function cardWith(changed: Partial<Card> = {}): Card {
  return {
    type: "card",
    call: "c1",
    customer: "K1",
    number: "+3545552001",
    tier: "gold",
    queue: "cards",
    campaign: "",
    contact: "",
    preview: false,
    returned: false,
    waited_s: 40,
    seq: 1,
    at: NOW,
    complete: true,
    again: false,
    card: {
      id: "K1",
      name: "Anna Berg",
      tier: "gold",
      numbers: ["+3545552001"],
      value: 48_000,
      since: "2004-03-01",
      notes: "prefers mornings",
    },
    ...changed,
  };
}

export function queueWith(changed: Partial<QueueView> = {}): QueueView {
  return {
    id: "cards",
    waiting: 3,
    waiting_by_tier: { gold: 1, silver: 0, standard: 2 },
    longest_waiting_since: NOW - 41,
    offered: 0,
    connected: 0,
    in_fallback: 0,
    callbacks: 0,
    signed_in: 1,
    ready: 1,
    ringing: 0,
    talking: 0,
    wrap_up: 0,
    not_ready: 0,
    today: { answered: 0, in_time: 0, abandoned: 0, service_level: 1, target_s: 20 },
    switch: null,
    ...changed,
  };
}
