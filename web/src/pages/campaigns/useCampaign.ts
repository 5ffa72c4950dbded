/** Campaigns as they come over the live connection, and what may be asked of them. */

import { useCallback, useRef } from "react";

import { request } from "../../api";
import type { CampaignState } from "../../api";
import { useHasRole } from "../../app/session";
import { useText } from "../../i18n";
import { tellProblem } from "../../ui/problems";

export type Step = "start" | "pause" | "drain" | "stop";

/** Which buttons a campaign has in each state. */
export const STEPS: Record<CampaignState, readonly Step[]> = {
  draft: ["start"],
  running: ["pause", "drain", "stop"],
  paused: ["start", "drain", "stop"],
  draining: ["start", "pause", "stop"],
  finished: ["start"],
};

/** Whether the person may change campaigns. */
export function useIsManager(): boolean {
  return useHasRole("manager", "administrator");
}

/** Start, pause, drain or stop; a refusal is told in the corner. */
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
