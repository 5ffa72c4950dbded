/** Why a campaign places no call just now, in the page's language. */

import type { CampaignView } from "../api";
import { fillIn } from "../i18n/texts";
import type { Translate } from "../i18n";

/** One sentence; empty while calls are placed. The server's own where there is no text for it. */
export function silenceText(t: Translate, campaign: CampaignView): string {
  if (!campaign.silence) return "";
  const { counts, settings } = campaign;
  const values = {
    changedBy: campaign.changed_by,
    pbx: settings.pbx,
    trunk: settings.trunk,
    agents: campaign.agents,
    elsewhere: campaign.agents_elsewhere,
    busy: campaign.agents_talking + campaign.agents_wrap_up,
    previews: campaign.previews,
    closed: counts.closed,
    later: counts.later,
    done: counts.done,
    usedUp: counts.used_up,
    dnc: counts.dnc,
    noConsent: counts.no_consent,
    capped: counts.capped,
  };
  const isShared = campaign.silence_code === "no_agents" && campaign.agents_elsewhere > 0;
  const text = t.maybe(`silence.${isShared ? "shared" : campaign.silence_code}`, "");
  return text ? fillIn(text, values, t.language) : campaign.silence;
}
