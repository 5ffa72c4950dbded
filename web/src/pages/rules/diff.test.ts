import { describe, expect, it } from "vitest";

import { diffLines, hunksOf } from "./diff";

const signs = { same: " ", out: "-", in: "+" };

function told(before: string, after: string): string[] {
  return diffLines(before, after).map(({ kind, text }) => signs[kind] + text);
}

describe("the difference of two texts", () => {
  it("keeps what is the same and tells what came and went, with the numbers of both", () => {
    expect(told("a\nb\nc\n", "a\nx\nc\nd\n")).toEqual([" a", "-b", "+x", " c", "+d"]);
    expect(diffLines("a\nb\n", "b\n")).toEqual([
      { kind: "out", text: "a", before: 1, after: 0 },
      { kind: "same", text: "b", before: 2, after: 1 },
    ]);
  });

  it("is empty for texts that say the same, and all of a text beside nothing", () => {
    expect(hunksOf(diffLines("a\nb\n", "a\nb\n"))).toEqual([]);
    expect(told("", "a\nb\n")).toEqual(["+a", "+b"]);
    expect(told("a\n", "")).toEqual(["-a"]);
  });

  it("finds the fewest edits, and undone it gives both texts back", () => {
    const before = "a\nb\nc\na\nb\nb\na\n";
    const after = "c\nb\na\nb\na\nc\n";

    const lines = diffLines(before, after);

    expect(lines.filter(({ kind }) => kind !== "same")).toHaveLength(5);
    const side = (other: string) =>
      lines.flatMap(({ kind, text }) => (kind === other ? [] : [`${text}\n`])).join("");
    expect(side("in")).toBe(before);
    expect(side("out")).toBe(after);
  });

  it("of long texts shows only what is near, and says how much is left out", () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const changed = lines.with(15, "other");

    const hunks = hunksOf(diffLines(lines.join("\n"), changed.join("\n")));

    expect(hunks).toHaveLength(1);
    expect(hunks[0]).toMatchObject({ skipped: 12 });
    expect(hunks[0]?.lines).toHaveLength(8);
  });

  it("of texts that have hardly a line in common is all out, all in", () => {
    const many = (word: string) => Array.from({ length: 1_500 }, (_, n) => word + n).join("\n");

    expect(diffLines(many("a"), many("b"))).toHaveLength(3_000);
  });
});
