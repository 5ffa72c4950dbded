/** The columns that every table of campaigns begins with. */

import type { MouseEventHandler } from "react";
import { Link } from "wouter";

import type { CampaignView } from "../api";
import type { Translate } from "../i18n";
import { CAMPAIGN_LOOKS } from "../theme/states";
import type { Column } from "./DataTable";
import { StateBadge } from "./StateBadge";

interface LinkProps {
  className?: string;
  tabIndex?: number;
  onClick?: MouseEventHandler<HTMLAnchorElement>;
}

/** The campaign's name, a link to its page. */
export function nameColumn(header: string, link: LinkProps): Column<CampaignView> {
  return {
    id: "campaign",
    header,
    by: (campaign) => campaign.name,
    cell: (campaign) => (
      <Link {...link} href={`/campaigns/${campaign.id}`}>
        {campaign.name}
      </Link>
    ),
  };
}

export function stateColumn(t: Translate, header: string): Column<CampaignView> {
  return {
    id: "state",
    header,
    by: (campaign) => campaign.state,
    cell: (campaign) => (
      <StateBadge
        look={CAMPAIGN_LOOKS[campaign.state]}
        text={t(`campaignState.${campaign.state}`)}
      />
    ),
  };
}
