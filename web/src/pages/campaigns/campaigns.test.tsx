import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Route, Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";

import type { CampaignView, ContactImport, Role } from "../../api";
import { SessionProvider } from "../../app/session";
import { click, eventually, fakeLive, fakeServer, json, problem, show, type } from "../../testing";
import Campaign from "./campaign";
import Campaigns from "./index";
import { campaignWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

type Answers = Parameters<typeof fakeServer>[0];

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

const IMPORT = "/api/v1/campaigns/renewals/contacts?list=autumn&priority=0";
const REPORT: ContactImport = {
  list: "autumn",
  rows: 3,
  accepted: 2,
  refused: 1,
  dry_run: true,
  problems: [
    { row: 4, reason: "this is no telephone number", fix: "Write it anew.", value: "none" },
  ],
  columns: [
    { name: "number", taken_as: "number", examples: ["+3545552001", ""] },
    { name: "Wer", taken_as: "attribute", examples: ["Anna", "Bo"] },
  ],
  rejects_kept: 1,
};

/** The campaign pages of somebody with this role, at this address. */
async function open(
  path: string,
  campaigns: CampaignView[],
  answers: Answers = {},
  role: Role = "manager",
) {
  const asked = fakeServer({
    "GET /api/v1/me": () =>
      json({ account: "max", name: "Max", roles: [role], agent: null, token: "" }),
    "GET /api/v1/campaigns/renewals/attempts?limit=50&cursor=": () =>
      json({ attempts: [], next: "" }),
    "GET /api/v1/trunks": () => json({ pbxs: [{ name: "main", trunks: ["carrier"], live: [] }] }),
    ...answers,
  });
  const live = fakeLive();
  live.client.start();
  const { hook, history } = memoryLocation({ path, record: true });
  const place = await show(
    <SessionProvider>
      <Router hook={hook}>
        <Route path="/campaigns" component={Campaigns} />
        <Route path="/campaigns/:campaign" component={Campaign} />
      </Router>
    </SessionProvider>,
    live.client,
  );
  await act(async () => {
    live.socket.greet();
    live.socket.say({
      type: "snapshot",
      topic: "board",
      seq: 1,
      at: NOW,
      data: {
        queues: {},
        agents: {},
        calls: {},
        links: { main: true },
        campaigns: Object.fromEntries(campaigns.map((campaign) => [campaign.id, campaign])),
      },
    });
  });
  return { place, asked, history, live };
}

/** The button of these words, anywhere on the page: dialogs stand beside it. */
function button(text: string): Element | null {
  const all = [...document.querySelectorAll("button")];
  return all.find((candidate) => candidate.textContent === text) ?? null;
}

/** The last of them: the one in the opened box. */
function lastButton(text: string): Element | null {
  const all = [...document.querySelectorAll("button")];
  return all.findLast((candidate) => candidate.textContent === text) ?? null;
}

function field(label: string): Element | null {
  const all = [...document.querySelectorAll("label")];
  const found = all.find((candidate) => candidate.textContent.replace(/\s*\*$/, "") === label);
  return found ? document.getElementById(found.htmlFor) : null;
}

/** Waits for an answer of the server to be on the page. */
async function appears(label: string): Promise<void> {
  const look = async () => {
    await act(async () => {});
    if (!field(label)) throw new Error(`there is no field ${label}`);
  };
  await vi.waitFor(look, { timeout: 4_000, interval: 10 });
}

async function submit(): Promise<void> {
  await act(async () => {
    document
      .querySelector("[role=dialog] form")
      ?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}

function writes(asked: ReturnType<typeof fakeServer>) {
  return asked.filter(({ operation }) => !operation.startsWith("GET"));
}

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

  it("pages through the attempts", async () => {
    const attempts = "GET /api/v1/campaigns/renewals/attempts?limit=50&cursor=";
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      [attempts]: () => json({ attempts: [], next: "p2" }),
      [`${attempts}p2`]: () => json({ attempts: [], next: "" }),
    });

    await click(button("Older"));

    await eventually(() =>
      expect(asked.map(({ operation }) => operation)).toContain(`${attempts}p2`),
    );
  });
});

