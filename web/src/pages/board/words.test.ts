import { describe, expect, it } from "vitest";

import type { Waiting } from "../../api";
import { makeTranslate } from "../../i18n";
import { routingWith, SINCE, waitingWith } from "./samples";
import { namesText, nextText, positionText, reasonText, valueText, whyText } from "./words";

const [t, zh] = [makeTranslate("en"), makeTranslate("zh")];

const why = (changed: Partial<Waiting>) =>
  whyText(t, routingWith({ waiting: waitingWith(changed) }));

describe("why a call still waits", () => {
  it("is said in one sentence for each reason", () => {
    expect(why({ reason: "nobody_signed_in" })).toBe(
      "Nobody who is signed in may take this call now.",
    );
    expect(why({ busy: 3 })).toBe("All 3 agents who may take it are at work.");
    expect(why({ busy: 3, idle: 1 })).toBe(
      "It is offered to an agent with the next decision.",
    );
  });

  it("tells what it is kept for, and how soon a senior is expected", () => {
    const hold = { reason: "for_senior", until: SINCE + 60, expected_s: 12, benefit: 1, cost: 1 };

    expect(why({ reason: "held", hold: hold as Waiting["hold"] })).toContain("about 0:12");
    expect(
      why({ reason: "held", hold: { ...hold, expected_s: 0 } as Waiting["hold"] }),
    ).not.toContain("0:00");
    expect(
      why({
        reason: "held",
        preferred: "ana",
        hold: { ...hold, reason: "for_preferred" } as Waiting["hold"],
      }),
    ).toBe("It is kept for ana, who knows this customer.");
  });

  it("promises no time while nobody is at work", () => {
    expect(positionText(t, routingWith())).toBe(
      "It is number 2 in its queue; about 0:40 more is expected.",
    );
    const nobody = routingWith({ waiting: waitingWith({ expected_s: null }) });
    expect(positionText(t, nobody)).toContain("cannot be said");
  });

  it("is empty for a call that does not wait", () => {
    expect(whyText(t, routingWith({ waiting: null }))).toBe("");
    expect(positionText(t, routingWith({ waiting: null }))).toBe("");
  });
});

describe("what happens next", () => {
  it("names the skills that are enough then, in both languages", () => {
    const widens = (after: number) =>
      nextText(t, routingWith(), [SINCE + after, "step_widens"], SINCE);

    expect(widens(60)).toBe("More agents may take it. Enough is then: german from level 1.");
    expect(widens(120)).toBe("Any agent of the queue may take it.");
    expect(widens(90)).toBe("More agents may take it."); // of rules that hold no longer
    expect(nextText(zh, routingWith(), [SINCE + 60, "step_widens"], SINCE)).toBe(
      "更多坐席可以接听。届时只需：german 1 级以上。",
    );
  });

  it("names the agent for whom it is kept no longer", () => {
    const routing = routingWith({ waiting: waitingWith({ preferred: "ana" }) });

    expect(nextText(t, routing, [SINCE + 15, "released_to_all"], SINCE)).toContain("for ana");
    expect(nextText(t, routing, [SINCE + 15, "overdue"], SINCE)).toContain("waited less");
  });
});

describe("words of the server", () => {
  it("are said as they are when the page does not know them", () => {
    expect(reasonText(t, "senior")).toBe("The call is worth a senior, and one was free.");
    expect(reasonText(t, "dice")).toBe("Reason: dice.");
  });

  it("are shortened when they are many, and never empty", () => {
    const group = { fit: "at_work", seniority: "senior", names: ["ana", "ben"] } as const;

    expect(namesText(t, { ...group, count: 7, names: [...group.names] })).toBe(
      "ana, ben and others",
    );
    expect(namesText(t, { ...group, count: 2, names: [...group.names] })).toBe("ana, ben");
    expect(valueText(t, "")).toBe("empty");
    expect(valueText(t, [])).toBe("empty");
    expect(valueText(t, ["1", "3"])).toBe("1, 3");
    expect(valueText(t, false)).toBe("false");
  });
});
