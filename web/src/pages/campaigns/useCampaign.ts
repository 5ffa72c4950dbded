/** Campaigns as they come over the live connection, and what may be asked of them. */

import { useCallback, useRef } from "react";

import { request } from "../../api";
import type { CampaignState } from "../../api";
import { useHasRole } from "../../app/session";
import { useText } from "../../i18n";
import { tellProblem } from "../../ui/problems";

export type Step = "start" | "pause" | "drain";

/** Which buttons a campaign has in each state. */
export const STEPS: Record<CampaignState, readonly Step[]> = {
  draft: ["start"],
  running: ["pause", "drain"],
  paused: ["start", "drain"],
  draining: ["start", "pause"],
  finished: ["start"],
};

/** Whether the person may change campaigns. */
export function useIsManager(): boolean {
  return useHasRole("manager", "administrator");
}

/** Start, pause or drain; a refusal is told in the corner. */
export function useStep(campaign: string): (step: Step) => Promise<void> {
  const t = useText();
  const busy = useRef(false);
  return useCallback(
    async (step) => {
      if (busy.current) return;
      busy.current = true;
      try {
        await request(`POST /api/v1/campaigns/{campaign}/${step}`, { path: { campaign } });
      } catch (error) {
        tellProblem(t, error);
      } finally {
        busy.current = false;
      }
    },
    [campaign, t],
  );
}
