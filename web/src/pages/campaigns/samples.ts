/** A campaign for tests, with what the test is about put in. */

import type { CampaignView } from "../../api";

export const NOW = 1_800_000_000; // UTC seconds

export function campaignWith(changed: Partial<CampaignView> = {}): CampaignView {
  return {
    id: "renewals",
    name: "Card renewals",
    state: "paused",
    since: NOW - 600,
    changed_by: "max",
    silence: "Paused by max.",
    silence_code: "paused",
    dialing: 1,
    ringing: 2,
    screening: 0,
    waiting: 0,
    talking: 3,
    dropping: 0,
    agents: 4,
    agents_ready: 0,
    agents_talking: 3,
    agents_wrap_up: 1,
    lines_open: 4,
    placed: 120,
    people: 60,
    results: { connected: 50, dropped: 1, busy: 20 },
    drop_rate: 1 / 60,
    hopper: 9,
    counts: {
      at: NOW - 5,
      total: 400,
      due: 250,
      later: 30,
      next_due_at: NOW + 60,
      closed: 0,
      opens_at: 0,
      done: 100,
      used_up: 20,
    },
    settings: {
      id: "renewals",
      name: "Card renewals",
      pbx: "main",
      trunk: "carrier",
      caller_id: "",
      lines_per_agent: 1,
      max_lines: 100,
      ring_s: 25,
      amd: true,
      harbour_wait_s: 1,
      harbour_prompt: "safe-harbour",
      window: { opens: 540, closes: 1200, weekdays: [0, 1, 2, 3, 4] },
      retries: {},
      wrap_up_s: 30,
      trunks: [],
      caller_ids: [],
      list_caller_ids: {},
    },
    ...changed,
  };
}
