import { beforeEach, describe, expect, it, vi } from "vitest";

import { freshCard, openDesk, pass, press, settle, writes } from "./deskTesting";
import { agentWith, callWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(settle);

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
