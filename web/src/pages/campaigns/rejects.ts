/** Refused rows as a CSV file that spreadsheets open without running anything in it. */

import type { ImportProblem } from "../../api";

// What a spreadsheet takes for the beginning of a formula; as in callcenter/documents/rejects.py.
const FORMULA_START = /^[=+\-@\t\r＝＋－＠]/;
const BYTE_ORDER_MARK = "\uFEFF"; // tells spreadsheets that it is UTF-8

export function rejectsCsv(problems: readonly ImportProblem[]): string {
  const rows = [
    ["reject_row", "reject_reason", "reject_mend"],
    ...problems.map(({ row, reason, fix }) => [String(row), reason, fix]),
  ];
  return BYTE_ORDER_MARK + rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** The cell so that no spreadsheet takes it for a formula. */
export function guarded(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

function cell(text: string): string {
  return `"${guarded(text).replaceAll('"', '""')}"`;
}

/** Have the browser save a text as a file. */
export function saveFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
