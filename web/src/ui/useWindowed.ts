/** Which rows of a long table are worth drawing: those that are seen, and some around them. */

import { useEffect, useRef, useState } from "react";
import type { RefObject } from "react";

/** Shorter tables are drawn whole, so that the browser's own search finds everything. */
export const WHOLE_ROWS_MAX = 150;

const ROW_PX = 32; // --row
const STEP = 16; // rows; the window moves by so many at once, not with every pixel
const AROUND = 16; // rows beyond what is seen, so that scrolling shows no gap

interface Windowed {
  /** Goes to the table's body. */
  body: RefObject<HTMLTableSectionElement | null>;
  first: number;
  /** One beyond the last row drawn. */
  end: number;
  /** Heights in px that stand for the rows left out above and below. */
  above: number;
  below: number;
}

export function useWindowed(count: number): Windowed {
  const body = useRef<HTMLTableSectionElement>(null);
  const [seen, setSeen] = useState({ first: 0, end: WHOLE_ROWS_MAX });
  const isLong = count > WHOLE_ROWS_MAX;
  useEffect(() => {
    const scroller = isLong ? scrollParent(body.current) : null;
    if (!scroller) return undefined;
    const measure = () => {
      if (!body.current) return;
      const frame = scroller.getBoundingClientRect();
      const top = frame.top - body.current.getBoundingClientRect().top;
      const first = floorTo(STEP, top / ROW_PX - AROUND);
      const end = floorTo(STEP, (top + frame.height) / ROW_PX + AROUND) + STEP;
      setSeen((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const size = new ResizeObserver(measure); // measures at once, too
    size.observe(scroller);
    scroller.addEventListener("scroll", measure, { passive: true });
    return () => {
      size.disconnect();
      scroller.removeEventListener("scroll", measure);
    };
  }, [isLong]);
  if (!isLong) return { body, first: 0, end: count, above: 0, below: 0 };
  const end = Math.min(count, seen.end);
  const first = Math.max(0, Math.min(seen.first, end - 1));
  return { body, first, end, above: first * ROW_PX, below: (count - end) * ROW_PX };
}

function floorTo(step: number, value: number): number {
  return Math.max(0, Math.floor(value / step) * step);
}

function scrollParent(from: HTMLElement | null): HTMLElement | null {
  for (let at = from?.parentElement; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}
