import { act } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";

import { show } from "../testing";
import { DataTable } from "./DataTable";

const ROW_PX = 32;
const HEIGHT = 640;

afterEach(() => vi.unstubAllGlobals());

/** A table in a frame of 640 px; happy-dom has no layout, so it is told where things are. */
async function tableOf(count: number) {
  let scrolled = 0;
  let measure = () => {};
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(told: () => void) {
        measure = told;
      }
      observe() {
        measure();
      }
      disconnect() {}
    },
  );
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function rect(
    this: HTMLElement,
  ) {
    return new DOMRect(0, this.tagName === "TBODY" ? -scrolled : 0, 100, HEIGHT);
  });
  const rows = Array.from({ length: count }, (_, index) => ({ id: `row ${index}` }));
  const columns = [{ id: "id", header: "Id", cell: (row: { id: string }) => row.id }];
  const place = await show(
    <div style={{ overflowY: "auto" }} className="scroller">
      <DataTable label="Long" columns={columns} rows={rows} rowKey={(row) => row.id} empty="" />
    </div>,
  );
  const scroll = (row: number) =>
    act(async () => {
      scrolled = row * ROW_PX;
      place.querySelector(".scroller")?.dispatchEvent(new Event("scroll"));
    });
  const drawn = () =>
    [...place.querySelectorAll("tbody tr:not([aria-hidden])")].map((row) => row.textContent);
  const height = () =>
    drawn().length * ROW_PX +
    [...place.querySelectorAll<HTMLElement>("tbody tr[aria-hidden]")]
      .map((gap) => Number.parseFloat(gap.style.height))
      .reduce((sum, px) => sum + px, 0);
  return { drawn, height, scroll };
}

describe("a long table", () => {
  it("draws only what is seen and some rows around, at its full height", async () => {
    const { drawn, height, scroll } = await tableOf(1_000);

    await scroll(500);

    expect(drawn()).toContain("row 500");
    expect(drawn()).toContain("row 520");
    expect(drawn().length).toBeLessThan(100);
    expect(height()).toBe(1_000 * ROW_PX);
  });

  it("reaches its last row", async () => {
    const { drawn, height, scroll } = await tableOf(1_000);

    await scroll(980);

    expect(drawn().at(-1)).toBe("row 999");
    expect(height()).toBe(1_000 * ROW_PX);
  });

  it("that is not long is drawn whole", async () => {
    const { drawn } = await tableOf(150);

    expect(drawn().length).toBe(150);
  });
});
