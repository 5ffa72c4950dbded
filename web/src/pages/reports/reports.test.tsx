import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { act } from "react";

import type { AgentRow, CampaignRow, QueueRow, TeamRow } from "../../api";
import { click, eventually, fakeServer, json, problem, show, type } from "../../testing";
import Reports from "./index";
import { beginOf, boundsOf, dayOf, zoneHere } from "./period";
import { fileOf, queryOf } from "./wanted";
import type { Wanted } from "./wanted";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

const TODAY = dayOf(Date.now());
const BOUNDS = boundsOf({ first: TODAY, last: TODAY }) ?? { from: 0, to: 0 };
const WANTED: Wanted = {
  kind: "queues",
  ...BOUNDS,
  step: "1h",
  zone: zoneHere(),
  formula: "answered_and_abandoned",
  only: "",
};

const QUEUE: QueueRow = {
  queue: "service",
  begin: BOUNDS.from,
  end: BOUNDS.from + 3600,
  offered: 12,
  answered: 9,
  abandoned: 3,
  short_abandons: 1,
  lost: 0,
  in_time: 6,
  service_level: 0.5,
  asa_s: 14,
  aht_s: 185,
  wait_s: 126,
  longest_wait_s: 61,
  talk_s: 1500,
  wrap_up_s: 165,
  dispositions: { callback: 2, solved: 7 },
};
const AGENT: AgentRow = {
  agent: "ana",
  begin: BOUNDS.from,
  end: BOUNDS.from + 3600,
  signed_in_at: 0,
  signed_out_at: 0,
  signed_in_s: 3600,
  ready_s: 900,
  offered_s: 100,
  talk_s: 1700,
  wrap_up_s: 300,
  not_ready_s: 600,
  not_ready: { lunch: 600 },
  occupancy: 2 / 3,
  offers: 10,
  missed: 1,
  conversations: 9,
  aht_s: 222,
  dispositions: {},
};
const TEAM: TeamRow = {
  team: "north",
  begin: BOUNDS.from,
  end: BOUNDS.from + 3600,
  agents: 3,
  signed_in_s: 10_800,
  ready_s: 2700,
  offered_s: 300,
  talk_s: 5100,
  wrap_up_s: 900,
  not_ready_s: 1800,
  not_ready: { lunch: 1800 },
  occupancy: 2 / 3,
  offers: 30,
  missed: 3,
  conversations: 27,
  aht_s: 222,
  dispositions: { solved: 20 },
};
const CAMPAIGN: CampaignRow = {
  campaign: "renewals",
  begin: BOUNDS.from,
  end: BOUNDS.from + 3600,
  attempts: 40,
  people: 10,
  connected: 9,
  dropped: 1,
  drop_rate: 0.1,
  asa_s: null,
  longest_wait_s: 0,
  in_time: 0,
  in_time_share: null,
  wait_p50_s: null,
  wait_p95_s: 0.912,
  aht_s: 60,
  wait_s: 0,
  talk_s: 500,
  wrap_up_s: 40,
  results: { connected: 9, busy: 30, dropped: 1 },
  dispositions: {},
  returns_offered: 6,
  returns_answered: 4,
  returns_opted_out: 1,
};

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

function pathOf(wanted: Wanted): string {
  const query: Record<string, string | number> = { ...queryOf(wanted) };
  if (wanted.kind === "queues") query.formula = wanted.formula;
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return `GET /api/v1/reports/${wanted.kind}?${new URLSearchParams(pairs)}`;
}

const reportOf = <Row,>(row: Row) => json({ rows: [row], totals: [row], total: row, zone: "UTC" });

const rowsOf = (place: Element, label: string) =>
  [...place.querySelectorAll(`table[aria-label="${label}"] tbody tr`)].map((row) =>
    [...row.querySelectorAll("td")].map((cell) => cell.textContent),
  );

