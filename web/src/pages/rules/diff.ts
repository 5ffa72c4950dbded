/** What differs between two texts, line by line. */

const CONTEXT = 3; // lines shown around a change
const EDITS_MAX = 600; // beyond that nobody reads it: all is out, all is in

export type DiffKind = "same" | "out" | "in";

export interface DiffLine {
  kind: DiffKind;
  text: string;
  /** Line numbers in the two texts, from 1; 0: not there. */
  before: number;
  after: number;
}

/** Lines near changes, and how many lines were left out before each of them. */
export interface Hunk {
  skipped: number;
  lines: DiffLine[];
}

/** All lines of both texts in order, in as few edits as there are (Myers 1986). */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail += 1;
  }
  const middle = edits(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kinds: DiffKind[] = [...same(head), ...middle, ...same(tail)];
  let [x, y] = [0, 0];
  return kinds.map((kind) => {
    const text = (kind === "in" ? b[y] : a[x]) ?? "";
    if (kind !== "in") x += 1;
    if (kind !== "out") y += 1;
    return { kind, text, before: kind === "in" ? 0 : x, after: kind === "out" ? 0 : y };
  });
}

/** The changes with a few lines around them; nothing when the texts say the same. */
export function hunksOf(lines: readonly DiffLine[]): Hunk[] {
  const near = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind !== "same") near.fill(true, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
  });
  const hunks: Hunk[] = [];
  let skipped = 0;
  lines.forEach((line, at) => {
    if (!near[at]) {
      skipped += 1;
      return;
    }
    if (skipped > 0 || hunks.length === 0) hunks.push({ skipped, lines: [] });
    skipped = 0;
    hunks.at(-1)?.lines.push(line);
  });
  return hunks;
}

/** How many lines a text has for who reads it: the end of the last one begins no other. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function same(count: number): DiffKind[] {
  return Array<DiffKind>(count).fill("same");
}

function edits(a: string[], b: string[]): DiffKind[] {
  const reached = new Map<number, number>([[1, 0]]); // diagonal -> how far in a
  const steps: Map<number, number>[] = [];
  for (let edit = 0; edit <= Math.min(a.length + b.length, EDITS_MAX); edit += 1) {
    steps.push(new Map(reached));
    for (let k = -edit; k <= edit; k += 2) {
      let x = isDown(reached, k, edit) ? reach(reached, k + 1) : reach(reached, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reached.set(k, x);
      if (x >= a.length && x - k >= b.length) return wayBack(steps, a.length, b.length);
    }
  }
  return [...a.map((): DiffKind => "out"), ...b.map((): DiffKind => "in")];
}

function wayBack(steps: Map<number, number>[], endX: number, endY: number): DiffKind[] {
  const kinds: DiffKind[] = [];
  let [x, y] = [endX, endY];
  for (let edit = steps.length - 1; edit >= 0; edit -= 1) {
    const reached = steps[edit] ?? new Map<number, number>();
    const down = isDown(reached, x - y, edit);
    const from = down ? x - y + 1 : x - y - 1;
    const [startX, startY] = [reach(reached, from), reach(reached, from) - from];
    while (x > Math.max(0, startX) && y > Math.max(0, startY)) {
      kinds.push("same");
      x -= 1;
      y -= 1;
    }
    if (edit > 0) kinds.push(down ? "in" : "out");
    [x, y] = [startX, startY];
  }
  return kinds.toReversed();
}

function isDown(reached: Map<number, number>, k: number, edit: number): boolean {
  return k === -edit || (k !== edit && reach(reached, k - 1) < reach(reached, k + 1));
}

function reach(reached: Map<number, number>, k: number): number {
  return reached.get(k) ?? -1;
}
