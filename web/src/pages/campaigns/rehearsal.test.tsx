import { beforeEach, describe, expect, it, vi } from "vitest";

import type { CampaignRehearsalResult, CampaignRehearsalView, Compared } from "../../api";
import { click, eventually, json, problem } from "../../testing";
import { campaignWith } from "./samples";
import { button, open } from "./testing";

vi.setConfig({ testTimeout: 40_000 }); // whole pages, drawn beside other tests on a small machine

const START = "POST /api/v1/campaigns/renewals/rehearsals";
const LOOK = "GET /api/v1/campaigns/renewals/rehearsals/r1";
const CANCEL = "DELETE /api/v1/campaigns/renewals/rehearsals/r1";

const both = (current: number, changed: number): Compared => ({
  current: { mean: current, least: current - 1, most: current + 1 },
  new: { mean: changed, least: changed, most: changed },
  difference: { mean: changed - current, least: changed - current - 0.5, most: changed - current + 0.5 },
});
const nothing: Compared = { current: null, new: null, difference: null };

const RESULT: CampaignRehearsalResult = {
  begin: 0,
  hours: 8,
  seeds: 5,
  agents: 12,
  new_agents: 7,
  cap: 0.03,
  new_cap: 0.01,
  contacts: 4_000,
  figures: {
    occupancy: both(0.8, 0.7),
    talking: both(0.7, 0.6),
    idle_s: both(20, 35),
    dropped: { current: { mean: 0.02, least: 0.01, most: 0.03 }, new: { mean: 0.015, least: null, most: null }, difference: null },
    calls_per_h: both(400, 250),
    reached: both(900, 600),
    tried: both(3000, 2000),
    tried_all_h: both(6, 7.5),
    finished_h: nothing,
  },
  attempts_fitted: 1_200,
  days_fitted: 3,
  notes: ["The list is not worked through."],
};

function view(changed: Partial<CampaignRehearsalView> = {}): CampaignRehearsalView {
  return {
    id: "r1",
    by: "max",
    campaign: "renewals",
    change: {
      agents: null, without: 5, pacing: null, lines_per_agent: null, drop_cap: null, ring_s: null, max_lines: null,
    },
    state: "running",
    started_at: 1_800_000_000,
    ended_at: 0,
    share: 0.5,
    doing: "playing",
    problem: "",
    result: null,
    ...changed,
  };
}

async function openRehearsal(answers: Parameters<typeof open>[2], role?: "manager" | "supervisor") {
  const opened = await open("/campaigns/renewals", [campaignWith()], answers, role);
  await click(opened.place.querySelector('input[value="rehearsal"]'));
  return opened;
}

beforeEach(() => localStorage.setItem("language", "en"));

describe("a campaign's rehearsal", () => {
  it("is asked for with what is to be different, and shows both side by side", async () => {
    let stands = view();
    const { place, asked } = await openRehearsal({ [START]: () => json(view()), [LOOK]: () => json(stands) });
    await click(button("Rehearse"));
    await eventually(() => expect(place.textContent).toContain("Playing the campaign"));

    stands = view({ state: "done", share: 1, result: RESULT });
    await eventually(() => expect(place.querySelector("table")).not.toBeNull());

    expect(asked.find(({ operation }) => operation === START)?.body).toMatchObject({
      seeds: 5,
      hours: 8,
      agents: null,
      without: 0,
    });
    const rows = [...place.querySelectorAll("tbody tr")];
    const row = (name: string) => rows.find((one) => one.textContent?.startsWith(name));
    expect(row("Agents")?.textContent).toBe("Agents127−5");
    expect(row("Busy")?.textContent).toContain("(0.0 to 100.0)"); // no share is above 100 %
    expect(row("Hours until all were dialed")?.textContent).toContain("+1.5");
    expect(row("Hours until all were dialed")?.getAttribute("data-verdict")).toBe("worse");
    expect(row("Hours until the list is done")?.textContent).toContain("not within 8 h");
    expect(row("Dropped")?.textContent).toContain("cap 1 %");
    expect(row("Dropped")?.querySelectorAll("[data-over]").length).toBe(1);
    expect(place.textContent).toContain("The list is not worked through.");
  });

  it("is cancelled, and a refusal is told", async () => {
    let isBusy = true;
    const { place } = await openRehearsal({
      [START]: () => (isBusy ? problem(409, "conflict") : json(view())),
      [LOOK]: () => json(view()),
      [CANCEL]: () => json(view({ state: "cancelled" })),
    });
    await click(button("Rehearse"));
    await eventually(() => expect(place.textContent).toContain("why: conflict"));

    isBusy = false;
    await click(button("Rehearse"));
    await eventually(() => expect(button("Cancel")).not.toBeNull());
    await click(button("Cancel"));
    await eventually(() => expect(place.textContent).toContain("The rehearsal was cancelled."));
  });

  it("is for managers", async () => {
    const { place } = await openRehearsal({}, "supervisor");

    expect(place.textContent).toContain("Nobody is called");
    expect(button("Rehearse")).toBeNull();
  });
});
