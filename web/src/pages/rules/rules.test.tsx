import { act } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Preview, Role, VersionText } from "../../api";
import { SessionProvider } from "../../app/session";
import { click, eventually, fakeServer, json, problem, show } from "../../testing";
import RulesPage from ".";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

const TEXT = "format: 1\nrules:\n  - name: everybody\n";
const OTHER = TEXT.replace("everybody", "all");
const AT = 1_800_000_000;

function version(number: number, changed: Partial<VersionText> = {}): VersionText {
  return {
    version: number,
    state: "published",
    by: "ana",
    created_at: AT,
    published_at: AT,
    comment: "",
    based_on: number - 1,
    text: TEXT,
    ...changed,
  };
}

const PREVIEW: Preview = {
  problem: "",
  waiting: 12,
  looked_at: 12,
  changed: ["c1", "c2", "c3"].map((call) => ({
    call,
    from_rule: "everybody",
    to_rule: "all",
    differs: ["weight", "target"],
  })),
  weights_differ: false,
};

const PUBLISHED = "GET /api/v1/rules";
const VERSIONS = "GET /api/v1/rules/versions?limit=30&before=0";
const CHECK = "POST /api/v1/rules/check";
const PREVIEWS = "POST /api/v1/rules/preview";
const PUBLISH = "POST /api/v1/rules/publish";
const ROLL_BACK = "POST /api/v1/rules/rollback";

/** The page, on a server that has version 2 after 1. */
async function open(answers: Parameters<typeof fakeServer>[0] = {}, role: Role = "supervisor") {
  const now = version(2);
  const older = version(1, { state: "replaced", text: OTHER, comment: "the first" });
  const asked = fakeServer({
    "GET /api/v1/me": () =>
      json({ account: "sam", name: "Sam", roles: [role], agent: null, token: "" }),
    [PUBLISHED]: () => json(now),
    [VERSIONS]: () => json({ versions: [now, older], next: 0 }),
    "GET /api/v1/rules/versions/1": () => json(older),
    "GET /api/v1/rules/versions/2": () => json(now),
    [CHECK]: () => json({ problems: [] }),
    [PREVIEWS]: () => json(PREVIEW),
    ...answers,
  });
  const place = await show(
    <SessionProvider>
      <RulesPage />
    </SessionProvider>,
  );
  await eventually(() => expect(place.querySelectorAll("li b").length).toBeGreaterThan(0));
  return { place, asked };
}

