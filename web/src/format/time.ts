/** Times as people read them. */

const MINUTE_S = 60;
const HOUR_S = 3600;

/** Seconds as m:ss, from an hour on as h:mm:ss. Never negative: clocks differ a little. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % MINUTE_S).padStart(2, "0");
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)}:${s}`;
  const m = String(Math.floor((whole % HOUR_S) / MINUTE_S)).padStart(2, "0");
  return `${Math.floor(whole / HOUR_S)}:${m}:${s}`;
}

/** Minutes after midnight as 09:00. */
export function timeOfDay(minutes: number): string {
  const hours = String(Math.floor(minutes / MINUTE_S)).padStart(2, "0");
  return `${hours}:${String(minutes % MINUTE_S).padStart(2, "0")}`;
}
