/** When a campaign's lists will be through. */

import type { ListStanding } from "../../api";

const HOUR_S = 3600; // in which the server counts who is finished (ListStanding.finished)
const RUNS_S_MIN = 300; // before that a pace says little
const HOURS_MAX = 999;

/** Hours and minutes until nobody is left at the pace of the last hour, or since the campaign was
 * started `runsS` seconds ago; null: nobody can say. */
export function finishIn(
  lists: readonly ListStanding[],
  runsS: number,
): { hours: number; minutes: number } | null {
  const left = lists.reduce((sum, list) => sum + list.due + list.later, 0);
  const finished = lists.reduce((sum, list) => sum + list.finished, 0);
  if (runsS < RUNS_S_MIN || finished === 0) return null;
  const minutes = Math.round((left / finished) * (Math.min(runsS, HOUR_S) / 60));
  const hours = Math.floor(minutes / 60);
  return hours > HOURS_MAX ? null : { hours, minutes: minutes % 60 };
}