async function write(text: string): Promise<void> {
  const area = document.querySelector("textarea");
  await act(async () => {
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set;
    set?.call(area, text);
    area?.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function button(text: string): HTMLButtonElement | null {
  const all = [...document.querySelectorAll("button")];
  return (
    all.findLast((one) => one.textContent === text || one.getAttribute("aria-label") === text) ??
    null
  );
}

const sentTo = (asked: ReturnType<typeof fakeServer>, wanted: string) =>
  asked.filter(({ operation }) => operation === wanted).map(({ body }) => body);

const isReady = () => expect(button("Publish")?.disabled).toBe(false);

/** Publishes what is written. */
async function publish(): Promise<void> {
  await eventually(isReady);
  await click(button("Publish"));
  await act(async () => document.querySelector<HTMLFormElement>("[role=dialog] form")?.requestSubmit());
}

beforeEach(() => localStorage.setItem("language", "en"));

describe("writing rules", () => {
  it("shows what is wrong at its line, and publishes nothing until it is mended", async () => {
    const wrong = { line: 3, what: "There is no queue carsd", mend: "Did you mean cards?" };
    const { place } = await open({
      [CHECK]: (body) =>
        json({ problems: (body as { text: string }).text.includes("carsd") ? [wrong] : [] }),
    });
    expect(button("Publish")?.disabled).toBe(true); // nothing is changed

    await write(`${TEXT}    then: { queue: carsd }\n`);
    await eventually(() => expect(place.querySelector("[data-problem]")?.textContent).toBe("3"));
    expect(button("Line 3: There is no queue carsd. Did you mean cards?")).not.toBeNull();
    expect(button("Publish")?.disabled).toBe(true);
    expect(place.textContent).toContain("Mend what is wrong first");

    await write(`${TEXT}    then: { queue: cards }\n`);
    await eventually(isReady);
    expect(place.querySelector("[data-problem]")).toBeNull();
    expect(place.textContent).toContain("Nothing is wrong with this text.");
  });

  it("says in words who of the waiting would be treated differently", async () => {
    const { place } = await open();

    await write(OTHER);

    await eventually(() => {
      expect(place.textContent).toContain("12 callers wait; 3 would be treated differently.");
      expect(place.textContent).toContain("“all” instead of “everybody”");
      expect(place.textContent).toContain("Changes: weight and service level target");
    });
  });

  it("shows the changes line by line", async () => {
    const { place } = await open();
    await write(OTHER);

    await act(async () => place.querySelector<HTMLElement>("input[value=changes]")?.click());

    const rows = [...place.querySelectorAll("table[aria-label=Changes] tr")];
    expect(rows.map((row) => row.lastElementChild?.textContent)).toEqual([
      "format: 1",
      "rules:",
      "  - name: everybody",
      "  - name: all",
    ]);
  });

  it("gives back what was discarded", async () => {
    const { place } = await open();
    await write(OTHER);
    await click(button("Discard"));
    expect(place.querySelector("textarea")?.value).toBe(TEXT);

    await click(button("Undo"));

    expect(place.querySelector("textarea")?.value).toBe(OTHER);
  });
});

describe("publishing", () => {
  it("names the version the text was begun with, and can be undone", async () => {
    let now = version(2);
    const { place, asked } = await open({
      [PUBLISHED]: () => json(now),
      [PUBLISH]: () => {
        now = version(3, { text: OTHER });
        return json(now);
      },
      [ROLL_BACK]: () => json(version(4)),
    });
    await write(OTHER);

    await publish();

    await eventually(() => expect(place.textContent).toContain("Version 3 holds now."));
    expect(sentTo(asked, PUBLISH)).toEqual([{ text: OTHER, comment: "", based_on: 2 }]);
    await click(button("Undo"));
    expect(sentTo(asked, ROLL_BACK)).toEqual([{ version: 2, based_on: 3 }]);
  });

  it("loses nobody's change when two write: both are named, with a way on", async () => {
    let now = version(2);
    const { place, asked } = await open({
      [PUBLISHED]: () => json(now),
      "GET /api/v1/rules/versions/3": () => json(now),
      [PUBLISH]: () => {
        now = version(3, { by: "max", text: `${TEXT}# by max\n` });
        return problem(409, "conflict");
      },
    });
    await write(OTHER);
    await publish();
    await eventually(() => expect(place.textContent).toContain("max published version 3"));
    expect(place.textContent).toContain("Your text, Sam, was begun with version 2");
    expect(place.querySelector("textarea")?.value).toBe(OTHER);
    expect(button("Publish")?.disabled).toBe(true);

    await click(button("See what max changed"));
    await eventually(() => expect(place.textContent).toContain("# by max"));
    await click(button("Back"));
    await click(button("Go on with mine"));
    await publish();

    expect(sentTo(asked, PUBLISH).at(-1)).toMatchObject({ text: OTHER, based_on: 3 });
  });
});

describe("versions", () => {
  it("are gone back to with one click, and that can be undone", async () => {
    const { place, asked } = await open({ [ROLL_BACK]: () => json(version(3)) });

    await click(button("Roll back to version 1"));

    await eventually(() =>
      expect(place.textContent).toContain("Version 3 holds now: it says what version 1 said."),
    );
    expect(sentTo(asked, ROLL_BACK)).toEqual([{ version: 1, based_on: 2 }]);
    await click(button("Undo"));
    expect(sentTo(asked, ROLL_BACK).at(-1)).toEqual({ version: 2, based_on: 3 });
  });

  it("are looked at beside what holds, and taken into the editor", async () => {
    const { place } = await open();
    const older = [...place.querySelectorAll("button")].find((one) =>
      one.textContent?.includes("the first"),
    );

    await click(older ?? null);
    await eventually(() =>
      expect(place.querySelector("table[aria-label=Changes]")?.textContent).toContain("all"),
    );
    await click(button("Edit this text"));

    expect(place.querySelector("textarea")?.value).toBe(OTHER);
    expect(place.textContent).toContain("The text of version 1 is in the editor.");
  });

  it("that came from the file are told of: nobody is treated by a draft", async () => {
    const draft = version(3, { state: "draft", by: "file", published_at: 0 });
    const { place } = await open({
      [VERSIONS]: () => json({ versions: [draft, version(2)], next: 0 }),
    });

    expect(place.textContent).toContain("It is kept as draft 3");
  });

  it("are only read by an auditor", async () => {
    const { place } = await open({}, "auditor");

    expect(place.querySelector("textarea")?.readOnly).toBe(true);
    expect(button("Publish")).toBeNull();
    expect(button("Roll back to version 1")).toBeNull();
    expect(place.textContent).toContain("You may read the rules.");
  });

  it("that cannot be read are said so, and asked for again", async () => {
    let isThere = false;
    fakeServer({
      [PUBLISHED]: () => (isThere ? json(version(2)) : problem(500, "unavailable")),
      "GET /api/v1/me": () =>
        json({ account: "sam", name: "Sam", roles: ["auditor"], agent: null, token: "" }),
      [VERSIONS]: () => json({ versions: [], next: 0 }),
    });
    const place = await show(
      <SessionProvider>
        <RulesPage />
      </SessionProvider>,
    );
    await eventually(() => expect(place.textContent).toContain("does not answer"));

    isThere = true;
    await click(button("Try again"));

    await eventually(() => expect(place.querySelector("textarea")?.value).toBe(TEXT));
  });
});