describe("an import", () => {
  async function pick(label: string, value: string) {
    const select = document.querySelector<HTMLSelectElement>(`select[aria-label="${label}"]`);
    if (!select) throw new Error(`there is no choice ${label}`);
    await act(async () => {
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  async function chosen(answers: Answers, name = "autumn.csv") {
    const page = await open("/campaigns/renewals", [campaignWith()], answers);
    await click(button("Import list"));
    const file = new File(["number\n+3545552001\n"], name, {
      type: "application/vnd.ms-excel",
    });
    const input = document.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("there is no field for the file");
    await act(async () => {
      Object.defineProperty(input, "files", { value: [file] });
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return page;
  }

  it("is tried first, shows what is refused and why, and imports on a second button", async () => {
    const { asked } = await chosen({
      [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT),
      [`POST ${IMPORT}&dry_run=false`]: () => json({ ...REPORT, dry_run: false }),
    });

    await submit();
    expect(document.body.textContent).toContain("2 contacts can be imported");
    expect(document.body.textContent).toContain("this is no telephone number");
    expect(writes(asked)).toHaveLength(1);
    await click(button("Import 2 contacts"));

    expect(document.body.textContent).toContain("2 contacts were imported into autumn");
    expect(writes(asked)[1]?.headers.get("Content-Type")).toBe("text/csv");
  });

  it("shows how columns were understood, and is checked anew with what one puts right", async () => {
    const pairs = encodeURIComponent('[["number","number"],["name","Wer"]]');
    const again = `POST ${IMPORT}&columns=${pairs}&dry_run=true`;
    const { asked } = await chosen({
      [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT),
      [again]: () => json(REPORT),
    });
    await submit();
    expect(document.body.textContent).toContain("Anna, Bo");

    await pick("What Wer is taken as", "name");
    expect(button("Import 2 contacts")).toBeNull();
    await submit();

    expect(writes(asked).map(({ operation }) => operation)).toContain(again);
    expect(button("Import 2 contacts")).not.toBeNull();
  });

  it("offers the refused rows as the server keeps them", async () => {
    await chosen({ [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT) });

    await submit();

    const link = document.querySelector("a[download]")?.getAttribute("href");
    expect(link).toBe("/api/v1/campaigns/renewals/contacts/rejects");
  });

  it("of a workbook says that it is one", async () => {
    const { asked } = await chosen(
      { [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT) },
      "autumn.XLSX",
    );

    await submit();

    expect(writes(asked)[0]?.headers.get("Content-Type")).toContain("spreadsheetml.sheet");
  });

  it("of another list has to be checked anew", async () => {
    await chosen({ [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT) });
    await submit();

    await type(field("List name"), "winter");

    expect(button("Import 2 contacts")).toBeNull();
    expect(button("Check the file")).not.toBeNull();
  });

  it("of a file that cannot be used says what is wrong with it", async () => {
    await chosen({ [`POST ${IMPORT}&dry_run=true`]: () => problem(422, "invalid") });

    await submit();

    expect(document.querySelector("[role=alert]")?.textContent).toContain("why: invalid");
  });

  it("without a file is not sent", async () => {
    const { asked } = await open("/campaigns/renewals", [campaignWith()]);
    await click(button("Import list"));

    await submit();

    expect(document.body.textContent).toContain("Choose a file.");
    expect(document.body.textContent).toContain("Give the list a name.");
    expect(writes(asked)).toEqual([]);
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
          retries: { busy: { delay_s: 600, max_tries: 5 } },
        }),
      [`PUT ${path}`]: () => json(campaignWith()),
    });

    await click(button("Settings"));
    await appears("Until");
    await type(field("Until"), "19:30");
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({
      ring_s: 20,
      window: { opens: "10:00", closes: "19:30", weekdays: ["monday"] },
      retries: { busy: { delay_s: 600, max_tries: 5 } },
    });
    expect(document.querySelector("[role=dialog]")).toBeNull();
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
