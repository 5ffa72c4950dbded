/** One campaign: what it does and why, from the list to the results. */

import { Anchor, Button, Group, SegmentedControl, Title } from "@mantine/core";
import { ArrowLeft, FileUp, Settings2 } from "lucide-react";
import { useState } from "react";
import { Link, useParams } from "wouter";

import type { CampaignView } from "../../api";
import { useText } from "../../i18n";
import { useConnection, useLive } from "../../live/hooks";
import { CAMPAIGN_LOOKS } from "../../theme/states";
import { Empty, Loading } from "../../ui/Situation";
import { StateBadge } from "../../ui/StateBadge";
import { Attempts } from "./Attempts";
import classes from "./Campaign.module.css";
import { CampaignForm } from "./CampaignForm";
import { Drops, Pace, Results, Team } from "./Figures";
import { Funnel } from "./Funnel";
import { ImportDialog } from "./ImportDialog";
import { Lists, ResultsBox } from "./Lists";
import { momentOf } from "./moment";
import { nowText } from "./now";
import { Promptness } from "./Promptness";
import { Rehearsal } from "./Rehearsal";
import { Steps } from "./Steps";
import { useIsManager } from "./useCampaign";

const VIEWS = ["now", "lists", "results", "rehearsal"] as const;
type View = (typeof VIEWS)[number];
const NONE: readonly string[] = []; // its own short name stays

export default function Page() {
  const t = useText();
  const { campaign: id = "" } = useParams();
  const campaigns = useLive("board", "campaigns");
  if (!campaigns) return <Loading />;
  const campaign = campaigns[id];
  if (!campaign) {
    return (
      <Empty
        title={t("campaigns.notFound")}
        next={t("campaigns.notFoundNext")}
        action={
          <Anchor component={Link} href="/campaigns">
            {t("campaigns.back")}
          </Anchor>
        }
      />
    );
  }
  return <Campaign key={id} campaign={campaign} />;
}

function Campaign({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const isStale = useConnection() !== "live";
  const [view, setView] = useState<View>("now");
  return (
    <div className={classes.page} data-stale={isStale || undefined}>
      <Head campaign={campaign} />
      <p className={classes.now} data-silent={campaign.silence !== "" || undefined} role="status">
        {nowText(t, campaign)}
      </p>
      <Funnel campaign={campaign} />
      <SegmentedControl
        className={classes.views}
        aria-label={t("campaigns.views")}
        data={VIEWS.map((value) => ({ value, label: t(`campaigns.view.${value}`) }))}
        value={view}
        onChange={(value) => setView(value as View)}
      />
      {view === "now" && <Now campaign={campaign} />}
      {view === "lists" && <Lists campaign={campaign} />}
      {view === "results" && (
        <>
          <Promptness campaign={campaign.id} />
          <ResultsBox campaign={campaign.id} />
        </>
      )}
      {view === "rehearsal" && <Rehearsal campaign={campaign} />}
    </div>
  );
}

function Now({ campaign }: { campaign: CampaignView }) {
  return (
    <div className={classes.columns}>
      <div className={classes.column}>
        <Drops campaign={campaign} />
        <Pace campaign={campaign} />
        <Team campaign={campaign} />
      </div>
      <Results campaign={campaign} />
      <Attempts campaign={campaign.id} />
    </div>
  );
}

function Head({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const isManager = useIsManager();
  const [dialog, setDialog] = useState<"" | "import" | "edit">("");
  const close = () => setDialog("");
  return (
    <div className={classes.head}>
      <Anchor component={Link} href="/campaigns" aria-label={t("campaigns.back")}>
        <ArrowLeft size={20} aria-hidden />
      </Anchor>
      <Title order={1} className={classes.title}>
        {campaign.name}
      </Title>
      <StateBadge
        size="lg"
        look={CAMPAIGN_LOOKS[campaign.state]}
        text={t(`campaignState.${campaign.state}`)}
      />
      <span className={classes.quiet}>
        {campaign.changed_by
          ? t("campaigns.sinceBy", {
              time: momentOf(campaign.since, t.language),
              who: campaign.changed_by,
            })
          : t("campaigns.since", { time: momentOf(campaign.since, t.language) })}
      </span>
      {isManager && (
        <Group gap="sm" ml="auto" wrap="nowrap">
          <Button
            variant="default"
            leftSection={<Settings2 size={16} aria-hidden />}
            onClick={() => setDialog("edit")}
          >
            {t("campaigns.edit")}
          </Button>
          <Button
            variant="default"
            leftSection={<FileUp size={16} aria-hidden />}
            onClick={() => setDialog("import")}
          >
            {t("campaigns.import")}
          </Button>
          <Steps campaign={campaign} />
        </Group>
      )}
      {dialog === "import" && <ImportDialog campaign={campaign} onClose={close} />}
      {dialog === "edit" && (
        <CampaignForm campaign={campaign} taken={NONE} onClose={close} onSaved={close} />
      )}
    </div>
  );
}
