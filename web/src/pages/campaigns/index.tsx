/** All campaigns with what they do now. */

import { Button, Group, Title } from "@mantine/core";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";

import type { CampaignView } from "../../api";
import { count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useLive } from "../../live/hooks";
import { nameColumn, stateColumn } from "../../ui/campaignColumns";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { Empty, Loading } from "../../ui/Situation";
import classes from "./Campaign.module.css";
import { CampaignForm } from "./CampaignForm";
import { nowText } from "./now";
import { underWayOf } from "./results";
import { useIsManager } from "./useCampaign";

export default function Page() {
  const t = useText();
  const campaigns = useLive("board", "campaigns");
  const isManager = useIsManager();
  const [, goTo] = useLocation();
  const [isMaking, setMaking] = useState(false);
  const columns = useMemo(() => campaignColumns(t), [t]);
  const rows = useMemo(() => Object.values(campaigns ?? {}), [campaigns]);
  if (!campaigns) return <Loading />;
  const make = isManager && (
    <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      {t("campaigns.new")}
    </Button>
  );
  return (
    <div className={classes.list}>
      <Group justify="space-between">
        <Title order={1}>{t("campaigns.title")}</Title>
        {rows.length > 0 && make}
      </Group>
      {rows.length === 0 ? (
        <Empty
          title={t("campaigns.none")}
          next={t(isManager ? "campaigns.noneNext" : "campaigns.noneReader")}
          action={make}
        />
      ) : (
        <Panel title={t("campaigns.all")} note={rows.length}>
          <DataTable
            label={t("campaigns.title")}
            columns={columns}
            rows={rows}
            rowKey={(campaign) => campaign.id}
            empty={null}
            onOpen={(campaign) => goTo(`/campaigns/${campaign.id}`)}
          />
        </Panel>
      )}
      {isMaking && (
        <CampaignForm
          taken={Object.keys(campaigns)}
          onClose={() => setMaking(false)}
          onSaved={(id) => goTo(`/campaigns/${id}`)}
        />
      )}
    </div>
  );
}

function campaignColumns(t: Translate): Column<CampaignView>[] {
  const counted = (
    id: string,
    header: string,
    value: (campaign: CampaignView) => number,
  ): Column<CampaignView> => ({
    id,
    header,
    number: true,
    by: value,
    largestFirst: true,
    cell: (campaign) => (
      <span className={value(campaign) === 0 ? classes.quiet : undefined}>
        {count(value(campaign), t.language)}
      </span>
    ),
  });
  return [
    nameColumn(t("campaigns.name"), {
      className: classes.name,
      tabIndex: -1,
      onClick: (event) => event.stopPropagation(), // the row would go there once more
    }),
    stateColumn(t, t("campaigns.state")),
    counted("due", t("campaigns.due"), (campaign) => campaign.counts.due),
    counted("underWay", t("campaigns.underWay"), underWayOf),
    counted("talking", t("campaigns.talking"), (campaign) => campaign.talking),
    counted("agents", t("campaigns.agents"), (campaign) => campaign.agents),
    counted("ready", t("campaigns.ready"), (campaign) => campaign.agents_ready),
    counted("placed", t("campaigns.placed"), (campaign) => campaign.placed),
    counted("people", t("campaigns.people"), (campaign) => campaign.people),
    {
      id: "dropRate",
      header: t("campaigns.dropRate"),
      number: true,
      by: (campaign) => campaign.drop_rate,
      largestFirst: true,
      cell: (campaign) => percent(campaign.drop_rate, t.language),
    },
    {
      id: "why",
      header: t("campaigns.why"),
      rest: true,
      cell: (campaign) => nowText(t, campaign),
    },
  ];
}
