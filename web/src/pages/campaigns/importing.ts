/** What an import is told: the file, the list it goes to, and what its columns are. */

import { request } from "../../api";
import type { CampaignView, ContactImport, Duplicates, ImportColumn } from "../../api";

/** What a column can be taken as (callcenter/documents/contact_columns.py). */
export const FIELDS = [
  "number",
  "mobile",
  "landline",
  "name",
  "customer",
  "account",
  "tier",
  "note",
  "priority",
  "zone",
  "consent",
  "attribute",
  "skip",
] as const;
export type ImportField = (typeof FIELDS)[number];

export const LIST_CHARS_MAX = 64;
export const FILE_MB_MAX = 200; // what the server takes (callcenter/api/campaigns.py)

const DEADLINE_MS = 1_800_000; // the server's own for the largest file over a slow line
const COLUMN_CHARS_MAX = 200;
const NUMBER_FIELDS: readonly string[] = ["number", "mobile", "landline"];
const CSV = "text/csv";
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

export interface Choice {
  file: File | null;
  list: string;
  /** Empty: as the list has it. */
  priority: number | "";
  duplicates: Duplicates;
  /** Of a workbook; empty: the first. */
  sheet: string;
  /** The column of the phone number, where its name does not say it. */
  numberColumn: string;
}

/** What somebody says of the columns, by their places in the file. */
export type Said = Readonly<Record<number, string>>;

/** The pairs of field and column that make the server take the columns as somebody wants them.
 *
 * `guessed` is how the server understood the file by itself. A field that is given is not guessed
 * from other names any more, and neither is any number when one is given: where they should stay,
 * they are said too. */
export function mappingOf(guessed: readonly ImportColumn[], said: Said): [string, string][] {
  const wanted = guessed.map(({ taken_as: guess }, place) => said[place] ?? guess);
  const given = new Set(wanted.filter((field, place) => field !== guessed[place]?.taken_as));
  const isGiven = (field: string) =>
    given.has(field) ||
    (NUMBER_FIELDS.includes(field) && NUMBER_FIELDS.some((number) => given.has(number)));
  return guessed.flatMap(({ name, taken_as: guess }, place): [string, string][] => {
    const field = wanted[place] ?? guess;
    return canBeNamed(guessed, place) && (field !== guess || isGiven(field))
      ? [[field, name]]
      : [];
  });
}

/** The pairs with the column of the number, unless they say where numbers stand. */
export function withNumber(column: string, pairs: readonly [string, string][]): [string, string][] {
  const isSaid = pairs.some(([field]) => NUMBER_FIELDS.includes(field));
  return column && !isSaid ? [["number", column], ...pairs] : [...pairs];
}

/** Whether the server can be told of the column: it is known by its name. */
export function canBeNamed(columns: readonly ImportColumn[], place: number): boolean {
  const name = columns[place]?.name ?? "";
  const twins = columns.filter((column) => column.name === name).length;
  return name !== "" && name.length <= COLUMN_CHARS_MAX && twins === 1;
}

export function isWorkbook(file: File | null): boolean {
  return file !== null && /\.xlsx$/i.test(file.name);
}

/** A list's name made of the file's. */
export function listOf(file: File): string {
  return file.name.replace(/\.(csv|xlsx)$/i, "").slice(0, LIST_CHARS_MAX);
}

/** Browsers name the type of a CSV file as the desktop does; the server takes one name. */
export function sendList(
  campaign: CampaignView,
  choice: Choice,
  mapping: readonly [string, string][],
  isDryRun: boolean,
): Promise<ContactImport> {
  const { file, list, priority, duplicates, sheet, numberColumn } = choice;
  const pairs = withNumber(numberColumn.trim(), mapping);
  return request("POST /api/v1/campaigns/{campaign}/contacts", {
    path: { campaign: campaign.id },
    query: {
      list: list.trim(),
      ...(priority !== "" && { priority }),
      ...(duplicates !== "campaign" && { duplicates }),
      ...(pairs.length > 0 && { columns: JSON.stringify(pairs) }),
      ...(isWorkbook(file) && sheet.trim() && { sheet: sheet.trim() }),
      ...(campaign.settings.terms?.needs_consent && { needs_consent: true }),
      dry_run: isDryRun,
    },
    body: file ? file.slice(0, file.size, isWorkbook(file) ? XLSX : CSV) : "",
    deadlineMs: DEADLINE_MS,
  });
}
