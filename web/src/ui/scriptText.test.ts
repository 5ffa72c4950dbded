import { describe, expect, it } from "vitest";

import { areBracesWhole, readScript } from "./scriptText";

describe("a script", () => {
  it("has headings, paragraphs and points", () => {
    expect(readScript("# Hello\nOne\ntwo\n\nthree\n- a\n* b\n\n- c", {})).toEqual([
      { kind: "heading", line: ["Hello"] },
      { kind: "paragraph", lines: [["One"], ["two"]] },
      { kind: "paragraph", lines: [["three"]] },
      { kind: "points", lines: [["a"], ["b"]] },
      { kind: "points", lines: [["c"]] },
    ]);
  });

  it("does not take a number or a dash for a mark", () => {
    expect(readScript("#1 in town\n-5 %", {})).toEqual([
      { kind: "paragraph", lines: [["#1 in town"], ["-5 %"]] },
    ]);
  });

  it("fills in what is known, whatever the case, and never twice", () => {
    const values = { "due date": "{name}", name: "Ana" };

    expect(readScript("{Name}, by {DUE_DATE}: {card}", values)).toEqual([
      {
        kind: "paragraph",
        lines: [
          [
            { name: "Name", value: "Ana" },
            ", by ",
            { name: "DUE_DATE", value: "{name}" },
            ": ",
            { name: "card", value: "" },
          ],
        ],
      },
    ]);
  });

  it.each([
    ["{name} and {card}", true],
    ["", true],
    ["{name", false],
    ["name}", false],
    ["{name\n}", false],
    ["{a {b}", false],
  ])("tells whether the braces of %j are whole", (text, isWhole) => {
    expect(areBracesWhole(text)).toBe(isWhole);
  });
});
