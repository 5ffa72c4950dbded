import { beforeEach, describe, expect, it, vi } from "vitest";

import { click, json, problem, type } from "../../testing";
import { campaignWith } from "./samples";
import { appears, button, field, open, submit, writes } from "./testing";

vi.setConfig({ testTimeout: 20_000 }); // whole pages, drawn beside other tests on a small machine

beforeEach(() => {
  localStorage.clear();
  localStorage.setItem("language", "en");
});

const path = "/api/v1/campaigns/renewals";
const setup = { name: "Card renewals", pbx: "main", trunk: "carrier", script: "Good day {name}." };

function preview(): Element | null {
  return document.querySelector("section[aria-label='On the desk, with made-up values']");
}

async function openForm(save: () => Response) {
  const { asked } = await open("/campaigns/renewals", [campaignWith()], {
    [`GET ${path}/settings`]: () => json(setup),
    [`GET ${path}/placeholders`]: () => json({ fields: ["name"], columns: ["card"] }),
    [`PUT ${path}`]: save,
  });
  await click(button("Settings"));
  await appears("Text");
  await vi.waitFor(() => expect(button("{card}")).not.toBeNull());
  return asked;
}

describe("the script in a campaign's form", () => {
  it("is drawn as on the desk while it is typed, and saved with the settings", async () => {
    const asked = await openForm(() => json(campaignWith()));
    expect(preview()?.textContent).toBe("On the desk, with made-up valuesGood day Anna Berg.");

    await type(field("Text"), "# Hello\nYour {card} and {nmae}. ");
    expect(preview()?.querySelector("h3")?.textContent).toBe("Hello");
    expect(preview()?.textContent).toContain("Your card and not known: nmae.");
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({ script: "# Hello\nYour {card} and {nmae}." });
  });

  it("takes a place from the names that there are", async () => {
    const asked = await openForm(() => json(campaignWith()));

    await click(button("{card}"));
    await submit();

    expect(writes(asked)[0]?.body).toMatchObject({ script: expect.stringContaining("{card}") });
  });

  it("that names what there is not says so at its field", async () => {
    await openForm(() => {
      const refusal = problem(422, "invalid");
      return new Response(
        JSON.stringify({
          type: "urn:callcenter:problem:invalid",
          title: "Invalid",
          status: 422,
          detail: "Wrong.",
          errors: [{ path: "body.script", detail: "there is no {nmae}; take {name}" }],
        }),
        { status: 422, headers: refusal.headers },
      );
    });

    await submit();

    await vi.waitFor(() =>
      expect(document.body.textContent).toContain("there is no {nmae}; take {name}"),
    );
    expect(field("Text")?.getAttribute("aria-invalid")).toBe("true");
  });
});
