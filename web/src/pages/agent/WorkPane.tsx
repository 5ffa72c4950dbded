/** The phone, what the agent works for, and how the line of a campaign is. */

import { Checkbox, Select, Stack } from "@mantine/core";

import type { AgentView, CampaignView, LineState } from "../../api";
import { useText } from "../../i18n";
import { CAMPAIGN_LOOKS } from "../../theme/states";
import type { Look } from "../../theme/states";
import { silenceText } from "../../ui/silence";
import { StateBadge } from "../../ui/StateBadge";
import { Fact } from "./CallPane";
import classes from "./Desk.module.css";
import { Pane } from "./Pane";
import { isInCall } from "./StateBar";
import type { Acts } from "./useActs";
import { isWorkable } from "./useCampaigns";

const LINE_LOOKS: Record<LineState, Look> = {
  none: "not-ready",
  opening: "ringing",
  parked: "ready",
  in_use: "talking",
};

interface Props {
  agent: AgentView;
  campaigns: CampaignView[];
  acts: Acts;
}

export function WorkPane({ agent, campaigns, acts }: Props) {
  const t = useText();
  const mine = campaigns.find((campaign) => campaign.id === agent.campaign);
  const choices = campaigns
    .filter((campaign) => isWorkable(campaign) || agent.campaigns.includes(campaign.id))
    .map((campaign) => ({ value: campaign.id, label: campaign.name }));
  for (const id of agent.campaigns) {
    if (!choices.some(({ value }) => value === id)) choices.push({ value: id, label: id });
  }
  return (
    <Pane title={t("agent.work")}>
      <dl className={classes.facts}>
        <Fact name={t("agent.phone")}>
          <span className="number">{agent.phone}</span>
        </Fact>
      </dl>
      <Select
        aria-label={t("agent.workFor")}
        data={[{ value: "", label: t("agent.inbound") }, ...choices]}
        value={agent.campaign}
        allowDeselect={false}
        disabled={!acts.isAble || isInCall(agent)}
        onChange={(campaign) => {
          if (campaign !== null && campaign !== agent.campaign) acts.join(campaign);
        }}
      />
      {agent.campaign && <Others agent={agent} choices={choices} acts={acts} />}
      {agent.campaign && <Line agent={agent} />}
      {mine && <CampaignNow campaign={mine} />}
    </Pane>
  );
}

interface OthersProps {
  agent: AgentView;
  choices: { value: string; label: string }[];
  acts: Acts;
}

/** More campaigns to work for at the same time, on the same line. */
function Others({ agent, choices, acts }: OthersProps) {
  const t = useText();
  const others = choices.filter(({ value }) => value !== agent.campaign);
  if (others.length === 0) return null;
  return (
    <Checkbox.Group
      label={t("agent.alsoFor")}
      description={t("agent.alsoForHint")}
      value={agent.campaigns.filter((id) => id !== agent.campaign)}
      onChange={(also) => acts.join(agent.campaign, also)}
    >
      <Stack gap="xs" mt="xs">
        {others.map(({ value, label }) => (
          <Checkbox
            key={value}
            value={value}
            label={label}
            disabled={!acts.isAble || isInCall(agent)}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function Line({ agent }: { agent: AgentView }) {
  const t = useText();
  return (
    <div>
      <StateBadge look={LINE_LOOKS[agent.line]} text={t(`agent.lineState.${agent.line}`)} />
      <p className={classes.quiet}>{t(`agent.lineNext.${agent.line}`)}</p>
    </div>
  );
}

/** Why no call comes, so that nobody wonders whether the desk is broken. */
function CampaignNow({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  return (
    <div>
      <StateBadge
        look={CAMPAIGN_LOOKS[campaign.state]}
        text={t(`campaignState.${campaign.state}`)}
      />
      <p className={classes.quiet}>{silenceText(t, campaign) || t("agent.campaignDials")}</p>
    </div>
  );
}
