/** Moments of the server as people read them, by the clock on their wall. */

const DAY_MS = 86_400_000;

/** Today the time of day, otherwise with the day. `at`: UTC seconds; 0: a dash. */
export function momentOf(at: number, language: string, now = Date.now()): string {
  if (at === 0) return "–";
  const isNear = Math.abs(at * 1000 - now) < DAY_MS && dayOf(at * 1000) === dayOf(now);
  return new Intl.DateTimeFormat(language, {
    ...(!isNear && { month: "short", day: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(at * 1000);
}

/** The time of day to the second. */
export function clockOf(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at * 1000);
}

function dayOf(ms: number): string {
  return new Date(ms).toDateString();
}
