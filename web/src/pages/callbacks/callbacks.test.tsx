import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { CallbackView, Role } from "../../api";
import { SessionProvider } from "../../app/session";
import { click, eventually, fakeLive, fakeServer, json, problem, show, type } from "../../testing";
import { inputOf, momentOfInput } from "../agent/CallbackForm";
import { agentWith } from "../agent/samples";
import { campaignWith } from "../campaigns/samples";
import Page from "./index";
import { isWanted, LATE_S, rowsOf, standOf } from "./rows";
import { callbackWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

const planned = callbackWith({ id: "cb-1", at: NOW + 7200 });
const late = callbackWith({
  id: "cb-2",
  at: NOW - LATE_S - 60,
  own_until: NOW - 60,
  state: "due",
  agent: "ben",
  number: "+3545550008",
});
const ofQueue = callbackWith({
  id: "cb-3",
  at: NOW - 120,
  own_until: 0,
  state: "due",
  origin: "overflow",
  campaign: "",
  contact: "",
  queue: "cards",
  number: "+3545550009",
  agent: "",
});

beforeEach(() => {
  localStorage.clear();
  localStorage.setItem("language", "en");
});

async function open(
  callbacks: CallbackView[],
  answers: Parameters<typeof fakeServer>[0] = {},
  role: Role = "supervisor",
) {
  const asked = fakeServer({
    "GET /api/v1/me": () =>
      json({ account: "sue", name: "Sue", roles: [role], agent: null, token: "" }),
    "GET /api/v1/callbacks": () => json({ callbacks, names: { "cb-1": "Anna Berg" } }),
    ...answers,
  });
  const live = fakeLive();
  live.client.start();
  const place = await show(
    <SessionProvider>
      <Page />
    </SessionProvider>,
    live.client,
  );
  const say = (frame: object) => act(async () => live.socket.say(frame));
  await act(async () => live.socket.greet("run-1", NOW));
  const data = { callbacks: Object.fromEntries(callbacks.map((one) => [one.id, one])) };
  await say({ type: "snapshot", topic: "callbacks", seq: 1, at: NOW, data });
  await say({
    type: "snapshot",
    topic: "board",
    seq: 1,
    at: NOW,
    data: {
      queues: {},
      calls: {},
      links: {},
      mishaps: {},
      agents: { ana: agentWith(), ben: agentWith({ id: "ben" }) },
      campaigns: { renewals: campaignWith() },
    },
  });
  await eventually(() => expect(asked.some(({ operation }) => isMe(operation))).toBe(true));
  return { place, asked, say };
}

const isMe = (operation: string) => operation === "GET /api/v1/me";

function lines(place: Element): string[] {
  return [...place.querySelectorAll("tbody tr")].map((line) => line.textContent);
}

function labelled(label: string): Element | null {
  return document.querySelector(`[aria-label="${label}"]`);
}

function lastButton(text: string): Element | null {
  const all = [...document.querySelectorAll("button")];
  return all.findLast((candidate) => candidate.textContent === text) ?? null;
}

function writes(asked: { operation: string; body: unknown }[]) {
  return asked
    .filter(({ operation }) => !operation.startsWith("GET"))
    .map(({ operation, body }) => [operation, body]);
}

describe("how a callback stands", () => {
  it("is overdue once its own agent has had the time, and nobody is at it", () => {
    expect(standOf(late, NOW)).toBe("overdue");
    expect(standOf(late, NOW - 61)).toBe("due");
    expect(standOf({ ...late, state: "calling" }, NOW)).toBe("calling");
    expect(standOf(ofQueue, NOW)).toBe("due");
    expect(standOf(ofQueue, NOW + LATE_S)).toBe("overdue");
    expect(standOf(planned, NOW)).toBe("planned");
  });

  it("is found by whose it is, where it is from, and whether it is late", () => {
    const all = rowsOf({ a: planned, b: late, c: ofQueue }, {}, NOW);
    const wanted = (agent: string, source: string, overdue: boolean) =>
      all
        .filter((row) => isWanted(row, { agent, source, overdue }))
        .map(({ callback }) => callback.id);

    expect(wanted("", "", false)).toEqual(["cb-2", "cb-3", "cb-1"]);
    expect(wanted("ana", "", false)).toEqual(["cb-1"]);
    expect(wanted(":anybody", "", false)).toEqual(["cb-3"]);
    expect(wanted("", "queue:cards", false)).toEqual(["cb-3"]);
    expect(wanted("", "campaign:renewals", false)).toEqual(["cb-2", "cb-1"]);
    expect(wanted("", "", true)).toEqual(["cb-2"]);
  });
});

describe("the page of callbacks", () => {
  it("lists whom, when, whose and from where, the earliest first", async () => {
    const { place } = await open([planned, late, ofQueue]);

    await eventually(() => expect(place.textContent).toContain("Anna Berg"));
    const [first, second, third] = lines(place);
    expect(first).toContain("Overdue");
    expect(first).toContain("+354 555 0008");
    expect(first).toContain("Card renewals");
    expect(second).toContain("Queue cards");
    expect(second).toContain("Anybody");
    expect(third).toContain("Waiting");
    expect(place.textContent).toContain("3 of 3 shown, 1 overdue");
  });

  it("shows what is overdue alone, and follows what is kept meanwhile", async () => {
    const { place, say } = await open([planned, late]);

    await click(place.querySelector("input[role=switch]"));
    expect(lines(place)).toHaveLength(1);
    const data = { callbacks: { "cb-2": null } };
    await say({ type: "delta", topic: "callbacks", seq: 2, at: NOW, data });

    expect(lines(place)).toEqual(["None of them is like this."]);
    expect(place.textContent).toContain("0 of 1 shown, 0 overdue");
  });

  it("moves one after it was said what that does", async () => {
    const { asked } = await open([planned], {
      "PUT /api/v1/callbacks/cb-1": () => json(planned),
    });
    await eventually(() =>
      expect(labelled("Change the callback of Anna Berg")).not.toBeNull(),
    );

    await click(labelled("Change the callback of Anna Berg"));
    await type(document.querySelector("input[type=datetime-local]"), inputOf(NOW + 10_800));
    expect(document.body.textContent).toMatch(
      /ana will call Anna Berg at .*; if ana is not free, anybody does 15 minutes later\./,
    );
    await click(lastButton("Move the callback"));

    const at = momentOfInput(inputOf(NOW + 10_800));
    expect(writes(asked)).toEqual([["PUT /api/v1/callbacks/cb-1", { at, agent: "ana" }]]);
    expect(document.querySelector("[role=dialog]")).toBeNull();
  });

  it("offers a time to come for one that is late, and no agent for one of a queue", async () => {
    const { asked } = await open([ofQueue], {
      "PUT /api/v1/callbacks/cb-3": () => json(ofQueue),
    });
    await eventually(() =>
      expect(labelled("Change the callback of +354 555 0009")).not.toBeNull(),
    );

    await click(labelled("Change the callback of +354 555 0009"));
    expect(document.body.textContent).toContain("The rules of queue cards choose who calls.");
    expect(document.body.textContent).toContain("keeps the place in the queue");
    await click(lastButton("Move the callback"));

    const [[, body] = []] = writes(asked) as [string, { at: number; agent: string }][];
    expect(body?.agent).toBe("");
    expect(body?.at).toBeGreaterThan(NOW);
    expect(body?.at).toBeLessThanOrEqual(NOW + 600);
  });

  it("cancels one at the second click, and says why it cannot", async () => {
    const { asked } = await open([planned], {
      "DELETE /api/v1/callbacks/cb-1": () => problem(409, "conflict"),
    });
    await eventually(() =>
      expect(labelled("Cancel the callback of Anna Berg")).not.toBeNull(),
    );

    await click(labelled("Cancel the callback of Anna Berg"));
    expect(document.body.textContent).toContain("Nobody will call Anna Berg");
    expect(writes(asked)).toEqual([]);
    await click(lastButton("Cancel the callback"));

    expect(writes(asked)).toEqual([["DELETE /api/v1/callbacks/cb-1", undefined]]);
  });

  it("lets nothing be changed about a call that is under way, nor by an auditor", async () => {
    const { place } = await open([callbackWith({ state: "calling" })]);
    expect(lines(place)[0]).toContain("Being called");
    expect([...document.querySelectorAll("tbody button")]).toEqual([]);

    await open([planned], {}, "auditor");

    await eventually(() => expect(document.body.textContent).toContain("Anna Berg"));
    expect([...document.querySelectorAll("tbody button")]).toEqual([]);
  });

  it("says what brings callbacks where there are none", async () => {
    const { place } = await open([]);

    expect(place.textContent).toContain("Nobody is waiting to be called back");
  });
});
