import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ContactImport } from "../../api";
import { click, eventually, json, problem, type } from "../../testing";
import { campaignWith, NOW } from "./samples";
import { open, button, field, submit, writes } from "./testing";
import type { Answers } from "./testing";

vi.setConfig({ testTimeout: 40_000 }); // whole pages, drawn beside other tests on a small machine

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
    returned: 2,
    sold: 4,
    revenue_cents: 19_960,
    dispositions: { interested: 3, agreed: 4, own_code: 1 },
  };
  const waits = {
    connected: 200,
    in_time: 196,
    in_time_share: 0.98,
    p50_s: 0.91,
    p95_s: 1.84,
    longest_s: 2.6,
    counted_from: { greeting: 180, verdict: 20 },
  };
  const answers: Answers = {
    [LISTS]: () => json({ lists: [list] }),
    [`${RESULTS}list`]: () => json({ rows: [], sales: ["agreed"] }),
    "GET /api/v1/campaigns/renewals/waits": () => json(waits),
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
    expect(place.textContent).toContain("199.60");
  });

  it("tell how soon people had an agent, and from where that is counted", async () => {
    const { place } = await open("/campaigns/renewals", [campaignWith()], answers);

    await choose("Results");

    await eventually(() => expect(place.textContent).toContain("Within 2 s98%"));
    expect(place.textContent).toContain("Later4");
    expect(place.textContent).toContain("95 of 100 within1.84 s");
    expect(place.textContent).toContain("180 counted from the end of the greeting · 20 from when");
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

    await click(place.querySelector("[aria-label='Count others as sold']"));
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
