import { act } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { AGENT_LOOKS, CALL_LOOKS, CAMPAIGN_LOOKS, SHAPES } from "../theme/states";
import { click, fakeLive, show } from "../testing";
import { DataTable } from "./DataTable";
import type { Column } from "./DataTable";
import { Elapsed } from "./Elapsed";
import { PhoneNumber } from "./PhoneNumber";
import { StateBadge } from "./StateBadge";
import { TierBadge } from "./TierBadge";

beforeEach(() => localStorage.setItem("language", "en"));
afterEach(() => void vi.useRealTimers());

describe("a state's badge", () => {
  it("has a word, a shape and a colour: colour is never the only sign", async () => {
    const place = await show(<StateBadge look="talking" text="Talking" detail="then lunch" />);

    expect(place.querySelector("[data-look=talking]")?.textContent).toBe("Talkingthen lunch");
    expect(place.querySelector("svg.lucide-audio-lines")).not.toBeNull();
  });

  it("has a shape of its own for every look", () => {
    const shapes = Object.values(SHAPES);

    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it("is red for no state of an agent or a campaign: red means act now", () => {
    expect(Object.values(AGENT_LOOKS)).not.toContain("alarm");
    expect(Object.values(CAMPAIGN_LOOKS)).not.toContain("alarm");
    expect(CALL_LOOKS.in_fallback).toBe("alarm");
  });
});

describe("a tier's badge", () => {
  it("is told by its shape too", async () => {
    const place = await show(
      <>
        <TierBadge tier="gold" />
        <TierBadge tier="standard" compact />
      </>,
    );

    expect(place.querySelector("[data-tier=gold] svg")?.getAttribute("fill")).toBe("currentColor");
    expect(place.querySelector("[data-tier=standard]")?.getAttribute("title")).toBe("Standard");
  });
});

describe("a ticking time", () => {
  async function ticking(element: React.ReactNode) {
    vi.useFakeTimers({ now: 1_000_000 });
    const live = fakeLive();
    live.client.start();
    live.socket.greet("run-1", 5_000); // the server's clock is not this machine's
    const place = await show(element, live.client);
    const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    return { ...live, place, pass };
  }

  it("counts from the server's moment by the server's clock", async () => {
    const { place, pass } = await ticking(<Elapsed since={4_940} />);
    expect(place.textContent).toBe("1:00");

    await pass(2_000);

    expect(place.textContent).toBe("1:02");
  });

  it("counts down to a moment, and not below nothing", async () => {
    const { place, pass } = await ticking(<Elapsed since={5_002} until />);
    expect(place.textContent).toBe("0:02");

    await pass(3_000);

    expect(place.textContent).toBe("0:00");
  });

  it("shows nothing for what was not yet", async () => {
    const { place } = await ticking(<Elapsed since={0} />);

    expect(place.textContent).toBe("");
  });

  it("is marked when it is late", async () => {
    const { place, pass } = await ticking(<Elapsed since={4_998} lateAfterS={5} />);
    expect(place.querySelector("[data-late]")).toBeNull();

    await pass(3_000);

    expect(place.querySelector("[data-late]")?.textContent).toBe("0:05");
  });

  it("stands still while the connection is lost", async () => {
    const { place, pass, sockets } = await ticking(<Elapsed since={4_990} />);
    expect(place.textContent).toBe("0:10");

    sockets[0]?.drop();
    await pass(5_000);

    expect(place.textContent).toBe("0:10");
  });
});

describe("a phone number", () => {
  it("is written for the eye and copied as E.164", async () => {
    const place = await show(<PhoneNumber number="+15551234567" />);
    const copied = new Map<string, string>();
    const event = Object.assign(new Event("copy", { bubbles: true, cancelable: true }), {
      clipboardData: { setData: (kind: string, text: string) => copied.set(kind, text) },
    });

    place.querySelector("span")?.dispatchEvent(event);

    expect(place.textContent).toBe("+1 555 123 4567");
    expect(copied.get("text/plain")).toBe("+15551234567");
  });
});

interface Row {
  id: string;
  calls: number;
}

describe("a table", () => {
  const rows: Row[] = [
    { id: "b", calls: 2 },
    { id: "a", calls: 10 },
    { id: "c", calls: 5 },
  ];
  const columns: Column<Row>[] = [
    { id: "id", header: "Name", cell: (row) => row.id, by: (row) => row.id },
    {
      id: "calls",
      header: "Calls",
      cell: (row) => row.calls,
      by: (row) => row.calls,
      number: true,
      largestFirst: true,
    },
  ];
  const order = (place: HTMLElement) =>
    [...place.querySelectorAll("tbody tr")].map((tr) => tr.firstElementChild?.textContent).join("");
  const table = (shown: Row[]) => (
    <DataTable label="Test" columns={columns} rows={shown} rowKey={(row) => row.id} empty="none" />
  );

  it("comes as given, and is sorted by a click, the other way round by a second, then as given", async () => {
    const place = await show(table(rows));
    const [name, calls] = place.querySelectorAll("th button");
    const seen = [order(place)];

    for (const header of [name, name, name, calls]) {
      // oxlint-disable-next-line no-await-in-loop -- one click after the other
      await click(header ?? null);
      seen.push(order(place));
    }

    expect(seen).toEqual(["bac", "abc", "cba", "bac", "acb"]);
    expect(place.querySelectorAll("th")[1]?.getAttribute("aria-sort")).toBe("descending");
  });

  it("says that it is empty", async () => {
    const place = await show(table([]));

    expect(place.querySelector("tbody")?.textContent).toBe("none");
  });
});
