import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { click, eventually, json, type } from "../../testing";
import { campaignWith, NOW } from "./samples";
import { open, button, lastButton, field, appears, submit, writes } from "./testing";
import type { Answers } from "./testing";

vi.setConfig({ testTimeout: 40_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

describe("starting and pausing", () => {
  it("says first what will happen, then does it", async () => {
    const start = "POST /api/v1/campaigns/renewals/start";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [start]: () => json(campaignWith({ state: "running" })),
    });

    await click(button("Start"));
    expect(document.body.textContent).toContain("250 contacts are due");
    expect(writes(asked)).toEqual([]);
    await click(lastButton("Start"));

    expect(writes(asked).map(({ operation }) => operation)).toEqual([start]);
  });

  it("a pause tells how many calls go on", async () => {
    const pause = "POST /api/v1/campaigns/renewals/pause";
    const { asked } = await open("/campaigns/renewals", [campaignWith({ state: "running" })], {
      [pause]: () => json(campaignWith()),
    });

    await click(button("Pause"));
    expect(document.body.textContent).toContain("6 calls under way go on");
    await click(lastButton("Pause"));

    expect(writes(asked).map(({ operation }) => operation)).toEqual([pause]);
  });

  it("a finished campaign can only be started", async () => {
    await open("/campaigns/renewals", [campaignWith({ state: "finished" })]);

    expect([button("Start"), button("Pause"), button("Drain")].map(Boolean)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is not for supervisors, who see the same figures", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()], {}, "supervisor");

    expect(place.textContent).toContain("Card renewals");
    expect([button("Start"), button("Settings"), button("Import list")]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe("the campaign's page", () => {
  it("says why no call is placed", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()]);

    expect(place.textContent).toContain("Paused by max.");
  });

  it("explains a step of the funnel on a click", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()]);

    await click(place.querySelector("[aria-controls=funnel-why]"));

    expect(place.querySelector("#funnel-why")?.textContent).toContain(
      "400 people are on the lists. 100 are done, 20 were given up after all tries, 280 are open.",
    );
  });

  it("tells dropped people apart by the law's limit", async () => {
    const { drops } = campaignWith();
    const { place } = await open("/campaigns/renewals", [
      campaignWith({ drops: { ...drops, dropped: 3, rate: 0.05 } }),
    ]);

    expect(place.textContent).toContain("3 of 60 people who answered found nobody free.");
    expect(place.textContent).toContain("Above the cap of 3% in 30 days.");
  });

  it("says why so many calls are placed, and what it comes to", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()]);

    expect(place.textContent).toContain(
      "One more call would too likely find nobody free. Chance of nobody free: 12%, accepted: 10%.",
    );
    expect(place.textContent).toContain("Agents talk71%");
    expect(place.textContent).toContain("People expected1.3");
    expect(place.textContent).toContain("Agents free by then1.8");
  });

  it("is stopped after it was told what that does", async () => {
    const stop = "POST /api/v1/campaigns/renewals/stop";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [stop]: () => json(campaignWith({ state: "draining" })),
    });

    await click(button("Stop"));
    expect(document.body.textContent).toContain("3 calls that nobody has answered yet are hung up");
    await click(lastButton("Stop"));

    expect(writes(asked).map(({ operation }) => operation)).toEqual([stop]);
  });

  it("follows the live figures", async () => {
    const { place, live } = await open("/campaigns/renewals", [campaignWith()]);

    await act(async () => {
      const changed = campaignWith({ state: "running", silence: "", silence_code: "" });
      const data = { campaigns: { renewals: changed } };
      live.socket.say({ type: "delta", topic: "board", seq: 2, at: NOW, data });
    });

    expect(place.textContent).toContain("Placing calls: 1 being dialed, 2 ringing");
  });

  it("of a campaign that is not there leads back to all", async () => {
    const { place } = await open("/campaigns/old", [campaignWith()]);

    expect(place.textContent).toContain("There is no such campaign");
    expect(place.querySelector("a[href='/campaigns']")).not.toBeNull();
  });

  it("tells of machines that record a message, and of those that have one", async () => {
    const attempts = "GET /api/v1/campaigns/renewals/attempts?limit=50&cursor=";
    const who = { attempt: "a1", number: "+13125550100", tries: 1 };
    const ended = { ...who, result: "machine", ended_at: NOW, status: "done" };
    const campaign = campaignWith({ recording: 2, results: { machine: 9 }, messages: 7 });
    const { place } = await open("/campaigns/renewals", [campaign], {
      [attempts]: () => json({ attempts: [{ ...ended, message_left_at: NOW }], next: "" }),
    });

    await click([...place.querySelectorAll("[aria-controls=funnel-why]")][4] ?? null);

    expect(place.querySelector("#funnel-why")?.textContent).toContain(
      "Answering machines that are left a message, once their greeting is over: 2.",
    );
    expect(place.textContent).toContain("Answering machine (7 with a message)");
    await eventually(() => expect(place.textContent).toContain("Answering machine, message left"));
  });

  it("pages through the attempts", async () => {
    const attempts = "GET /api/v1/campaigns/renewals/attempts?limit=50&cursor=";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [attempts]: () => json({ attempts: [], next: "p2" }),
      [`${attempts}p2`]: () => json({ attempts: [], next: "" }),
    });

    await eventually(() => expect(button("Older")).toHaveProperty("disabled", false));
    await click(button("Older"));

    await eventually(() =>
      expect(asked.map(({ operation }) => operation)).toContain(`${attempts}p2`),
    );
  });
});

