/** The routing of a call for tests, with what the test is about put in. */

import type { CallRouting, RoutingExplained, Waiting } from "../../api";

export const SINCE = 10_000; // when the call began to wait, UTC seconds

export function waitingWith(changed: Partial<Waiting> = {}): Waiting {
  return {
    reason: "all_busy",
    position: 2,
    expected_s: 40,
    next: [],
    busy: 3,
    idle: 0,
    hold: null,
    preferred: "",
    ...changed,
  };
}

export function routingWith(changed: Partial<CallRouting> = {}): CallRouting {
  return {
    call: "c1",
    state: "waiting",
    tier: "gold",
    queue: "service",
    asked_queue: "service",
    rule: "German speakers",
    rules_version: 4,
    is_outdated: false,
    treatment: {},
    weight: 1,
    preferred: "",
    attributes: {},
    tried: [
      {
        rule: "at night",
        when: "not time.open",
        holds: false,
        read: { "time.open": true },
        failure: "",
      },
      {
        rule: "German speakers",
        when: 'customer.language == "de"',
        holds: true,
        read: { "customer.language": "de" },
        failure: "",
      },
    ],
    steps: [
      { after_s: 0, skills: { german: 3 }, holds_now: true },
      { after_s: 60, skills: { german: 1 }, holds_now: false },
      { after_s: 120, skills: {}, holds_now: false },
    ],
    waiting: waitingWith(),
    agents: [{ fit: "at_work", seniority: "senior", count: 7, names: ["ana", "ben"] }],
    decision: null,
    ...changed,
  };
}

export function explained(changed: Partial<CallRouting> = {}): RoutingExplained {
  return { live: routingWith(changed), ended: null };
}
