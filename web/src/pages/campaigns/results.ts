/** Results of attempts, in the order in which they are read: people first, then what failed. */

import type { AttemptResult, CampaignView } from "../../api";

export const RESULTS: readonly AttemptResult[] = [
  "connected",
  "dropped",
  "machine",
  "screened",
  "no_answer",
  "busy",
  "rejected",
  "hung_up",
  "invalid_number",
  "fax",
  "congestion",
  "failed",
  "uncounted",
  "cancelled",
  "unknown",
];

/** Attempts that have ended. */
export function endedOf(campaign: CampaignView): number {
  return RESULTS.reduce((sum, result) => sum + (campaign.results[result] ?? 0), 0);
}

/** Calls that are somewhere between Originate and their end. */
export function underWayOf(campaign: CampaignView): number {
  const { dialing, ringing, screening, waiting, talking, dropping, recording } = campaign;
  return dialing + ringing + screening + waiting + talking + dropping + recording;
}
