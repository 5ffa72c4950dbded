import { act } from "react";
import { beforeEach, describe, expect, it } from "vitest";

import type { AgentView, CallView, CampaignView, QueueView, Role } from "../../api";
import { SessionProvider } from "../../app/session";
import { click, eventually, fakeLive, fakeServer, json, problem, show } from "../../testing";
import { agentsInOrder, countAgents, countToday, countWaiting, waitingCalls } from "./figures";
import { explained, routingWith, waitingWith } from "./samples";
import BoardPage from ".";

const NOW = 10_000;

const agent = (id: string, changes: Partial<AgentView> = {}): AgentView => ({
  id,
  state: "ready",
  since: NOW - 60,
  reason: "",
  wish: null,
  wish_reason: "",
  seniority: "junior",
  team: "",
  skills: {},
  queues: ["service"],
  pbx: "main",
  phone: "1001",
  call: "",
  idle_since: 0,
  desktops: 1,
  campaign: "",
  campaigns: [],
  line: "none",
  wrap_up_ends_at: 0,
  preview: null,
  dialing: "",
  dial_state: null,
  dialed_in_vain: null,
  ...changes,
});

const call = (id: string, changes: Partial<CallView> = {}): CallView => ({
  id,
  state: "waiting",
  place: "hold",
  arrived_at: NOW - 40,
  caller_number: "+15551234567",
  dialed_number: "+15550000000",
  customer: "",
  tier: "standard",
  flow: "main",
  node: "",
  choices: [],
  queue: "service",
  queued_at: NOW - 30,
  offers: 0,
  agent: "",
  answered_at: 0,
  connected_at: 0,
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
  ...changes,
});

const queue = (id: string, changes: Partial<QueueView> = {}): QueueView => ({
  id,
  waiting: 0,
  waiting_by_tier: { gold: 0, silver: 0, standard: 0 },
  longest_waiting_since: 0,
  offered: 0,
  connected: 0,
  in_fallback: 0,
  signed_in: 0,
  ready: 0,
  ringing: 0,
  talking: 0,
  wrap_up: 0,
  not_ready: 0,
  callbacks: 0,
  today: { answered: 0, in_time: 0, abandoned: 0, service_level: 1, target_s: 20 },
  switch: null,
  ...changes,
});

// Only what the board shows of it.
const campaign = (changes: Partial<CampaignView>) =>
  ({
    id: "spring",
    name: "Spring renewals",
    state: "running",
    silence: "",
    silence_code: "",
    dialing: 0,
    ringing: 0,
    talking: 0,
    agents: 3,
    agents_ready: 0,
    agents_talking: 0,
    agents_wrap_up: 0,
    results: {},
    drop_rate: 0,
    counts: { closed: 0 },
    settings: { pbx: "main", trunk: "carrier" },
    ...changes,
  }) as CampaignView;

const byId = <T extends { id: string }>(...entries: T[]): Record<string, T> =>
  Object.fromEntries(entries.map((entry) => [entry.id, entry]));

describe("the figures", () => {
  it("count as waiting whoever has no agent yet, the longest first", () => {
    const calls = byId(
      call("new", { queued_at: NOW - 5, tier: "gold" }),
      call("offered", { state: "offered", queued_at: NOW - 50 }),
      call("talking", { state: "connected", queued_at: NOW - 500 }),
      call("menu", { state: "in_ivr", queued_at: 0 }),
      call("dialed", { queue: "", queued_at: 0, arrived_at: NOW - 6, campaign: "spring" }),
    );

    const waiting = waitingCalls(calls);

    expect(waiting.map(({ id }) => id)).toEqual(["offered", "dialed", "new"]);
    expect(countWaiting(waiting)).toEqual({
      count: 3,
      byTier: { gold: 1, silver: 0, standard: 2 },
      since: NOW - 50,
      longest: calls.offered,
    });
    expect(countWaiting([])).toMatchObject({ count: 0, since: 0, longest: undefined });
  });

  it("list agents by who can be reached first", () => {
    const agents = byId(
      agent("out", { state: "signed_out" }),
      agent("busy", { state: "talking" }),
      agent("short", { since: NOW - 1 }),
      agent("long", { since: NOW - 99 }),
    );

    expect(agentsInOrder(agents, false).map(({ id }) => id)).toEqual(["long", "short", "busy"]);
    expect(agentsInOrder(agents, true).map(({ id }) => id).at(-1)).toBe("out");
    expect(countAgents(agents)).toMatchObject({ ready: 2, talking: 1, signed_out: 1, wrap_up: 0 });
  });
});