async function choose(place: Element, label: string, value: string): Promise<void> {
  const inputs = [...place.querySelectorAll("select")];
  const select = inputs.find((one) => one.labels?.[0]?.textContent === label);
  if (!select) throw new Error(`there is no choice of ${label}`);
  await act(async () => {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function field(place: Element, label: string): Element | null {
  const inputs = [...place.querySelectorAll("input")];
  return inputs.find((one) => one.labels?.[0]?.textContent === label) ?? null;
}

describe("the reports page", () => {
  it("shows today's calls by queue and hour, with totals", async () => {
    fakeServer({ [pathOf(WANTED)]: () => reportOf(QUEUE) });

    const place = await show(<Reports />);

    await eventually(() => expect(rowsOf(place, "Totals")).toHaveLength(1));
    expect(rowsOf(place, "Totals")[0]).toEqual([
      "service", "12", "9", "3", "1", "0", "50%", "0:14", "3:05", "1:01", "solved 7 · callback 2",
    ]);
    expect(rowsOf(place, "By interval")[0]?.[0]).toContain("00:00");
    expect(place.querySelectorAll('td[title="solved 7 · callback 2"]')).toHaveLength(2);
    expect(place.textContent).toContain(`Times in ${zoneHere()}`);
  });

  it("asks by another formula", async () => {
    const other = { ...WANTED, formula: "offered" } as const;
    fakeServer({
      [pathOf(WANTED)]: () => reportOf(QUEUE),
      [pathOf(other)]: () => reportOf({ ...QUEUE, service_level: 0.25 }),
    });
    const place = await show(<Reports />);

    await choose(place, "Service level", "offered");

    await eventually(() => expect(rowsOf(place, "Totals")[0]).toContain("25%"));
  });

  it("shows agents' time cards and campaigns", async () => {
    fakeServer({
      [pathOf(WANTED)]: () => reportOf(QUEUE),
      [pathOf({ ...WANTED, kind: "agents" })]: () => reportOf(AGENT),
      [pathOf({ ...WANTED, kind: "campaigns" })]: () => reportOf(CAMPAIGN),
    });
    const place = await show(<Reports />);

    await click(place.querySelector("input[value=agents]"));
    await eventually(() => expect(rowsOf(place, "Totals")[0]?.[0]).toBe("ana"));
    expect(rowsOf(place, "Totals")[0]).toContain("66.7%");
    expect(rowsOf(place, "Totals")[0]?.slice(1, 3)).toEqual(["", ""]);

    await click(place.querySelector("input[value=campaigns]"));
    await eventually(() => expect(rowsOf(place, "Totals")[0]?.[0]).toBe("renewals"));
    expect(rowsOf(place, "Totals")[0]).toContain("–");
    expect(rowsOf(place, "Totals")[0]?.slice(-4, -1)).toEqual(["6", "4", "1"]);
    expect(rowsOf(place, "Totals")[0]?.at(-1)).toMatch(/^Busy 30 · Talked with an agent 9/);
  });

  it("shows teams, and the agents who are in none", async () => {
    fakeServer({
      [pathOf(WANTED)]: () => reportOf(QUEUE),
      [pathOf({ ...WANTED, kind: "teams" })]: () =>
        json({ rows: [TEAM], totals: [{ ...TEAM, team: "", agents: 1 }, TEAM], zone: "UTC" }),
      [pathOf({ ...WANTED, kind: "teams", only: "north" })]: () => reportOf(TEAM),
    });
    const place = await show(<Reports />);

    await click(place.querySelector("input[value=teams]"));
    await eventually(() => expect(rowsOf(place, "Totals")).toHaveLength(2));
    expect(rowsOf(place, "Totals")[0]?.slice(0, 2)).toEqual(["no team", "1"]);
    expect(rowsOf(place, "Totals")[1]).toEqual([
      "north", "3", "3:00:00", "45:00", "5:00", "1:25:00", "15:00", "30:00", "66.7%", "27", "3",
      "3:42", "solved 20",
    ]);

    await type(field(place, "Team"), "north");
    await eventually(() => expect(rowsOf(place, "Totals")).toHaveLength(1));
  });

  it("asks for one queue when its name was typed", async () => {
    const asked = fakeServer({
      [pathOf(WANTED)]: () => reportOf(QUEUE),
      [pathOf({ ...WANTED, only: "sales" })]: () =>
        json({ rows: [], totals: [], total: QUEUE, zone: "UTC" }),
    });
    const place = await show(<Reports />);

    await type(field(place, "Queue"), "sales");

    await eventually(() => expect(place.textContent).toContain("Nothing of that name"));
    expect(asked.map(({ operation }) => operation)).toEqual([
      pathOf(WANTED),
      pathOf({ ...WANTED, only: "sales" }),
    ]);
    const link = place.querySelector("a[download]")?.getAttribute("href");
    expect(link).toBe(fileOf({ ...WANTED, only: "sales" }));
    expect(link).toContain("format=csv");
  });

  it("says why there is no report", async () => {
    fakeServer({ [pathOf(WANTED)]: () => problem(422, "invalid") });
    const place = await show(<Reports />);

    await eventually(() => expect(place.textContent).toContain("why: invalid"));
  });

  it("asks for nothing while the days are the wrong way round", async () => {
    fakeServer({ [pathOf(WANTED)]: () => reportOf(QUEUE) });
    const place = await show(<Reports />);

    await type(field(place, "First day"), dayOf(Date.now(), 1));

    expect(place.textContent).toContain("Choose a last day");
    expect(place.querySelector("a[download]")).toBeNull();
  });
});

describe("a period", () => {
  it("ends with the midnight after its last day", () => {
    const bounds = boundsOf({ first: "2026-02-27", last: "2026-02-28" });

    expect(bounds?.from).toBe(new Date(2026, 1, 27).getTime() / 1000);
    expect(bounds?.to).toBe(new Date(2026, 2, 1).getTime() / 1000);
  });

  it("is none without days", () => {
    expect(boundsOf({ first: "", last: "2026-02-28" })).toBeNull();
    expect(boundsOf({ first: "2026-02-28", last: "2026-02-27" })).toBeNull();
  });

  it("names its intervals as long as needed", () => {
    const at = new Date(2026, 2, 5, 9, 30).getTime() / 1000;

    expect(beginOf(at, "15m", "en")).toBe("03/05/2026, 09:30");
    expect(beginOf(at, "day", "en")).toBe("03/05/2026");
    expect(beginOf(at, "month", "en")).toBe("March 2026");
    expect(dayOf(at * 1000, -5)).toBe("2026-02-28");
  });
});
