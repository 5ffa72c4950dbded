import { describe, expect, it } from "vitest";

import { isCurrent, readPerson } from "./card";
import { isMeantForFocus } from "./keys";
import { rememberedPhone, rememberPhone } from "./phone";
import { agentWith, cardWith, NOW } from "./samples";

describe("a person read off a card", () => {
  it("has the customer's fields", () => {
    const person = readPerson(cardWith());

    expect(person).toMatchObject({ name: "Anna Berg", value: 48_000, made: null, known: true });
    expect(person.notes).toEqual(["prefers mornings"]);
  });

  it("of a contact takes the name from the list and the value from the customer", () => {
    const contact = { name: "A. Berg", made: 1, customer: { name: "Anna Berg", value: 12 } };

    const person = readPerson(cardWith({ contact: "7", card: contact }));

    expect(person).toMatchObject({ name: "A. Berg", value: 12, made: 1 });
  });

  it("has what the customer bought in campaigns", () => {
    const bought = { at: NOW, campaign: "renewals", code: "agreed", amount_cents: 4990 };
    const card = { name: "A. Berg", customer: { purchases: [bought, null] } };

    const person = readPerson(cardWith({ contact: "7", card }));

    expect(person.purchases).toEqual([
      { at: NOW, campaign: "renewals", amountCents: 4990 },
      { at: 0, campaign: "", amountCents: 0 },
    ]);
  });

  it("of a contact whom the directory does not know has no value", () => {
    const person = readPerson(cardWith({ contact: "7", card: { name: "A. Berg", customer: null } }));

    expect(person).toMatchObject({ name: "A. Berg", value: null, since: "" });
  });

  it("is shown whatever the fields hold", () => {
    const odd = { name: 12, value: "much", notes: null, attributes: { a: 1, b: null } };

    const person = readPerson(cardWith({ contact: "7", card: odd }));

    expect(person).toMatchObject({ name: "12", value: null, notes: [] });
    expect(person.attributes).toEqual([
      ["a", "1"],
      ["b", ""],
    ]);
  });

  it("is unknown when the card holds nothing", () => {
    expect(readPerson(cardWith({ card: null })).known).toBe(false);
  });
});

describe("a card", () => {
  it("is current while its call is the agent's", () => {
    const agent = agentWith({ call: "c1" });

    expect(isCurrent(cardWith({ call: "c1", at: NOW - 60 }), agent, NOW)).toBe(true);
  });

  it("is current while the agent's state is older than the card", () => {
    expect(isCurrent(cardWith({ at: NOW }), agentWith(), NOW - 1)).toBe(true);
    expect(isCurrent(cardWith({ at: NOW - 1 }), agentWith(), NOW)).toBe(false);
  });
});

describe("a key", () => {
  const inside = (html: string, selector: string) => {
    const place = document.createElement("div");
    place.innerHTML = html;
    return place.querySelector(selector);
  };

  it.each([
    ["<input>", "input"],
    ["<textarea></textarea>", "textarea"],
    ["<div contenteditable><b>x</b></div>", "b"],
    ["<div role=menu><button>x</button></div>", "button"],
    ["<div role=dialog><button>x</button></div>", "button"],
  ])("pressed in %s stays there", (html, selector) => {
    expect(isMeantForFocus(inside(html, selector))).toBe(true);
  });

  it.each([
    ["<button>x</button>", "button"],
    ["<input type=radio>", "input"],
  ])("pressed on %s is the desk's", (html, selector) => {
    expect(isMeantForFocus(inside(html, selector))).toBe(false);
  });

  it("pressed nowhere is the desk's", () => {
    expect(isMeantForFocus(null)).toBe(false);
  });
});

describe("the phone of a desk", () => {
  it("is remembered for each account", () => {
    rememberPhone("ana", "1001");

    expect(rememberedPhone("ana")).toBe("1001");
    expect(rememberedPhone("ben")).toBe("");
  });
});
