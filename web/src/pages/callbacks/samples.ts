/** A callback for tests, with what the test is about put in. */

import type { CallbackView } from "../../api";

export const NOW = 1_800_000_000; // UTC seconds

export function callbackWith(changed: Partial<CallbackView> = {}): CallbackView {
  return {
    id: "cb-1",
    state: "planned",
    at: NOW + 600,
    created_at: NOW - 60,
    origin: "disposition",
    by: "ana",
    campaign: "renewals",
    contact: "7",
    queue: "",
    number: "+3545550007",
    customer: "",
    tier: "standard",
    agent: "ana",
    own_until: NOW + 1500,
    tries: 0,
    ...changed,
  };
}
