/** The boxes beside the funnel: people dropped, agents at work, results. */

import { useMemo } from "react";

import type { AttemptResult, CampaignView, PacingView } from "../../api";
import { count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import classes from "./Campaign.module.css";
import { endedOf, RESULTS } from "./results";

const METER_NEAR = 2 / 3; // of the cap: worth a look before it is the law's business
const DAY_S = 86_400;
const WITH_CHANCE = new Set(["price", "budget", "evidence"]);

export function Drops({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const { cap, rate, answered, dropped, left, window_s: windowS } = campaign.drops;
  const level = rate > cap ? "over" : rate > METER_NEAR * cap ? "near" : "fine";
  const most = 2 * cap; // the cap stands in the middle
  const values = { cap: percent(cap, t.language), days: Math.round(windowS / DAY_S), left };
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
          aria-valuemax={most}
          aria-valuenow={rate}
        >
          <div
            data-level={level}
            style={{ width: `${most ? 100 * Math.min(1, rate / most) : 0}%` }}
          />
          <span className={classes.cap} aria-hidden />
        </div>
        <span>
          {answered
            ? t("campaigns.drops.of", { dropped, people: answered })
            : t("campaigns.drops.nobody")}
        </span>
        <span className={level === "over" ? classes.alarm : classes.quiet}>
          {t(level === "over" ? "campaigns.drops.over" : "campaigns.drops.cap", values)}
        </span>
      </div>
    </Panel>
  );
}

/** Why so many calls are placed, and what it comes to for the agents. */
export function Pace({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const { pacing, settings } = campaign;
  const figures: [text: PlainKey, value: string][] = [
    ["campaigns.pace.talking", percent(campaign.talk_share, t.language)],
    ["campaigns.pace.idle", t("campaigns.pace.seconds", { s: Math.round(campaign.idle_s) })],
  ];
  if (pacing && settings.pacing === "predictive") {
    figures.push(
      ["campaigns.pace.people", count(tenths(pacing.expected_people), t.language)],
      ["campaigns.pace.free", count(tenths(pacing.free + pacing.expected_free), t.language)],
    );
  }
  return (
    <Panel title={t("campaigns.pace")} note={t(`pacing.${settings.pacing}`)} className={classes.box}>
      {pacing && <p className={classes.why}>{whyText(t, pacing)}</p>}
      <dl className={classes.team}>
        {figures.map(([text, value]) => (
          <div key={text}>
            <dt>{t(text)}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10;
}

function whyText(t: Translate, pacing: PacingView): string {
  const why = t(`because.${pacing.because}`);
  if (!pacing.price || !WITH_CHANCE.has(pacing.because)) return why;
  const chance = percent(pacing.chance, t.language);
  const price = percent(pacing.price, t.language);
  return t("campaigns.pace.chance", { why, chance, price });
}

const TEAM: readonly [text: PlainKey, value: (campaign: CampaignView) => number][] = [
  ["campaigns.team.joined", (campaign) => campaign.agents],
  ["campaigns.team.elsewhere", (campaign) => campaign.agents_elsewhere],
  ["campaigns.team.lines", (campaign) => campaign.lines_open],
  ["campaigns.team.ready", (campaign) => campaign.agents_ready],
  ["campaigns.team.talking", (campaign) => campaign.agents_talking],
  ["campaigns.team.wrapUp", (campaign) => campaign.agents_wrap_up],
  ["campaigns.team.returning", (campaign) => campaign.returning],
  ["campaigns.team.returned", (campaign) => campaign.returns.answered ?? 0],
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
  /** Of these, machines that were left a message. */
  messages: number;
}

export function Results({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const ended = endedOf(campaign);
  const columns = useMemo(() => resultColumns(t), [t]);
  const rows = RESULTS.map((result) => {
    const number = campaign.results[result] ?? 0;
    const messages = result === "machine" ? campaign.messages : 0;
    return { result, count: number, share: ended ? number / ended : 0, messages };
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
      cell: (row) => (
        <span className={quiet(row)}>
          {row.messages
            ? t("campaigns.results.messages", { messages: row.messages })
            : t(`attemptResult.${row.result}`)}
        </span>
      ),
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
