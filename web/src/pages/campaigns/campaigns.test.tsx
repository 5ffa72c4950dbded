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

vi.setConfig({ testTimeout: 40_000 }); // whole pages, drawn beside other tests on a small machine

type Answers = Parameters<typeof fakeServer>[0];

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

const IMPORT = "/api/v1/campaigns/renewals/contacts?list=autumn";
const REPORT: ContactImport = {
  list: "autumn",
  rows: 3,
  accepted: 2,
  refused: 1,
  dry_run: true,
  problems: [{ row: 4, value: "12", reason: "this is no telephone number", fix: "Write it anew." }],
  columns: [
    { name: "Handy", taken_as: "attribute", examples: ["0170 1", "0170 2"] },
    { name: "number", taken_as: "number", examples: ["+3545552001", "12"] },
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
  await vi.waitFor(look, { timeout: 15_000, interval: 50 });
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

describe("lists and results", () => {
  const LISTS = "GET /api/v1/campaigns/renewals/lists/counts";
  const RESULTS = "GET /api/v1/campaigns/renewals/results?by=";
  const MAKE = "POST /api/v1/campaigns/renewals/lists/from-results";
  const list = {
    id: 4,
    name: "autumn",
    priority: 7,
    imported_at: NOW,
    total: 400,
    due: 250,
    later: 30,
    done: 100,
    used_up: 20,
    dnc: 0,
    no_consent: 0,
    finished: 70,
  };
  const row = {
    key: "gold",
    contacts: 40,
    attempts: 60,
    people: 30,
    connected: 28,
    dropped: 1,
    sold: 4,
    dispositions: { interested: 3, agreed: 4, own_code: 1 },
  };
  const answers: Answers = {
    [LISTS]: () => json({ lists: [list] }),
    [`${RESULTS}list`]: () => json({ rows: [], sales: ["agreed"] }),
    [`${RESULTS}tier`]: () => json({ rows: [row], sales: ["agreed"] }),
    [`${RESULTS}attribute&attribute=offer`]: () =>
      json({ rows: [{ ...row, key: "card" }], sales: ["agreed"] }),
  };

  /** Chooses a segment of a control by its words. */
  async function choose(text: string) {
    const labels = [...document.querySelectorAll("label")];
    const found = labels.find(({ textContent }) => textContent === text);
    await click((found && document.getElementById(found.htmlFor)) ?? null);
  }

  it("tell how each list stands", async () => {
    const since = Date.now() / 1000 - 7200;
    const running = campaignWith({ state: "running", since });
    const { place } = await open("/campaigns/renewals", [running], answers);

    await choose("Lists");

    await eventually(() => expect(place.querySelector("tbody")?.textContent).toContain("autumn400250"));
    expect(place.textContent).toContain("through in about 4 h 0 min at the pace of the last hour");
  });

  it("give a list another priority, from the next call on", async () => {
    const change = "PUT /api/v1/campaigns/renewals/lists/4";
    const { place, asked } = await open("/campaigns/renewals", [campaignWith()], {
      ...answers,
      [change]: () => json({ lists: [] }),
    });
    await choose("Lists");
    const look = "input[aria-label='Priority of autumn']";
    await eventually(() => expect(place.querySelector(look)).not.toBeNull());

    await type(place.querySelector(look), "12");
    await act(async () => {
      place.querySelector(look)?.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
    });

    expect(writes(asked)).toMatchObject([{ operation: change, body: { priority: 12 } }]);
  });

  it("tell sales by tier, and what agents said, the most frequent first", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()], answers);

    await choose("Results");
    await choose("Tier");

    await eventually(() => expect(place.textContent).toContain("Agreed 4, Interested 3, own_code 1"));
    expect(place.textContent).toContain("sold: agents said “Agreed”");
    expect(place.textContent).toContain("10%");
  });

  it("count as sold what somebody says is", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()], {
      ...answers,
      [`${RESULTS}tier&sales=own_code`]: () =>
        json({ rows: [{ ...row, sold: 1 }], sales: ["own_code"] }),
    });
    await choose("Results");
    await choose("Tier");
    await eventually(() => expect(place.textContent).toContain("own_code 1"));

    await click(place.querySelector("[aria-label^='Sold is']"));
    const options = [...document.querySelectorAll("[role=option]")];
    await click(options.find(({ textContent }) => textContent === "own_code") ?? null);

    await eventually(() => expect(place.textContent).toContain("sold: agents said “own_code”"));
    expect(place.textContent).toContain("2.5%");
  });

  it("ask for the column before they tell results by offer", async () => {
    const { place, asked } = await open("/campaigns/renewals", [campaignWith()], answers);
    await choose("Results");

    await choose("Offer");
    expect(place.textContent).toContain("Which column?");
    const input = place.querySelector("input[placeholder=Column]");
    await type(input, "offer");
    await act(async () => {
      input?.closest("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });

    await eventually(() => expect(place.textContent).toContain("card"));
    expect(asked.some(({ operation }) => operation.endsWith("by=attribute&attribute="))).toBe(false);
  });

  it("make a new list in one step, counted first", async () => {
    const made = { campaign: "renewals", list: "again", matched: 12, taken: 10, refused: 2 };
    const { asked } = await open("/campaigns/renewals", [campaignWith()], {
      ...answers,
      [MAKE]: (body) => json({ ...made, dry_run: (body as { dry_run: boolean }).dry_run }),
    });
    await choose("Results");
    await click(button("New list from results"));

    await submit();
    expect(document.body.textContent).toContain("Give the list a name.");
    await type(field("List name"), "again");
    await submit();
    expect(document.body.textContent).toContain("12 contacts match, 10 of them can be taken.");
    await submit();

    expect(document.body.textContent).toContain("10 contacts are on the list again.");
    expect(writes(asked).map(({ body }) => body)).toMatchObject([
      { list: "again", results: ["connected"], without: ["agreed"], dry_run: true },
      { list: "again", campaign: "renewals", priority: null, dry_run: false },
    ]);
  });
});

describe("an import", () => {
  async function chosen(answers: Answers, name = "autumn.csv", campaign = campaignWith()) {
    const page = await open("/campaigns/renewals", [campaign], answers);
    await click(button("Import list"));
    const file = new File(["number\n+3545552001\n"], name, { type: "application/vnd.ms-excel" });
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

  it("shows how the columns are understood, and sends what is changed", async () => {
    const columns = encodeURIComponent('[["mobile","Handy"],["number","number"]]');
    const first = `POST ${IMPORT}&dry_run=true`;
    const again = `POST ${IMPORT}&columns=${columns}&dry_run=true`;
    const { asked } = await chosen({
      [first]: () => json(REPORT),
      [again]: () => json({ ...REPORT, accepted: 3, refused: 0, problems: [], rejects_kept: 0 }),
    });

    await submit();
    const [handy] = document.querySelectorAll("table[aria-label='Columns of the file'] tbody tr");
    expect(handy?.textContent).toContain("0170 1 · 0170 2");
    await click(handy?.querySelector("input") ?? null);
    const options = [...document.querySelectorAll("[role=option]")];
    await click(options.find(({ textContent }) => textContent === "Mobile number") ?? null);

    expect(button("Import 2 contacts")).toBeNull();
    await submit();
    expect(writes(asked).map(({ operation }) => operation)).toEqual([first, again]);
    expect(button("Import 3 contacts")).not.toBeNull();
  });

  it("has the refused rows as the server keeps them", async () => {
    await chosen({ [`POST ${IMPORT}&dry_run=true`]: () => json(REPORT) });

    await submit();

    const link = document.querySelector("a[download]");
    expect(link?.getAttribute("href")).toBe("/api/v1/campaigns/renewals/contacts/rejects");
    expect(document.body.textContent).toContain("12this is no telephone number");
  });

  it("of a workbook goes as such, and asks for consent where the campaign needs it", async () => {
    const { settings } = campaignWith();
    const terms = { needs_consent: true, legal: "", caps: [] };
    const { asked } = await chosen(
      { [`POST ${IMPORT}&sheet=May&needs_consent=true&dry_run=true`]: () => json(REPORT) },
      "autumn.xlsx",
      campaignWith({ settings: { ...settings, terms } }),
    );
    await type(field("Sheet"), "May");

    await submit();

    expect(document.body.textContent).toContain("2 contacts can be imported");
    expect(writes(asked)[0]?.headers.get("Content-Type")).toContain("spreadsheetml");
  });

  it("whose number column is not known asks for it", async () => {
    const { asked } = await chosen({
      [`POST ${IMPORT}&dry_run=true`]: () => problem(422, "invalid"),
    });
    await submit();

    await type(field("Column with the phone number"), "Handy");
    await submit();

    expect(decodeURIComponent(writes(asked).at(-1)?.operation ?? "")).toContain(
      'columns=[["number","Handy"]]',
    );
  });

  it("tells how far it is", async () => {
    let finish: (answer: Response) => void = () => {};
    const waits = new Promise<Response>((resolve) => {
      finish = resolve;
    });
    await chosen({
      [`POST ${IMPORT}&dry_run=true`]: () => waits as unknown as Response,
      "GET /api/v1/campaigns/renewals/contacts/progress": () =>
        json({ list: "autumn", share: 0.4, rows: 1200, dry_run: true }),
    });

    await submit();

    await eventually(() =>
      expect(document.body.textContent).toContain("40% of the file, 1,200 rows"),
    );
    await act(async () => finish(json(REPORT)));
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
          retries: { busy: { delay_s: 600, max_tries: 5, other_number: true } },
          needs_consent: true,
        }),
      [`PUT ${path}`]: () => json(campaignWith()),
    });

    await click(button("Settings"));
    await appears("Until");
    await type(field("Until"), "19:30");
    await type(field("Begins"), "2027-03-01T09:00");
    await click(button("Add a limit"));
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({
      ring_s: 20,
      window: { opens: "10:00", closes: "19:30", weekdays: ["monday"] },
      retries: { busy: { delay_s: 600, max_tries: 5, other_number: true } },
      needs_consent: true,
      starts_at: new Date(2027, 2, 1, 9, 0).getTime() / 1000,
      caps: [{ of: "person", counting: "attempts", most: 3, within_s: 86_400 }],
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