describe("the day", () => {
  const today = (answered: number, in_time: number, abandoned: number, target_s = 20) => ({
    today: { answered, in_time, abandoned, service_level: 0, target_s },
  });

  it("is counted over all queues: the mean of levels would weigh a quiet queue too much", () => {
    const queues = byId(queue("busy", today(90, 60, 10)), queue("quiet", today(1, 1, 0)));

    expect(countToday(queues)).toEqual({
      answered: 91,
      inTime: 61,
      abandoned: 10,
      serviceLevel: 61 / 101,
      targetS: 20,
    });
  });

  it("has no level before the first call, and no common target where queues differ", () => {
    expect(countToday(byId(queue("service")))).toMatchObject({ serviceLevel: null, targetS: 20 });
    expect(countToday(byId(queue("a"), queue("b", today(1, 1, 0, 30)))).targetS).toBeNull();
    expect(countToday({})).toMatchObject({ serviceLevel: null, targetS: null });
  });
});

describe("the board", () => {
  beforeEach(() => localStorage.setItem("language", "en"));

  async function board(
    data: Record<string, Record<string, unknown>>,
    answers: Parameters<typeof fakeServer>[0] = {},
    role: Role = "auditor",
  ) {
    const live = fakeLive({ now: () => NOW * 1000 });
    live.client.start();
    const asked = fakeServer({
      "GET /api/v1/me": () =>
        json({ account: "sam", name: "Sam", roles: [role], agent: null, token: "" }),
      ...answers,
    });
    const place = await show(
      <SessionProvider>
        <BoardPage />
      </SessionProvider>,
      live.client,
    );
    await act(async () => live.socket.greet("run-1", NOW));
    const say = (type: string, seq: number, changes: object) =>
      act(async () => live.socket.say({ type, topic: "board", seq, at: NOW, data: changes }));
    const sections = { queues: {}, agents: {}, calls: {}, links: {}, campaigns: {}, mishaps: {} };
    const table = (label: string) =>
      [...place.querySelectorAll(`table[aria-label="${label}"] tbody tr`)].map((row) =>
        [...row.children].map((cell) => cell.textContent),
      );
    return { ...live, place, asked, say, table, snapshot: () => say("snapshot", 1, { ...sections, ...data }) };
  }

  it("waits for the first snapshot", async () => {
    const { place, snapshot } = await board({});
    expect(place.querySelector("[role=status]")).not.toBeNull();
    expect(place.querySelector("table")).toBeNull();

    await snapshot();

    expect(place.textContent).toContain("Nobody waits.");
  });

  it("shows who waits, who works and which campaigns run", async () => {
    const { place, table, snapshot } = await board({
      queues: byId(
        queue("service", {
          waiting: 1,
          waiting_by_tier: { gold: 1 },
          longest_waiting_since: NOW - 30,
          ready: 2,
          talking: 1,
          today: { answered: 8, in_time: 6, abandoned: 2, service_level: 0.6, target_s: 20 },
        }),
      ),
      calls: byId(
        call("w1", { tier: "gold" }),
        call("t1", { state: "connected", agent: "ana", caller_number: "" }),
      ),
      agents: byId(
        agent("ana", { state: "talking", call: "t1", wish: "not_ready" }),
        agent("ben", { state: "not_ready", reason: "missed", campaign: "spring" }),
      ),
      campaigns: byId(
        campaign({
          dialing: 2,
          results: { dropped: 3 },
          drop_rate: 0.0312,
          silence: "12 are due.",
          silence_code: "nobody_ready",
        }),
      ),
    });
    await snapshot();

    expect(place.textContent).toContain("Service level today60%6 of 10 within 0:20");
    expect(place.textContent).toContain("Abandoned today2of 10 calls");
    expect(table("Queues")).toEqual([
      ["service", "1", "1", "0", "0", "0:30", "60%", "2", "0", "1", "0", "0"],
    ]);
    expect(table("Waiting calls")).toEqual([
      ["Gold", "+1 555 123 4567", "0:30", "Waiting", "service"],
    ]);
    expect(table("Agents")).toEqual([
      ["Talkingthen Not ready", "1:00", "ana", "Junior", "withheld", "service"],
      ["Not readycall missed", "1:00", "ben", "Junior", "", "Spring renewals"],
    ]);
    expect(table("Campaigns")).toEqual([
      [
        "Spring renewals",
        "Running",
        "2",
        "0",
        "0",
        "0",
        "3",
        "3.12%",
        "No agent is ready; at work: 3.",
      ],
    ]);
  });

  it("counts the other campaigns of an agent, and says so of one whose agents are lent", async () => {
    const { table, snapshot } = await board({
      agents: byId(agent("ana", { campaign: "spring", campaigns: ["spring", "autumn"] })),
      campaigns: byId(campaign({ id: "autumn", agents_elsewhere: 1, silence: ".", silence_code: "no_agents" })),
    });
    await snapshot();

    expect(table("Agents")[0]?.at(-1)).toBe("spring+1");
    expect(table("Campaigns")[0]?.at(-1)).toContain("counted on by other campaigns now; shared: 1.");
  });

  it("follows what changes", async () => {
    const { table, snapshot, say } = await board({ agents: byId(agent("ana"), agent("ben")) });
    await snapshot();

    await say("delta", 2, { agents: { ana: agent("ana", { state: "ringing" }), ben: null } });

    expect(table("Agents").map(([state, , id]) => [state, id])).toEqual([["Ringing", "ana"]]);
  });

  it("raises an alarm for a PBX out of reach, until it is back", async () => {
    const { place, snapshot, say } = await board({ links: { main: true, branch: false } });
    await snapshot();
    expect(place.querySelector("[role=alert]")?.textContent).toContain("the PBX branch");

    await say("delta", 2, { links: { branch: true } });

    expect(place.querySelector("[role=alert]")).toBeNull();
  });

  it("tells what was repaired today, by kind, when the figure is clicked", async () => {
    const mishap = (which: string, kind: string, count: number) => {
      const id = `${which}:${kind}`;
      return { [id]: { id, mishap: which, kind, count } };
    };
    const { place, snapshot, say } = await board({});
    await snapshot();
    expect(place.textContent).not.toContain("Repairs today");

    const mishaps = {
      ...mishap("repair", "offer_gone", 1),
      ...mishap("repair", "call_gone", 2),
      ...mishap("fault", "impossible_call", 1),
    };
    await say("delta", 2, { mishaps });
    const figure = [...place.querySelectorAll("button")].find((button) =>
      button.textContent?.startsWith("Repairs today: 3, faults: 1"),
    );
    await act(async () => figure?.click());

    const rows = (label: string) =>
      [...document.querySelectorAll(`table[aria-label="${label}"] tr`)].map((row) =>
        [...row.children].map((cell) => cell.textContent),
      );
    expect(rows("Repaired by itself today")).toEqual([
      ["A call had ended without our being told.", "2"],
      ["A phone that was to ring had lost its call.", "1"],
    ]);
    expect(rows("Faults today")).toEqual([["impossible_call", "1"]]);
  });

  it("is greyed while the connection is lost, with the last known state", async () => {
    const { place, snapshot, sockets } = await board({ agents: byId(agent("ana")) });
    await snapshot();

    await act(async () => sockets[0]?.drop());

    expect(place.querySelector("[data-stale]")?.textContent).toContain("ana");
  });

  const WHY = "GET /api/v1/calls/c1/routing";
  const drawer = () => document.querySelector("[role=dialog]");
  const byText = (text: string) =>
    [...document.querySelectorAll("button, label")].find((one) => one.textContent === text) ?? null;

  async function openRow(place: Element, label: string) {
    const row = place.querySelector<HTMLElement>(`table[aria-label="${label}"] tbody tr`);
    await act(async () => row?.click());
  }

  it("says why a call still waits and what comes next, beside the board", async () => {
    const waits = waitingWith({ next: [[NOW + 12, "step_widens"]] });
    const routing = explained({
      steps: [{ after_s: 42, skills: {}, holds_now: false }],
      waiting: waits,
    });
    const { place, snapshot } = await board({ calls: byId(call("c1")) }, {
      [WHY]: () => json(routing),
    });
    await snapshot();

    await openRow(place, "Waiting calls");

    await eventually(() => {
      const said = drawer()?.textContent ?? "";
      expect(said).toContain("All 3 agents who may take it are at work.");
      expect(said).toContain("0:12Any agent of the queue may take it.");
      expect(said).toContain("by the rule “German speakers”, version 4");
      expect(said).toContain("time.open");
      expect(said).toContain("at workana, ben and others");
      expect(said).not.toContain("Priority"); // an auditor only looks
    });
  });

  it("lets a supervisor change a waiting call's priority at once", async () => {
    let weight = 1;
    const { place, asked, snapshot } = await board(
      { calls: byId(call("c1")) },
      {
        [WHY]: () => json(explained({ weight })),
        "POST /api/v1/calls/c1/priority": () => {
          weight = 2;
          return json(call("c1"));
        },
      },
      "supervisor",
    );
    await snapshot();
    await openRow(place, "Waiting calls");
    await eventually(() => expect(drawer()?.textContent).toContain("Priority of this call"));

    await click(byText("twice"));

    await eventually(() => {
      expect(asked.filter(({ operation }) => operation === WHY).length).toBeGreaterThan(1);
      expect(drawer()?.querySelector<HTMLInputElement>("input:checked")?.value).toBe("2");
    });
    expect(asked.find(({ operation }) => operation.includes("priority"))?.body).toEqual({
      weight: 2,
    });
  });

  it("says why this agent has a call, and nothing of agents without one", async () => {
    const decision = {
      agent: "ana",
      offered_at: NOW - 20,
      reason: "senior",
      score: [5, 0.2, 1.5, 240, 0.0375],
    };
    const { place, snapshot } = await board(
      {
        agents: byId(agent("ana", { state: "talking", call: "c1" }), agent("ben")),
        calls: byId(call("c1", { state: "connected", agent: "ana" })),
      },
      {
        [WHY]: () =>
          json({ live: { ...routingWith({ waiting: null, state: "connected" }), decision }, ended: null }),
      },
    );
    await snapshot();
    const opens = [...place.querySelectorAll('table[aria-label="Agents"] tbody tr')].map(
      (row) => (row as HTMLElement).tabIndex === 0,
    );
    expect(opens).toEqual([false, true]);

    await act(async () =>
      place.querySelector<HTMLElement>('table[aria-label="Agents"] tbody tr:last-child')?.click(),
    );

    await eventually(() => {
      const said = drawer()?.textContent ?? "";
      expect(said).toContain("Why ana");
      expect(said).toContain("The call is worth a senior, and one was free.");
      expect(said).toContain("Expected time with the agent4:00");
    });
  });

  it("says of a call that is over what is on record, or that nothing is", async () => {
    const { place, snapshot } = await board({ calls: byId(call("c1")) }, {
      [WHY]: () => problem(404, "not-found"),
    });
    await snapshot();

    await openRow(place, "Waiting calls");

    await eventually(() => expect(drawer()?.textContent).toContain("nothing is on record"));
  });

  it("closes a queue with two clicks, says what that does to whom, and ends it with one", async () => {
    const path = "/api/v1/queues/service/switch";
    const { place, asked, snapshot, say } = await board(
      { queues: byId(queue("service", { waiting: 3 }), queue("cards")) },
      {
        [`GET ${path}`]: () => json({ queue: "service", switch: null, prompts: ["closed"] }),
        [`POST ${path}`]: () => json({ queue: "service", switch: null, prompts: [] }),
        [`DELETE ${path}`]: () => json({ queue: "service", switch: null, prompts: [] }),
      },
      "supervisor",
    );
    await snapshot();

    await click(place.querySelector('[aria-label="Emergency switch of queue service"]'));
    await eventually(() =>
      expect(drawer()?.textContent).toContain("The 3 callers who wait are still answered."),
    );
    await act(async () => byText("Close the queue")?.closest("form")?.requestSubmit());

    const sent = asked.find(({ operation }) => operation === `POST ${path}`);
    expect(sent?.body).toEqual({ mode: "closed", for_s: 1800, prompt: "closed" });
    const on = { mode: "closed", until: NOW + 1800, prompt: "closed" } as const;
    await say("delta", 2, { queues: { service: queue("service", { switch: on }) } });
    expect(place.textContent).toContain("Queue service is closed until");
    expect(place.textContent).toContain("30:00 left");

    await click(place.querySelector('[aria-label^="End the emergency switch"]'));

    expect(asked.at(-1)?.operation).toBe(`DELETE ${path}`);
    await say("delta", 3, { queues: { service: queue("service") } });
    expect(place.textContent).not.toContain("is closed until");
  });

  it("has no switch for who only looks", async () => {
    const { place, snapshot } = await board({ queues: byId(queue("service")) });

    await snapshot();

    expect(place.querySelector('[aria-label^="Emergency switch"]')).toBeNull();
  });
});
