import { notifications } from "@mantine/notifications";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { click, type } from "../../testing";
import { callbackWith } from "../callbacks/samples";
import { inputOf, momentOfInput, proposed } from "./CallbackForm";
import { openDesk, press, settle, writes } from "./deskTesting";
import { agentWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(settle);

const wrapUp = agentWith({
  state: "wrap_up",
  call: "c1",
  since: NOW - 10,
  wrap_up_ends_at: NOW + 20,
  campaign: "renewals",
  line: "parked",
});

describe("a promised call", () => {
  it("is asked for with a time and with who calls, and goes with the disposition", async () => {
    const { place, asked } = await openDesk(wrapUp);

    await press("3");
    expect(writes(asked)).toEqual([]);
    await type(place.querySelector("input[type=datetime-local]"), inputOf(NOW + 7200));
    await click(place.querySelector("form input[value=team]"));
    await click(place.querySelector("form button[type=submit]"));

    const at = momentOfInput(inputOf(NOW + 7200));
    expect(writes(asked)).toEqual([
      ["disposition", { call: "c1", code: "call_later", callback: { at, own: false } }],
    ]);
    expect(place.querySelector("form")).toBeNull();
  });

  it("in the past is not taken", async () => {
    const { place, asked } = await openDesk(wrapUp);

    await press("3");
    await type(place.querySelector("input[type=datetime-local]"), inputOf(NOW - 600));
    await click(place.querySelector("form button[type=submit]"));

    expect(place.textContent).toContain("That time has passed");
    expect(writes(asked)).toEqual([]);
  });

  it("is forgotten when the agent chooses another end", async () => {
    const { place, asked } = await openDesk(wrapUp);

    await press("3");
    await press("2");

    expect(place.querySelector("form")).toBeNull();
    expect(writes(asked)).toEqual([["disposition", { call: "c1", code: "interested" }]]);
  });

  it("takes the place of an amount that was asked for", async () => {
    const { place } = await openDesk(wrapUp);

    await press("1");
    await press("3");

    expect(place.querySelectorAll("form")).toHaveLength(1);
    expect(place.querySelector("input[type=datetime-local]")).not.toBeNull();
  });

  it("is proposed for in about an hour, on a quarter", () => {
    expect(proposed(NOW) % 900).toBe(0);
    expect(proposed(NOW)).toBeGreaterThanOrEqual(NOW + 3600);
    expect(momentOfInput("")).toBeNull();
  });
});

describe("the agent's callbacks", () => {
  it("are listed, and the agent is reminded when the time of one has come", async () => {
    const reminded = vi.spyOn(notifications, "show");
    const { place, tellOf } = await openDesk(agentWith());
    await tellOf(agentWith(), undefined, callbackWith());
    expect(place.querySelector("li[data-due]")).toBeNull();

    await tellOf(agentWith(), undefined, callbackWith({ state: "due" }));

    expect(place.querySelector("li[data-due]")?.textContent).toContain("due now");
    await tellOf(agentWith(), undefined, callbackWith({ state: "due", tries: 1 }));
    expect(reminded.mock.calls.map(([{ title }]) => title)).toEqual(["A callback is due"]);
  });

  it("can be put off and be done with", async () => {
    const { place, asked, tellOf } = await openDesk(agentWith());
    await tellOf(agentWith(), undefined, callbackWith());
    const [later, done] = place.querySelectorAll("li button");

    await click(later ?? null);
    await click(done ?? null);

    const sent = asked.filter(({ operation }) => operation.includes("callbacks"));
    expect(sent.map(({ operation, body }) => [operation, body])).toEqual([
      ["PUT /api/v1/callbacks/cb-1", { at: NOW + 4200, agent: "ana" }],
      ["POST /api/v1/callbacks/cb-1/done", undefined],
    ]);
  });
});
