/** The boxes beside the funnel: people dropped, agents at work, results. */

import { useMemo } from "react";

import type { AttemptResult, CampaignView } from "../../api";
import { count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import classes from "./Campaign.module.css";
import { endedOf, RESULTS } from "./results";

export const DROP_RATE_MAX = 0.03; // of people who answered, over 30 days (16 CFR 310.4(b)(4)(i))
const METER_MAX = 2 * DROP_RATE_MAX; // the limit stands in the middle
const METER_NEAR = (2 / 3) * DROP_RATE_MAX; // worth a look before it is the law's business

export function Drops({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const { drop_rate: rate, people } = campaign;
  const level = rate > DROP_RATE_MAX ? "over" : rate > METER_NEAR ? "near" : "fine";
  const cap = percent(DROP_RATE_MAX, t.language);
  const dropped = campaign.results.dropped ?? 0;
  return (
    <Panel title={t("campaigns.drops")} className={classes.box}>
      <div className={classes.drops}>
        <span className={classes.rate} data-level={level}>
          {percent(rate, t.language)}
        </span>
        <div
          className={classes.meter}
          role="meter"
          aria-label={t("campaigns.drops")}
          aria-valuemin={0}
          aria-valuemax={METER_MAX}
          aria-valuenow={rate}
        >
          <div
            data-level={level}
            style={{ width: `${100 * Math.min(1, rate / METER_MAX)}%` }}
          />
          <span className={classes.cap} aria-hidden />
        </div>
        <span>
          {people ? t("campaigns.drops.of", { dropped, people }) : t("campaigns.drops.nobody")}
        </span>
        <span className={level === "over" ? classes.alarm : classes.quiet}>
          {t(level === "over" ? "campaigns.drops.over" : "campaigns.drops.cap", { cap })}
        </span>
      </div>
    </Panel>
  );
}

const TEAM: readonly [text: PlainKey, value: (campaign: CampaignView) => number][] = [
  ["campaigns.team.joined", (campaign) => campaign.agents],
  ["campaigns.team.lines", (campaign) => campaign.lines_open],
  ["campaigns.team.ready", (campaign) => campaign.agents_ready],
  ["campaigns.team.talking", (campaign) => campaign.agents_talking],
  ["campaigns.team.wrapUp", (campaign) => campaign.agents_wrap_up],
];

export function Team({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  return (
    <Panel title={t("campaigns.team")} className={classes.box}>
      <dl className={classes.team}>
        {TEAM.map(([text, value]) => (
          <div key={text}>
            <dt>{t(text)}</dt>
            <dd className="number">{count(value(campaign), t.language)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

interface ResultRow {
  result: AttemptResult;
  count: number;
  /** Of all that have ended. */
  share: number;
}

export function Results({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const ended = endedOf(campaign);
  const columns = useMemo(() => resultColumns(t), [t]);
  const rows = RESULTS.map((result) => {
    const number = campaign.results[result] ?? 0;
    return { result, count: number, share: ended ? number / ended : 0 };
  });
  return (
    <Panel
      title={t("campaigns.results")}
      note={count(ended, t.language)}
      className={classes.results}
    >
      <DataTable
        label={t("campaigns.results")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.result}
        empty={null}
      />
    </Panel>
  );
}

function resultColumns(t: Translate): Column<ResultRow>[] {
  const quiet = (row: ResultRow) => (row.count === 0 ? classes.quiet : undefined);
  return [
    {
      id: "result",
      header: t("campaigns.results.result"),
      cell: (row) => <span className={quiet(row)}>{t(`attemptResult.${row.result}`)}</span>,
    },
    {
      id: "count",
      header: t("campaigns.results.count"),
      number: true,
      by: (row) => row.count,
      largestFirst: true,
      cell: (row) => <span className={quiet(row)}>{count(row.count, t.language)}</span>,
    },
    {
      id: "share",
      header: t("campaigns.results.share"),
      number: true,
      cell: (row) => (
        <span className={classes.share}>
          <span className={classes.shareBar} aria-hidden>
            <span style={{ width: `${100 * row.share}%` }} />
          </span>
          <span className={`${classes.shareText} ${quiet(row) ?? ""}`}>
            {percent(row.share, t.language)}
          </span>
        </span>
      ),
    },
  ];
}
