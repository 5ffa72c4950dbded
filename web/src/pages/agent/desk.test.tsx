import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { AgentView, CallView, Card } from "../../api";
import { click, fakeLive, fakeServer, json, problem, show, type } from "../../testing";
import { campaignWith } from "../campaigns/samples";
import Page from "./index";
import { agentWith, callWith, cardWith, NOW, queueWith } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

const CAMPAIGN = campaignWith({
  state: "running",
  silence: "",
  silence_code: "",
  settings: { ...campaignWith().settings, pacing: "preview" },
});

type Asked = ReturnType<typeof fakeServer>;

beforeEach(() => {
  localStorage.clear();
  localStorage.setItem("language", "en");
  vi.useFakeTimers({ now: NOW * 1000 });
  return () => vi.useRealTimers();
});

/** The desk of an agent, with a server that grants everything. */
async function openDesk(agent: AgentView, call?: CallView) {
  const granted = () => json(agent);
  const asked = fakeServer({
    "GET /api/v1/campaigns": () => json({ campaigns: [CAMPAIGN] }),
    ...Object.fromEntries(
      [
        "ready",
        "not-ready",
        "sign-in",
        "sign-out",
        "hang-up",
        "disposition",
        "campaign",
        "preview/dial",
        "preview/skip",
      ].map((wish) => [`POST /api/v1/agents/me/${wish}`, granted]),
    ),
  });
  const live = fakeLive();
  live.client.start();
  const place = await show(<Page />, live.client);
  let seq = 0;
  /** The server sends frames, and time passes. */
  const say = async (...frames: object[]) =>
    act(async () => {
      for (const frame of frames) live.socket.say(frame);
    });
  const tellOf = async (now: AgentView, its?: CallView) => {
    seq += 1;
    const data = { agent: { [now.id]: now }, call: its ? { [its.id]: its } : {} };
    await say({ type: "snapshot", topic: "me", seq, at: Date.now() / 1000, data });
  };
  await act(async () => live.socket.greet("run-1", NOW));
  await tellOf(agent, call);
  await say({
    type: "snapshot",
    topic: "queues",
    seq: 1,
    at: NOW,
    data: { queues: { cards: queueWith() } },
  });
  return { place, live, asked, say, tellOf };
}

