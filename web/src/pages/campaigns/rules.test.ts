import { describe, expect, it } from "vitest";

import { check, draftOf, idOf, newDraft, RETRIED, setupOf, toldOf } from "./fields";
import type { Draft } from "./fields";
import { finishIn } from "./finish";
import { canBeNamed, listOf, mappingOf, withNumber } from "./importing";
import { clockOf, momentOf } from "./moment";
import { listField } from "./reaching";
import { endedOf, underWayOf } from "./results";
import { campaignWith, NOW } from "./samples";
import { localOf, NEW_CAP } from "./terms";

const WEST = { list: "west", numbers: ["+14155550100"] };
const GOOD: Draft = { ...newDraft("main", "carrier"), id: "spring", name: "Spring" };

describe("a campaign's form", () => {
  it("finds nothing wrong with what is whole", () => {
    expect(check(GOOD, [])).toEqual({});
  });

  it.each<[string, Partial<Draft>, string]>([
    ["no name", { name: "  " }, "name"],
    ["a short name with capitals", { id: "Spring" }, "id"],
    ["a short name that is taken", { id: "renewals" }, "id"],
    ["no PBX", { pbx: "" }, "pbx"],
    ["no trunk", { trunk: "" }, "trunk"],
    ["hours that are no times", { opens: "9" }, "window.opens"],
    ["an hour that no day has", { closes: "25:00" }, "window.closes"],
    ["hours that end before they begin", { opens: "20:00", closes: "09:00" }, "window.closes"],
    ["no day", { weekdays: [] }, "window.weekdays"],
    [
      "an end before the beginning",
      { startsAt: "2027-03-02T09:00", endsAt: "2027-03-01T09:00" },
      "ends_at",
    ],
    ["a calendar that is none", { holidays: ["US", "Bavaria"] }, "window.holidays"],
    ["a day that no year has", { closedDays: ["2027-02-30"] }, "window.closed_days"],
    ["a limit without a number", { caps: [{ ...NEW_CAP, most: "" }] }, "caps.0.most"],
    ["a number without a country", { callerIds: ["3125550100"] }, "caller_ids"],
    ["a list without a number", { listCallerIds: [{ list: "west", numbers: [] }] }, listField(0)],
    ["a list that is there twice", { listCallerIds: [WEST, WEST] }, listField(1)],
    ["a list's wrong number", { listCallerIds: [{ list: "west", numbers: ["1"] }] }, listField(0)],
    ["a script with a brace too many", { script: "Good day {name" }, "script"],
    ["no message for machines", { onMachine: "leave_message" as const }, "machine_prompt"],
    ["a limit without a time", { caps: [{ ...NEW_CAP, within: "" }] }, "caps.0.within_s"],
  ])("finds %s", (_, changed, name) => {
    expect(Object.keys(check({ ...GOOD, ...changed }, ["renewals"]))).toEqual([name]);
  });

  it("lets hours end at midnight", () => {
    expect(check({ ...GOOD, closes: "24:00" }, [])).toEqual({});
  });

  it("sends what it read", () => {
    const setup = {
      name: "Spring",
      pbx: "main",
      trunk: "carrier",
      caller_id: "+13125550100",
      pacing: "power" as const,
      preview_s: 0,
      lines_per_agent: 1.5,
      legal: "uk-ofcom" as const,
      drop_cap: 0.015,
      blended: true,
      max_lines: 20,
      ring_s: 20,
      amd: false,
      harbour_wait_s: 2,
      harbour_prompt: "who-called",
      returns_to: "service",
      priority: 7,
      agent_prompt: "beep",
      return_prompt: "you-called",
      window: {
        opens: "10:00",
        closes: "18:00",
        weekdays: ["monday" as const],
        holidays: ["US"],
        closed_days: ["2026-12-24"],
      },
      needs_consent: true,
      starts_at: NOW + 7.5,
      ends_at: NOW + 86_400,
      caps: [
        { of: "person" as const, counting: "attempts" as const, most: 7, within_s: 604_800 },
        { of: "account" as const, counting: "conversations" as const, most: 1, within_s: 7200 },
      ],
      retries: { machine: { delay_s: 3600, max_tries: 2, other_number: true } },
      wrap_up_s: 15,
      trunks: ["reserve"],
      caller_ids: ["+13125550101"],
      list_caller_ids: { west: ["+14155550100", "+14155550101"] },
      on_machine: "leave_message" as const,
      machine_prompt: "we-called",
      amd_check_every: 50,
      amd_settings: {
        initial_silence: 2000,
        greeting: 0,
        after_greeting_silence: 700,
        total_analysis_time: 0,
        min_word_length: 0,
        max_words: 4,
      },
      opt_out_key: "9",
      sales: ["agreed", "renewed"],
      script: "Good day {name}.",
    };

    expect(setupOf(draftOf("spring", setup))).toEqual(setup);
  });

  it("sends moments by this computer's clock as UTC, and none as 0", () => {
    const at = new Date(2027, 2, 1, 9, 30).getTime() / 1000;
    const setup = setupOf({ ...GOOD, startsAt: "2027-03-01T09:30" });

    expect(setup).toMatchObject({ starts_at: at, ends_at: 0 });
    expect(localOf(at)).toBe("2027-03-01T09:30");
  });

  it("sends the time of a timed preview, and none with another pace", () => {
    const timed = { ...GOOD, pacing: "preview" as const, previewS: 20 };

    expect(setupOf(timed)).toMatchObject({ pacing: "preview", preview_s: 20 });
    expect(draftOf("spring", setupOf(timed)).previewS).toBe(20);
    expect(setupOf({ ...timed, pacing: "predictive" }).preview_s).toBe(0);
  });

  it("gives back what it read", () => {
    const setup = {
      ...setupOf(GOOD),
      needs_consent: true,
      legal: "uk-ofcom" as const,
      caps: [
        { of: "person" as const, counting: "attempts" as const, most: 3, within_s: 604_800 },
      ],
      retries: { no_answer: { delay_s: 3600, max_tries: 2, other_number: true } },
    };

    expect(setupOf(draftOf("spring", setup))).toEqual(setup);
  });

  it("shows the center's own retries of a new campaign, and sends what it shows", () => {
    expect(GOOD.retries.busy).toMatchObject({ isOn: true, minutes: 10, tries: 5 });
    expect(Object.keys(setupOf(GOOD).retries ?? {})).toEqual([...RETRIED]);
  });

  it("offers every result that may be tried again", () => {
    const draft = draftOf("spring", { name: "S", pbx: "main", trunk: "t", retries: {} });

    expect(Object.keys(draft.retries)).toEqual([...RETRIED]);
    expect(setupOf(draft).retries).toEqual({});
  });

  it("takes spaces and hyphens out of a number", () => {
    expect(setupOf({ ...GOOD, callerId: "+1 (312) 555-0100" }).caller_id).toBe("+13125550100");
  });

  it("sorts the server's words to the fields", () => {
    const told = toldOf([
      { path: "body.window.closes", detail: "too early" },
      { path: "path.campaign", detail: "no such name" },
    ]);

    expect(told).toEqual({ "window.closes": "too early", id: "no such name" });
  });

  it.each([
    ["Card renewals", "card-renewals"],
    ["Été 2027!", "ete-2027"],
    ["2027 spring", "spring"],
    ["春季续费", ""],
    ["A very long name that goes on and on and on", "a-very-long-name-that-goes-on-a"],
  ])("makes of %s the short name %s", (name, id) => {
    expect(idOf(name)).toBe(id);
  });
});

