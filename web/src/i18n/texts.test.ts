import { describe, expect, it } from "vitest";

import { makeTranslate } from ".";
import { en, fillIn, zh } from "./texts";
import type { TextKey } from "./texts";

const keys = Object.keys(en) as TextKey[];
const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();

describe("the catalogues", () => {
  it("have the same texts with the same places", () => {
    expect(Object.keys(zh).toSorted()).toEqual(keys.toSorted());
    for (const key of keys) expect(places(zh[key]), key).toEqual(places(en[key]));
  });

  it("have no empty text", () => {
    for (const key of keys) expect(Math.min(en[key].length, zh[key].length), key).toBeGreaterThan(0);
  });

  it("have both forms of what is counted", () => {
    for (const key of keys.filter((name) => name.endsWith(".one"))) {
      expect(keys, key).toContain(key.replace(/one$/, "other"));
    }
  });

  it("are written in their own languages", () => {
    const chinese = /\p{Script=Han}/u;
    const ownNames = new Set<string>(["language.zh"]);
    expect(keys.filter((key) => chinese.test(en[key]) && !ownNames.has(key))).toEqual([]);
  });
});

describe("a text", () => {
  it("is filled in, numbers as the language writes them", () => {
    expect(fillIn("{name} has {calls} calls", { name: "Ana", calls: 1234 }, "en")).toBe(
      "Ana has 1,234 calls",
    );
  });

  it("shows a place that was not given rather than nothing", () => {
    expect(fillIn("for {name}", {}, "en")).toBe("for {name}");
  });

  it("differs by count where the language does", () => {
    const [english, chinese] = [makeTranslate("en"), makeTranslate("zh")];

    expect(english.count("board.inFallback", 1)).toBe("1 caller is in the PBX's own queue");
    expect(english.count("board.inFallback", 2)).toBe("2 callers are in the PBX's own queue");
    expect(chinese.count("board.inFallback", 1)).toBe("1 位来电者在交换机自带队列中");
  });

  it("falls back to what was given for words of the server", () => {
    const t = makeTranslate("en");

    expect(t.maybe("reason.missed", "missed")).toBe("call missed");
    expect(t.maybe("reason.yoga", "yoga")).toBe("yoga");
  });
});
