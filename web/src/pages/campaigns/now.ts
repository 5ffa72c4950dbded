/** What a campaign does now, or why it does nothing. */

import type { CampaignView } from "../../api";
import type { Translate } from "../../i18n";
import { silenceText } from "../../ui/silence";

/** One sentence. */
export function nowText(t: Translate, campaign: CampaignView): string {
  return (
    silenceText(t, campaign) ||
    t("campaigns.runs", {
      dialing: campaign.dialing,
      ringing: campaign.ringing,
      ready: campaign.agents_ready,
      agents: campaign.agents,
    })
  );
}