describe("the columns of a list", () => {
  const columns = [
    { name: "Handy", taken_as: "attribute", examples: [] },
    { name: "Phone", taken_as: "number", examples: [] },
    { name: "Name", taken_as: "name", examples: [] },
    { name: "Twin", taken_as: "skip", examples: [] },
    { name: "Twin", taken_as: "skip", examples: [] },
    { name: "", taken_as: "skip", examples: [] },
  ];

  it("are left to the server as long as nobody says otherwise", () => {
    expect(mappingOf(columns, {})).toEqual([]);
    expect(mappingOf(columns, { 2: "name" })).toEqual([]);
  });

  it("say again what would not be guessed any more", () => {
    expect(mappingOf(columns, { 0: "mobile" })).toEqual([
      ["mobile", "Handy"],
      ["number", "Phone"],
    ]);
    expect(mappingOf(columns, { 0: "name", 2: "skip" })).toEqual([
      ["name", "Handy"],
      ["skip", "Name"],
    ]);
  });

  it("have the number where somebody wrote it, until the table says it", () => {
    expect(withNumber("Handy", [["skip", "Born"]])).toEqual([
      ["number", "Handy"],
      ["skip", "Born"],
    ]);
    expect(withNumber("Handy", [["mobile", "Handy"]])).toEqual([["mobile", "Handy"]]);
    expect(withNumber("", [])).toEqual([]);
  });

  it("can be told of by a name that only one has", () => {
    expect(columns.map((_, place) => canBeNamed(columns, place))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("a list's name", () => {
  it.each(["autumn.csv", "autumn.XLSX"])("of %s is the file's without its ending", (name) => {
    expect(listOf(new File([], name))).toBe("autumn");
  });
});

describe("the end of the lists", () => {
  const list = {
    id: 1,
    name: "autumn",
    priority: 0,
    imported_at: NOW,
    total: 100,
    due: 50,
    later: 10,
    done: 40,
    used_up: 0,
    dnc: 0,
    no_consent: 0,
    finished: 20,
  };

  it("is told at the pace of the last hour, or of the time it runs", () => {
    expect(finishIn([list], 7200)).toEqual({ hours: 3, minutes: 0 });
    expect(finishIn([list, list], 1800)).toEqual({ hours: 1, minutes: 30 });
  });

  it("is not told when nobody was finished or it has just begun", () => {
    expect(finishIn([{ ...list, finished: 0 }], 7200)).toBeNull();
    expect(finishIn([list], 60)).toBeNull();
    expect(finishIn([], 7200)).toBeNull();
  });
});

describe("figures", () => {
  it("count what is under way wherever it is", () => {
    expect(underWayOf(campaignWith({ screening: 1, waiting: 1, dropping: 1, recording: 1 }))).toBe(10);
  });

  it("count every result once", () => {
    expect(endedOf(campaignWith())).toBe(71);
  });
});

describe("a moment", () => {
  it("today is a time, another day has its day", () => {
    const now = new Date(2027, 0, 15, 12, 0).getTime();
    const today = new Date(2027, 0, 15, 14, 5).getTime() / 1000;
    const tomorrow = new Date(2027, 0, 16, 9, 0).getTime() / 1000;

    expect(momentOf(today, "en", now)).toBe("14:05");
    expect(momentOf(tomorrow, "en", now)).toBe("Jan 16, 09:00");
  });

  it("that never was is a dash", () => {
    expect(momentOf(0, "en")).toBe("–");
  });

  it("is told to the second where calls ended", () => {
    expect(clockOf(NOW, "en")).toMatch(/^\d\d:\d\d:20$|^\d\d:\d\d:\d\d$/);
  });
});
