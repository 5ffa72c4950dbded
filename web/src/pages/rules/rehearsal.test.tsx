import { useState } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Paired, RehearsalResult, RehearsalView } from "../../api";
import { click, eventually, fakeServer, json, problem, show } from "../../testing";
import { Rehearsal } from "./Rehearsal";

vi.setConfig({ testTimeout: 20_000 });

const TEXT = "format: 1\nrules:\n  - name: all\n";
const START = "POST /api/v1/rules/rehearsals";
const LOOK = "GET /api/v1/rules/rehearsals/r1";
const CANCEL = "DELETE /api/v1/rules/rehearsals/r1";

const same = (value: number): Paired => ({ current: value, new: value, difference: 0, least: 0, most: 0 });

const RESULT: RehearsalResult = {
  day: "2026-12-01",
  begin: 0,
  end: 86_400,
  seeds: 10,
  tiers: [
    {
      tier: "gold",
      calls: 41.4,
      wait_s: { current: 34, new: 12, difference: -22, least: -25.04, most: -19 },
      in_time: { current: 0.6, new: 0.85, difference: 0.25, least: 0.2, most: 0.3 },
      abandoned: same(0.02),
      by_seniors: same(0.5),
      led_out: same(0),
    },
    {
      tier: "standard",
      calls: 300,
      wait_s: { current: 30, new: 150, difference: 120, least: 90, most: 150 },
      in_time: { current: 0.6, new: 0.6, difference: 0.01, least: -0.02, most: 0.04 },
      abandoned: { current: 0.02, new: 0.02, difference: 0, least: null, most: null },
      by_seniors: same(0.2),
      led_out: { current: 0, new: 0.1, difference: 0.1, least: 0.05, most: 0.15 },
    },
    {
      tier: "all",
      calls: 341,
      wait_s: same(31),
      in_time: same(0.6),
      abandoned: same(0.02),
      by_seniors: same(0.3),
      led_out: same(0),
    },
  ],
  agents: [
    { group: "senior", occupancy: same(0.8) },
    { group: "all", occupancy: same(0.75) },
  ],
  summary: "gold waits about 12 s",
  staffing: "shifts",
  calls_fitted: 4_000,
  days_fitted: 40,
  notes: ["The forecast is thin."],
};

function view(changed: Partial<RehearsalView> = {}): RehearsalView {
  return {
    id: "r1",
    by: "sam",
    state: "running",
    current_version: 2,
    started_at: 1_800_000_000,
    ended_at: 0,
    share: 0,
    doing: "reading",
    problem: "",
    result: null,
    ...changed,
  };
}

const button = (text: string) =>
  [...document.querySelectorAll("button")].find((one) => one.textContent === text) ?? null;

async function open(text = TEXT, isReady = true, isEditor = true) {
  return show(<Rehearsal text={text} isReady={isReady} isEditor={isEditor} />);
}

beforeEach(() => localStorage.setItem("language", "en"));

describe("a rehearsal", () => {
  it("is begun with the text, tells how far it is and shows both side by side", async () => {
    let stands = view({ doing: "playing", share: 0.5 });
    const asked = fakeServer({ [START]: () => json(view()), [LOOK]: () => json(stands) });
    const place = await open();
    await click(button("Rehearse"));
    await eventually(() => expect(place.textContent).toContain("Playing forecast days"));

    stands = view({ state: "done", share: 1, result: RESULT });
    await eventually(() => expect(place.querySelector("table")).not.toBeNull());

    expect(asked.find(({ operation }) => operation === START)?.body).toEqual({ text: TEXT });
    expect(place.textContent).toContain("Gold: wait about 12 s, now 34 s");
    expect(place.textContent).toContain("Standard: wait about 2.5 min, now 30 s");
    expect(place.textContent).toContain("Gold, 41 calls a day");
    expect(place.textContent).toContain("forecast from 4,000 calls of 40 days");
    expect(place.textContent).toContain("The forecast is thin.");
    const rows = [...place.querySelectorAll("tbody tr")].map((row) => [
      row.textContent,
      row.getAttribute("data-verdict"),
    ]);
    expect(rows).toContainEqual(["Mean wait34 s12 s−22 (−25 to −19)better", "better"]);
    expect(rows).toContainEqual(["Mean wait30 s2.5 min+120 (+90 to +150)worse", "worse"]);
    expect(rows).toContainEqual(["In target60%85%+25 (+20 to +30)better", "better"]);
    expect(rows).toContainEqual(["In target60%60%+1 (−2 to +4)", null]);
    expect(rows).toContainEqual(["Hung up2%2%0 (unknown)", null]);
    expect(rows.filter(([text]) => text?.startsWith("Led"))).toEqual([
      ["Led elsewhere0%10%+10 (+5 to +15)", null],
    ]);
    expect(rows).toContainEqual(["Seniors80%80%0 (0 to 0)", null]);
  });

  it("is cancelled, and may be begun again", async () => {
    fakeServer({
      [START]: () => json(view()),
      [LOOK]: () => json(view()),
      [CANCEL]: () => json(view({ state: "cancelled" })),
    });
    const place = await open();
    await click(button("Rehearse"));
    await eventually(() => expect(button("Cancel")).not.toBeNull());

    await click(button("Cancel"));

    await eventually(() => expect(place.textContent).toContain("The rehearsal was cancelled."));
    expect(button("Rehearse")?.disabled).toBe(false);
  });

  it("tells why there is none: it failed, or somebody else has one", async () => {
    let answer = () => problem(409, "conflict");
    fakeServer({
      [START]: () => answer(),
      [LOOK]: () => json(view({ state: "failed", problem: "Nobody works then." })),
    });
    const place = await open();
    await click(button("Rehearse"));
    await eventually(() => expect(place.querySelector("[role=alert]")?.textContent).toBe("why: conflict"));

    answer = () => json(view({ state: "failed", problem: "Nobody works then." }));
    await click(button("Rehearse"));

    await eventually(() =>
      expect(place.querySelector("[role=alert]")?.textContent).toBe("Nobody works then."),
    );
  });

  it("waits for a text without problems, and is not for those who only read", async () => {
    fakeServer({});
    const place = await open(TEXT, false);
    expect(button("Rehearse")?.disabled).toBe(true);
    expect(place.textContent).toContain("nothing is published");
    const reader = await open(TEXT, true, false);
    expect(reader.textContent).toBe("");
  });

  it("says so in Chinese, too", async () => {
    localStorage.setItem("language", "zh");
    const done = view({ state: "done", result: RESULT });
    fakeServer({ [START]: () => json(done), [LOOK]: () => json(done) });
    const place = await open();

    await click(button("预演"));

    await eventually(() => expect(place.querySelector("table")).not.toBeNull());
    expect(place.textContent).toContain("约等待 12 秒，目前 34 秒");
  });

  it("says that its figures are of an earlier text", async () => {
    const done = view({ state: "done", result: RESULT });
    fakeServer({ [START]: () => json(done), [LOOK]: () => json(done) });
    const place = await show(<Changing />);
    await click(button("Rehearse"));
    await eventually(() => expect(place.querySelector("table")).not.toBeNull());
    expect(place.textContent).not.toContain("changed since");

    await click(button("write"));

    expect(place.textContent).toContain("The text was changed since");
  });
});

function Changing() {
  const [text, write] = useState(TEXT);
  return (
    <>
      <button type="button" onClick={() => write(`${TEXT} `)}>
        write
      </button>
      <Rehearsal text={text} isReady isEditor />
    </>
  );
}
