import { beforeEach, describe, expect, it, vi } from "vitest";

import { freshCard, openDesk, pass, settle } from "./deskTesting";
import { agentWith, callWith, NOW } from "./samples";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(settle);

const SCRIPT = [
  "# Opening",
  "Good day {name}, I am {agent}",
  "of {campaign}.",
  "",
  "- Your {Card_Type} runs out in {due}.",
  "- Number {number}, list {list}",
].join("\n");

const contact = {
  name: "Zhang Min",
  number: "+3545552001",
  campaign: "renewals",
  list: "autumn",
  attributes: { "card type": "gold card" },
  script: SCRIPT,
  customer: null,
};
const free = agentWith({ campaign: "renewals", line: "parked" });

function scriptOf(place: Element) {
  return [...place.querySelectorAll("section")].find(
    (section) => section.querySelector("h2")?.textContent === "What to say",
  );
}

describe("the script of a campaign", () => {
  it("is there while the card is read, filled in, with a blank for what is not known", async () => {
    const { place, say, tellOf } = await openDesk(free);
    expect(scriptOf(place)).toBeUndefined();
    await say(
      freshCard({
        call: "att-1",
        campaign: "renewals",
        contact: "17",
        preview: true,
        card: contact,
      }),
    );
    const shown = { contact: "17", number: "+3545552001", since: NOW, dial_at: 0 };
    await tellOf({ ...free, preview: { ...shown, id: "att-1", campaign: "renewals" } });
    await pass(20);

    const script = scriptOf(place);
    expect(script?.querySelector("h3")?.textContent).toBe("Opening");
    expect(script?.querySelector("p")?.textContent).toBe(
      "Good day Zhang Min, I am Ana Leeof Card renewals.",
    );
    expect([...(script?.querySelectorAll("li") ?? [])].map((li) => li.textContent)).toEqual([
      "Your gold card runs out in not known: due.",
      "Number +354 555 2001, list autumn",
    ]);
    expect(script?.textContent).not.toContain("{");
    expect(script?.querySelector("[title='not known: due']")).not.toBeNull();
  });

  it("stays in the conversation, also of a contact who calls back", async () => {
    const { place, say, tellOf } = await openDesk(agentWith());
    await say(
      freshCard({ call: "c1", campaign: "renewals", contact: "17", returned: true, card: contact }),
    );
    await tellOf(
      agentWith({ state: "talking", call: "c1" }),
      callWith({ returned: "renewals", contact: "17" }),
    );

    expect(scriptOf(place)?.textContent).toContain("Good day Zhang Min");
  });

  it("is not there for a call that is of no campaign, nor where nobody wrote one", async () => {
    const { place, say, tellOf } = await openDesk(free);
    await say(freshCard());
    await tellOf(agentWith({ state: "talking", call: "c1" }), callWith());
    expect(scriptOf(place)).toBeUndefined();

    await say(
      freshCard({ contact: "17", campaign: "renewals", seq: 2, card: { ...contact, script: "" } }),
    );

    expect(scriptOf(place)).toBeUndefined();
  });
});
