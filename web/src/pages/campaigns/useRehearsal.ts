/** The rehearsal of a campaign that the person has asked for. */

import { newKey, request } from "../../api";
import type { CampaignRehearsalView, RehearseCampaign } from "../../api";
import { useRehearsing } from "../../ui/rehearsing";
import type { Rehearsing } from "../../ui/rehearsing";

const ONE = "/api/v1/campaigns/{campaign}/rehearsals/{rehearsal}" as const;

export function useRehearsal(campaign: string): Rehearsing<CampaignRehearsalView, RehearseCampaign> {
  return useRehearsing(["campaigns", "rehearsal", campaign], {
    start: (body: RehearseCampaign) =>
      request("POST /api/v1/campaigns/{campaign}/rehearsals", {
        path: { campaign },
        body,
        key: newKey(),
      }),
    look: (rehearsal, signal) => request(`GET ${ONE}`, { path: { campaign, rehearsal }, signal }),
    cancel: (rehearsal) =>
      request(`DELETE ${ONE}`, { path: { campaign, rehearsal }, key: newKey() }),
  });
}