describe("a new campaign", () => {
  const save = "PUT /api/v1/campaigns/card-renewals";

  async function opened(answers: Answers) {
    const page = await open("/campaigns", [], answers);
    await click(button("New campaign"));
    await appears("Name");
    return page;
  }

  it("takes its short name from its name, its PBX and trunk where there is one", async () => {
    const { asked, history } = await opened({ [save]: () => json(campaignWith()) });

    await type(field("Name"), "Card renewals");
    await submit();

    expect(writes(asked)[0]).toMatchObject({
      operation: save,
      body: { name: "Card renewals", pbx: "main", trunk: "carrier", lines_per_agent: 1 },
    });
    expect(history.at(-1)).toBe("/campaigns/card-renewals");
  });

  it("says at the field what is missing, without asking the server", async () => {
    const { asked } = await opened({});

    await submit();

    expect(field("Name")?.getAttribute("aria-invalid")).toBe("true");
    expect(document.body.textContent).toContain("Fill this in.");
    expect(writes(asked)).toEqual([]);
  });

  it("shows at the field what the server refuses, until it is changed", async () => {
    const refused = {
      type: "urn:callcenter:problem:invalid",
      title: "",
      status: 422,
      detail: "One field is wrong.",
      errors: [{ path: "body.caller_id", detail: "this is no telephone number" }],
      incident: "",
    };
    await opened({ [save]: () => new Response(JSON.stringify(refused), { status: 422 }) });
    await type(field("Name"), "Card renewals");
    await type(field("Number people see"), "12");

    await submit();
    expect(field("Number people see")?.getAttribute("aria-invalid")).toBe("true");
    expect(document.body.textContent).toContain("this is no telephone number");
    await type(field("Number people see"), "+13125550100");

    expect(document.body.textContent).not.toContain("this is no telephone number");
  });
});

describe("settings", () => {
  it("are read, changed and put back whole", async () => {
    const path = "/api/v1/campaigns/renewals";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [`GET ${path}/settings`]: () =>
        json({
          name: "Card renewals",
          pbx: "main",
          trunk: "carrier",
          ring_s: 20,
          window: { opens: "10:00", closes: "18:00", weekdays: ["monday"] },
          retries: { busy: { delay_s: 600, max_tries: 5, other_number: true } },
          needs_consent: true,
        }),
      [`PUT ${path}`]: () => json(campaignWith()),
    });

    await click(button("Settings"));
    await appears("Until");
    await type(field("Until"), "19:30");
    await type(field("Begins"), "2027-03-01T09:00");
    await type(field("Check on detection"), "50");
    await type(field("Words"), "4");
    await click(button("Add a limit"));
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({
      ring_s: 20,
      window: { opens: "10:00", closes: "19:30", weekdays: ["monday"] },
      retries: { busy: { delay_s: 600, max_tries: 5, other_number: true } },
      needs_consent: true,
      starts_at: new Date(2027, 2, 1, 9, 0).getTime() / 1000,
      caps: [{ of: "person", counting: "attempts", most: 3, within_s: 86_400 }],
      amd_check_every: 50,
      amd_settings: { max_words: 4, greeting: 0 },
    });
    expect(document.querySelector("[role=dialog]")).toBeNull();
  });

  it("ask for the message that machines are to record", async () => {
    const path = "/api/v1/campaigns/renewals";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [`GET ${path}/settings`]: () => json({ name: "Renewals", pbx: "main", trunk: "carrier" }),
      [`PUT ${path}`]: () => json(campaignWith()),
    });
    await click(button("Settings"));
    await appears("Left a message");
    expect(field("Message for machines")).toBeNull();

    await click(field("Left a message"));
    await submit();
    expect(document.body.textContent).toContain("Name the prompt that machines are to record.");
    expect(writes(asked)).toEqual([]);
    await click(field("Detect answering machines"));
    await click(field("Detect answering machines"));
    expect(field("Message for machines")).toBeNull();
    await click(field("Left a message"));
    await type(field("Message for machines"), "we-called");
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({
      on_machine: "leave_message",
      machine_prompt: "we-called",
    });
  });
});

describe("all campaigns", () => {
  it("stand in a table that leads to each", async () => {
    const { place } = await open("/campaigns", [
      campaignWith(),
      campaignWith({ id: "spring", name: "Spring" }),
    ]);

    expect(place.querySelectorAll("tbody tr")).toHaveLength(2);
    expect(place.querySelector("a[href='/campaigns/spring']")).not.toBeNull();
  });

  it("that are none say what to do", async () => {
    const { place } = await open("/campaigns", []);

    expect(place.textContent).toContain("There is no campaign yet");
  });
});
