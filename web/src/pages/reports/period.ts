/** The period of a report, in the time zone of the person who looks. */

import type { ReportStep } from "../../api";

/** Days as `YYYY-MM-DD`, both in the report. */
export interface Days {
  first: string;
  last: string;
}

/** The zone of this browser, an IANA name. */
export function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The bounds in UTC seconds: from the first midnight to the one after the last day; null when a
 * day is missing or they are the wrong way round. */
export function boundsOf({ first, last }: Days): { from: number; to: number } | null {
  const from = midnight(first, 0);
  const to = midnight(last, 1);
  return from !== null && to !== null && from < to ? { from, to } : null;
}

/** The day of a moment, so many days before or after. */
export function dayOf(ms: number, offset = 0): string {
  const day = new Date(ms);
  day.setDate(day.getDate() + offset);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`;
}

/** When an interval begins, as long as needed to tell it from its neighbours. */
export function beginOf(at: number, step: ReportStep, language: string): string {
  const month = { year: "numeric", month: step === "month" ? "long" : "2-digit" } as const;
  const day = step === "month" ? {} : ({ day: "2-digit" } as const);
  const time =
    step === "day" || step === "month"
      ? {}
      : ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const);
  return new Intl.DateTimeFormat(language, { ...month, ...day, ...time }).format(at * 1000);
}

function midnight(day: string, offset: number): number | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return null;
  return new Date(year, month - 1, date + offset).getTime() / 1000;
}
