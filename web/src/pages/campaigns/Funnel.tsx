/** The way from the list to the result: each step with its count, and on a click what it counts. */

import { UnstyledButton } from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { Fragment, useState } from "react";

import type { CampaignView } from "../../api";
import { count } from "../../format/number";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import classes from "./Campaign.module.css";
import { momentOf } from "./moment";
import { endedOf } from "./results";

interface Stage {
  id: string;
  text: PlainKey;
  /** Null: not counted yet. */
  value: (campaign: CampaignView) => number | null;
  why: (t: Translate, campaign: CampaignView) => string[];
}

const STAGES: readonly Stage[] = [
  {
    id: "list",
    text: "campaigns.funnel.list",
    value: ({ counts }) => (counts.at ? counts.total : null),
    why: (t, { counts }) =>
      counts.at
        ? [
            t("campaigns.funnel.listWhy", {
              total: counts.total,
              done: counts.done,
              usedUp: counts.used_up,
              open: counts.total - counts.done - counts.used_up,
              time: momentOf(counts.at, t.language),
            }),
          ]
        : [t("campaigns.funnel.notCounted")],
  },
  {
    id: "due",
    text: "campaigns.funnel.due",
    value: ({ counts }) => (counts.at ? counts.due : null),
    why: (t, { counts }) =>
      counts.at
        ? [t("campaigns.funnel.dueWhy", { due: counts.due }), ...whyNotDue(t, counts)]
        : [t("campaigns.funnel.notCounted")],
  },
  {
    id: "dialing",
    text: "campaigns.funnel.dialing",
    value: (campaign) => campaign.dialing,
    why: (t, { dialing, hopper }) => [t("campaigns.funnel.dialingWhy", { dialing, hopper })],
  },
  {
    id: "ringing",
    text: "campaigns.funnel.ringing",
    value: (campaign) => campaign.ringing,
    why: (t, { ringing, settings }) => [
      t("campaigns.funnel.ringingWhy", { ringing, seconds: settings.ring_s }),
    ],
  },
  {
    id: "answered",
    text: "campaigns.funnel.answered",
    value: ({ screening, waiting, dropping, recording }) =>
      screening + waiting + dropping + recording,
    why: (t, { screening, waiting, dropping, recording }) => [
      t("campaigns.funnel.answeredWhy", { screening, waiting, dropping }),
      ...(recording ? [t("campaigns.funnel.recordingWhy", { recording })] : []),
    ],
  },
  {
    id: "talking",
    text: "campaigns.funnel.talking",
    value: (campaign) => campaign.talking,
    why: (t, { talking }) => [t("campaigns.funnel.talkingWhy", { talking })],
  },
  {
    id: "ended",
    text: "campaigns.funnel.ended",
    value: endedOf,
    why: (t, campaign) => [
      t("campaigns.funnel.endedWhy", {
        ended: endedOf(campaign),
        placed: campaign.placed,
        connected: campaign.results.connected ?? 0,
      }),
    ],
  },
];

function whyNotDue(t: Translate, counts: CampaignView["counts"]): string[] {
  const { later, closed } = counts;
  return [
    ...(later
      ? [
          t("campaigns.funnel.laterWhy", {
            later,
            time: momentOf(counts.next_due_at, t.language),
          }),
        ]
      : []),
    ...(closed
      ? [t("campaigns.funnel.closedWhy", { closed, time: momentOf(counts.opens_at, t.language) })]
      : []),
  ];
}

export function Funnel({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const [openId, setOpenId] = useState("");
  const open = STAGES.find((stage) => stage.id === openId);
  return (
    <section className={classes.funnel} aria-label={t("campaigns.funnel")}>
      <div className={classes.stages}>
        {STAGES.map((stage, index) => (
          <Fragment key={stage.id}>
            {index > 0 && <ChevronRight size={16} aria-hidden className={classes.arrow} />}
            <UnstyledButton
              className={classes.stage}
              aria-expanded={stage.id === openId}
              aria-controls="funnel-why"
              data-zero={!stage.value(campaign) || undefined}
              onClick={() => setOpenId((before) => (before === stage.id ? "" : stage.id))}
            >
              <span className={classes.stageCount}>{shown(stage.value(campaign), t.language)}</span>
              <span className={classes.stageName}>{t(stage.text)}</span>
            </UnstyledButton>
          </Fragment>
        ))}
      </div>
      <p id="funnel-why" className={classes.stageWhy} role="status">
        {(open?.why(t, campaign) ?? [t("campaigns.funnel.hint")]).map((sentence) => (
          <span key={sentence}>{sentence}</span>
        ))}
      </p>
    </section>
  );
}

function shown(value: number | null, language: string): string {
  return value === null ? "–" : count(value, language);
}
