/** The campaigns an agent may work for. */

import { useQuery } from "@tanstack/react-query";

import { request } from "../../api";
import type { CampaignView } from "../../api";

const LOOK_EVERY_MS = 10_000; // names and states: what must be seen at once comes live

const NONE: CampaignView[] = [];

/** None until the server has answered. */
export function useCampaigns(): CampaignView[] {
  const { data } = useQuery({
    queryKey: ["campaigns"],
    queryFn: () => request("GET /api/v1/campaigns"),
    refetchInterval: LOOK_EVERY_MS,
  });
  return data?.campaigns ?? NONE;
}

/** Whether there may be work to do for it. */
export function isWorkable(campaign: CampaignView): boolean {
  return campaign.state !== "finished";
}
