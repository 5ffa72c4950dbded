import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { click, fakeLive, fakeServer, problem, show, type } from "../../testing";
import { freshCard, openDesk, pass, press, settle, writes } from "./deskTesting";
import Page from "./index";
import { agentWith, callWith, cardWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(settle);

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

  it("a sale asks for its amount first, which ends the wrap-up", async () => {
    const { place, asked } = await openDesk({ ...wrapUp, campaign: "renewals", line: "parked" });

    await press("1");
    expect(writes(asked)).toEqual([]);
    await type(place.querySelector("form input"), "49.90");
    await act(async () => {
      place
        .querySelector("form")
        ?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });

    expect(writes(asked)).toEqual([
      ["disposition", { call: "c1", code: "agreed", amount_cents: 4990 }],
    ]);
    expect(place.querySelector("form")).toBeNull();
  });

  it("a sale chosen twice goes without an amount", async () => {
    const { asked } = await openDesk({ ...wrapUp, campaign: "renewals", line: "parked" });

    await press("1");
    await act(async () => (document.activeElement as HTMLElement).blur());
    await press("1");

    expect(writes(asked)).toEqual([["disposition", { call: "c1", code: "agreed" }]]);
  });

  it("a sale during the talk is noted at once, and its amount when it is known", async () => {
    const talking = agentWith({ state: "talking", call: "c1", campaign: "renewals" });
    const { place, asked } = await openDesk(talking, callWith({ campaign: "renewals" }));

    await press("1");

    expect(writes(asked)).toEqual([["disposition", { call: "c1", code: "agreed" }]]);
    expect(place.querySelector("form input")).not.toBeNull();
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

  it("more campaigns are ticked and unticked beside the one that counts on the agent", async () => {
    const { place, asked } = await openDesk(
      agentWith({ campaign: "renewals", campaigns: ["renewals", "surveys"], line: "parked" }),
    );
    const other = place.querySelector<HTMLInputElement>("input[type=checkbox][value=surveys]");
    expect(other?.checked).toBe(true);

    await click(other);

    expect(writes(asked)).toEqual([["campaign", { campaign: "renewals", also: [] }]]);
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