async function press(key: string, where: EventTarget = document.body): Promise<void> {
  await act(async () => {
    where.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}

async function pass(ms: number): Promise<void> {
  await act(async () => vi.advanceTimersByTimeAsync(ms));
}

/** A card as the server sends it a moment after the state that the desk knows. */
function freshCard(changed: Partial<Card> = {}): Card {
  return cardWith({ at: Date.now() / 1000 + 0.01, ...changed });
}

function writes(asked: Asked): [string, unknown][] {
  return asked
    .filter(({ operation }) => operation.startsWith("POST"))
    .map(({ operation, body }) => [operation.replace("POST /api/v1/agents/me/", ""), body]);
}

describe("the card", () => {
  it("is on the screen as soon as its frame is there, before the state says so", async () => {
    const { place, asked, say } = await openDesk(agentWith());
    const before = asked.length;

    await say(freshCard());

    expect(place.querySelector("[data-card=c1]")?.textContent).toContain("Anna Berg");
    expect(place.textContent).toContain("prefers mornings");
    expect(asked.length).toBe(before);
  });

  it("is reported as shown after it was painted, once for each call", async () => {
    const { live, say, tellOf } = await openDesk(agentWith());
    const shown = () => live.socket.sent.flatMap((message) => message.shown ?? []);

    await say(freshCard());
    expect(shown()).toEqual([]);
    await pass(50);
    await tellOf(agentWith({ state: "reserved", call: "c1" }));
    await say(freshCard({ seq: 2 }));
    await pass(50);

    expect(shown()).toEqual([{ call: "c1", at_ms: expect.any(Number) }]);
  });

  it("says that more is coming until the rest is there", async () => {
    const { place, say, tellOf } = await openDesk(agentWith());

    await say(freshCard({ complete: false, card: null }));
    expect(place.textContent).toContain("More about this person is on its way.");
    await tellOf(agentWith({ state: "ringing", call: "c1" }), callWith({ state: "offered" }));
    await say(freshCard({ seq: 2 }));

    expect(place.textContent).toContain("Anna Berg");
    expect(place.textContent).not.toContain("on its way");
  });

  it("of somebody unknown shows the number only", async () => {
    const { place, say } = await openDesk(agentWith());

    await say(freshCard({ customer: "", card: null, tier: "standard" }));

    expect(place.textContent).toContain("Number only");
    expect(place.textContent).toContain("+354 555 2001");
  });

  it("of a contact shows what the list and the attempts say", async () => {
    const { place, say } = await openDesk(agentWith({ campaign: "renewals", line: "parked" }));

    await say(
      freshCard({
        campaign: "renewals",
        contact: "17",
        card: {
          name: "Bjarki Dal",
          number: "+3545552001",
          list: "autumn",
          attributes: { "runs out": "2027-06" },
          note: "speaks German",
          made: 2,
          last_result: "busy",
          last_tried_at: NOW - 3600,
          customer: { name: "B. Dal", value: 1200, since: "", notes: "" },
        },
      }),
    );

    for (const text of ["Bjarki Dal", "autumn", "2027-06", "speaks German", "1,200", "Busy"]) {
      expect(place.textContent).toContain(text);
    }
    expect(place.textContent).toContain("Card renewals");
  });

  it("leaves with a word when the caller has gone, and the word leaves too", async () => {
    const { place, say, tellOf } = await openDesk(agentWith());
    await say(freshCard());
    await tellOf(agentWith({ state: "ringing", call: "c1" }), callWith({ state: "offered" }));

    await pass(1_000);
    await tellOf(agentWith());

    expect(place.querySelector("[data-card]")).toBeNull();
    expect(place.textContent).toContain("The caller hung up before you were connected");
    await pass(9_000);
    expect(place.textContent).not.toContain("The caller hung up");
  });

  it("leaves when the offer was taken back before the state told of it", async () => {
    const { place, say } = await openDesk(agentWith());
    await say(freshCard());

    await pass(2_100);

    expect(place.querySelector("[data-card]")).toBeNull();
    expect(place.textContent).toContain("The caller hung up before you were connected");
  });

  it("stays after a conversation without a word about the caller", async () => {
    const { place, say, tellOf } = await openDesk(agentWith());
    await say(freshCard());
    await tellOf(agentWith({ state: "talking", call: "c1" }), callWith());
    await tellOf(agentWith({ state: "wrap_up", call: "c1", wrap_up_ends_at: NOW + 20 }));
    expect(place.querySelector("[data-card=c1]")).not.toBeNull();

    await tellOf(agentWith());

    expect(place.querySelector("[data-card]")).toBeNull();
    expect(place.textContent).not.toContain("The caller hung up");
  });

  it("shown again after a reload belongs to the running call", async () => {
    const talking = agentWith({ state: "talking", call: "c1" });
    const { place, say } = await openDesk(talking, callWith());

    await say(cardWith({ at: NOW - 30, again: true }));

    expect(place.querySelector("[data-card=c1]")).not.toBeNull();
  });

  it("of a call that is no longer the agent's is not shown", async () => {
    const { place, say } = await openDesk(agentWith());

    await say(cardWith({ at: NOW - 30, again: true }));

    expect(place.querySelector("[data-card]")).toBeNull();
  });
});

describe("preview", () => {
  const shown = {
    id: "att-1",
    campaign: "renewals",
    contact: "17",
    number: "+3545552001",
    since: NOW,
    dial_at: 0,
  };
  const free = agentWith({ campaign: "renewals", line: "parked" });
  const reading = { ...free, preview: shown };
  const card = () => freshCard({ call: "att-1", campaign: "renewals", preview: true });

  it("shows whose card is to be read, and dials and skips by keys", async () => {
    const { place, asked, say, tellOf } = await openDesk(free);
    expect(place.textContent).toContain("The card of who is next appears here.");
    await say(card());
    await tellOf(reading);

    expect(place.querySelector("[data-card=att-1]")?.textContent).toContain("Anna Berg");
    expect(place.textContent).toContain("Read, then dial");
    expect(place.textContent).toContain("Card renewals");
    await press("d");
    await press("s");

    expect(writes(asked)).toEqual([
      ["preview/dial", { preview: "att-1" }],
      ["preview/skip", { preview: "att-1" }],
    ]);
  });

  it("keeps the card while the person is dialed, and says how the call stands", async () => {
    const { place, asked, say, tellOf } = await openDesk(free);
    await say(card());
    await tellOf(reading);
    await tellOf({ ...free, dialing: "att-1", dial_state: "placed" });
    expect(place.textContent).toContain("Dialing");

    await tellOf({ ...free, dialing: "att-1", dial_state: "ringing" });
    await press("d");
    await press("s");

    expect(place.querySelector("[data-card=att-1]")).not.toBeNull();
    expect(place.textContent).toContain("It rings there");
    expect(writes(asked)).toEqual([]);
  });

  it("goes on with the person's card when they answer", async () => {
    const { place, say, tellOf } = await openDesk({ ...free, dialing: "att-1" });
    await say(card());
    await pass(20);

    await say(freshCard({ call: "c1", campaign: "renewals", seq: 2 }));
    await tellOf({ ...free, state: "talking", call: "c1" }, callWith({ campaign: "renewals" }));

    expect(place.querySelector("[data-card=c1]")).not.toBeNull();
    expect(place.querySelector("[aria-keyshortcuts=d]")).toBeNull();
    expect(place.querySelector("[aria-keyshortcuts=e]")).not.toBeNull();
  });

  it("counts down to the moment when a timed one is dialed by itself", async () => {
    const timed = { ...reading, preview: { ...shown, dial_at: NOW + 20 } };
    const { place, say } = await openDesk(timed);
    await say(card());
    expect(place.textContent).toContain("Dialed in 0:20");

    await pass(5_000);

    expect(place.textContent).toContain("Dialed in 0:15");
  });

  it("says what came of the last call, and nothing of a caller who hung up", async () => {
    const { place, say, tellOf } = await openDesk(free);
    await say(card());
    await tellOf(reading);
    const next = { ...shown, id: "att-2", contact: "18" };
    const inVain = { attempt: "att-1", contact: "17", result: "no_answer", at: NOW } as const;

    await pass(1_000);
    await tellOf({ ...reading, preview: next, dialed_in_vain: inVain });
    expect(place.textContent).toContain("The last call: No answer.");
    expect(place.querySelector("[data-card=att-1]")).toBeNull();
    await tellOf(free);

    expect(place.textContent).not.toContain("hung up");
  });

  it("takes no key for somebody whose card is gone", async () => {
    const { asked, say, tellOf } = await openDesk(free);
    await say(card());
    await tellOf(reading);

    await pass(20);
    await say(freshCard({ call: "att-2", campaign: "renewals", preview: true, seq: 2 }));
    await press("d");

    expect(writes(asked)).toEqual([]);
  });

  it("a break asked for while dialing comes after the call", async () => {
    const { place } = await openDesk({ ...free, dialing: "att-1", dial_state: "ringing" });

    await press("b");

    expect(document.body.textContent).toContain("Take no calls after this one");
    expect(place).toBeTruthy();
  });

  it("a card left untouched says what to do", async () => {
    const { place } = await openDesk({ ...free, state: "not_ready", reason: "preview_untouched" });

    expect(place.textContent).toContain("You left a card untouched");
  });
});

describe("keys", () => {
  const wrapUp = agentWith({
    state: "wrap_up",
    call: "c1",
    since: NOW - 10,
    wrap_up_ends_at: NOW + 20,
  });

  it("1 to 6 say how the conversation ended", async () => {
    const { asked } = await openDesk(wrapUp);

    await press("2");

    expect(writes(asked)).toEqual([["disposition", { call: "c1", code: "follow_up" }]]);
  });

  it("of dispositions do nothing without a conversation", async () => {
    const { asked } = await openDesk(agentWith());

    await press("1");

    expect(writes(asked)).toEqual([]);
  });

  it("a campaign has dispositions of its own", async () => {
    const { asked } = await openDesk({ ...wrapUp, campaign: "renewals", line: "parked" });

    await press("6");

    expect(writes(asked)).toEqual([["disposition", { call: "c1", code: "do_not_call" }]]);
  });

  it("one chosen during the talk is marked and can still be changed", async () => {
    const { place, asked } = await openDesk(
      agentWith({ state: "talking", call: "c1" }),
      callWith(),
    );

    await press("1");

    expect(place.querySelector("[aria-pressed=true]")?.textContent).toContain("Solved");
    await press("3");
    expect(place.querySelector("[aria-pressed=true]")?.textContent).toContain("Passed on");
    expect(writes(asked)).toHaveLength(2);
  });

  it("are not taken from a text being typed", async () => {
    const { place, asked } = await openDesk(wrapUp);
    const field = document.createElement("input");
    place.append(field);

    await press("1", field);
    await press("r", field);

    expect(writes(asked)).toEqual([]);
  });

  it("do nothing while there is no connection", async () => {
    const { asked, live } = await openDesk(wrapUp);
    await act(async () => live.socket.drop());

    await press("1");
    await press("r");

    expect(writes(asked)).toEqual([]);
  });

  it("r is ready, o stops work, e ends the call", async () => {
    const talking = agentWith({ state: "talking", call: "c1" });
    const { asked, tellOf } = await openDesk(agentWith({ state: "not_ready" }));

    await press("e");
    await press("r");
    await tellOf(talking, callWith());
    await press("e");
    await press("o");

    expect(writes(asked).map(([wish]) => wish)).toEqual(["ready", "hang-up", "sign-out"]);
  });

  it("b opens the reasons, a number takes one", async () => {
    const { asked } = await openDesk(agentWith());

    await press("b");
    const [menu] = document.querySelectorAll("[role=menu]");
    await press("2", menu);

    expect(writes(asked)).toEqual([["not-ready", { reason: "lunch" }]]);
  });

  it("? shows all keys without covering the call, and Escape hides them", async () => {
    const { place } = await openDesk(agentWith());

    await press("?");
    expect(place.textContent).toContain("Break: choose the reason");
    expect(document.querySelector("[role=dialog]")).toBeNull();
    await press("Escape");

    expect(place.textContent).not.toContain("Break: choose the reason");
  });
});

describe("the state", () => {
  it("a wish made during a call is shown and can be taken back", async () => {
    const wishing = { state: "talking", call: "c1", wish: "not_ready" } as const;
    const { place, asked } = await openDesk(
      agentWith({ ...wishing, wish_reason: "lunch" }),
      callWith(),
    );

    expect(place.textContent).toContain("After this call: lunch");
    await press("r");

    expect(writes(asked)).toEqual([["ready", undefined]]);
  });

  it("a missed call says what to do, also after a reload", async () => {
    const { place } = await openDesk(agentWith({ state: "not_ready", reason: "missed" }));

    expect(place.textContent).toContain("You missed a call");
    expect(place.textContent).toContain("You get no calls until you press Ready.");
  });

  it("a line that is being opened asks for the phone to be picked up", async () => {
    const { place } = await openDesk(
      agentWith({ campaign: "renewals", line: "opening", state: "ready" }),
    );

    expect(place.textContent).toContain("Pick up your phone and stay on the line");
  });

  it("how many wait and how long stands on top", async () => {
    const { place } = await openDesk(agentWith());

    expect(place.textContent).toContain("3 waiting");
    expect(place.textContent).toContain("0:41");
  });

  it("a refusal is told, and the next wish is heard", async () => {
    const { asked } = await openDesk(agentWith({ state: "not_ready" }));
    vi.stubGlobal("fetch", async () => problem(409, "conflict"));
    await press("r");
    vi.unstubAllGlobals();
    const again = fakeServer({});

    await press("r");

    expect(writes(asked)).toEqual([]);
    expect(writes(again)).toEqual([["ready", undefined]]);
  });
});

describe("at the door", () => {
  const away = agentWith({ state: "signed_out", phone: "" });

  it("phone and work are asked for, and the phone is remembered", async () => {
    const { place, asked } = await openDesk(away);
    await type(place.querySelector("input[name=phone]"), "1001");
    await click(place.querySelector("input[type=radio][value=renewals]"));
    await click(place.querySelector("button[type=submit]"));
    await pass(0);

    expect(writes(asked)).toEqual([
      ["sign-in", { phone: "1001" }],
      ["campaign", { campaign: "renewals" }],
    ]);
    const { place: next } = await openDesk(away);
    expect(next.querySelector<HTMLInputElement>("input[name=phone]")?.value).toBe("1001");
  });

  it("what is no phone number is not sent", async () => {
    const { place, asked } = await openDesk(away);
    await type(place.querySelector("input[name=phone]"), "x1");

    await click(place.querySelector("button[type=submit]"));

    expect(place.textContent).toContain("Enter the number with digits only.");
    expect(writes(asked)).toEqual([]);
  });

  it("a phone in use says by whom and keeps the form", async () => {
    const { place } = await openDesk(away);
    fakeServer({ "POST /api/v1/agents/me/sign-in": () => problem(409, "conflict") });
    await type(place.querySelector("input[name=phone]"), "1002");

    await click(place.querySelector("button[type=submit]"));
    await pass(0);

    expect(place.querySelector("[role=alert]")?.textContent).toContain("why: conflict");
  });

  it("an account without queues is told what is lacking", async () => {
    fakeServer({});
    const live = fakeLive();
    live.client.start();
    const place = await show(<Page />, live.client);
    await act(async () => {
      live.socket.greet();
      const data = { agent: {}, call: {} };
      live.socket.say({ type: "snapshot", topic: "me", seq: 1, at: NOW, data });
    });

    expect(place.textContent).toContain("You are not an agent of this center yet");
  });
});
