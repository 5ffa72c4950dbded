/** What agents say in a campaign, read from its plain text: headings, paragraphs, points, and places
 * in braces that a card fills in. */

export interface Place {
  /** As it is written in the script. */
  name: string;
  /** What is known; empty: nothing. */
  value: string;
}

/** A line: text as it is written, and places. */
export type Line = (string | Place)[];

export type Block =
  | { kind: "heading"; line: Line }
  | { kind: "paragraph"; lines: Line[] }
  | { kind: "points"; lines: Line[] };

export const FIELDS = ["name", "number", "agent", "campaign", "list"] as const;
/** As the server has it (callcenter/documents/campaign_script.py). */
export const SCRIPT_CHARS_MAX = 4000;

const PLACE = /\{([^{}]*)\}/;

/** The script with what is known put in: `values` by the names of places, in any case. */
export function readScript(text: string, values: Readonly<Record<string, string>>): Block[] {
  const known = new Map(Object.entries(values).map(([name, value]) => [spoken(name), value]));
  const blocks: Block[] = [];
  let isNew = true; // the next line begins a block of its own
  for (const written of text.split("\n")) {
    const line = written.trim();
    const isPoint = /^[-*•]\s/.test(line);
    const last = isNew ? undefined : blocks.at(-1);
    isNew = false;
    if (line === "") {
      isNew = true;
    } else if (/^#+\s/.test(line)) {
      blocks.push({ kind: "heading", line: fill(line.replace(/^#+\s+/, ""), known) });
      isNew = true;
    } else {
      const kind = isPoint ? "points" : "paragraph";
      const filled = fill(isPoint ? line.slice(1).trim() : line, known);
      if (last?.kind === kind) last.lines.push(filled);
      else blocks.push({ kind, lines: [filled] });
    }
  }
  return blocks;
}

function fill(line: string, known: ReadonlyMap<string, string>): Line {
  return line
    .split(PLACE) // text and names take turns
    .map((part, index) =>
      index % 2 === 0 ? part : { name: part.trim(), value: known.get(spoken(part)) ?? "" },
    )
    .filter((part) => part !== "");
}

/** Without what does not matter: case, and what stands between words (as the server does it). */
function spoken(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[\s_-]+/g, " ");
}

/** Whether each brace has its other one on the same line. */
export function areBracesWhole(text: string): boolean {
  return !/[{}]/.test(text.replaceAll(/\{[^{}\n]*\}/g, ""));
}
