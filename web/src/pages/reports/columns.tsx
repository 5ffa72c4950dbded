/** The columns of each kind of report. */

import type { AgentRow, CampaignRow, QueueRow, ReportStep, TeamRow } from "../../api";
import { count, percent } from "../../format/number";
import { duration } from "../../format/time";
import type { PlainKey, Translate } from "../../i18n";
import type { Column } from "../../ui/DataTable";
import { clockOf } from "../campaigns/moment";
import { beginOf } from "./period";

type AnyRow = QueueRow | AgentRow | TeamRow | CampaignRow;

/** `step`: with the column that says when the interval begins; without it for totals. */
export function queueColumns(t: Translate, step?: ReportStep): Column<QueueRow>[] {
  const { counted, shared, timed } = kinds<QueueRow>(t);
  return [
    ...beginning<QueueRow>(t, step),
    named(t, "reports.queue", (row) => row.queue),
    counted("reports.offered", (row) => row.offered),
    counted("reports.answered", (row) => row.answered),
    counted("reports.abandoned", (row) => row.abandoned),
    counted("reports.shortAbandons", (row) => row.short_abandons),
    counted("reports.lost", (row) => row.lost),
    shared("reports.serviceLevel", (row) => row.service_level),
    timed("reports.asa", (row) => row.asa_s),
    timed("reports.aht", (row) => row.aht_s),
    timed("reports.longestWait", (row) => row.longest_wait_s),
    listed(t, "reports.dispositions", (row) => row.dispositions, (code) => code),
  ];
}

export function agentColumns(t: Translate, step?: ReportStep): Column<AgentRow>[] {
  const clock = (header: PlainKey, value: (row: AgentRow) => number): Column<AgentRow> => ({
    id: header,
    header: t(header),
    number: true,
    by: value,
    cell: (row) => (value(row) ? clockOf(value(row), t.language) : ""),
  });
  return [
    ...beginning<AgentRow>(t, step),
    named(t, "reports.agent", (row) => row.agent),
    clock("reports.signedInAt", (row) => row.signed_in_at),
    clock("reports.signedOutAt", (row) => row.signed_out_at),
    ...workColumns<AgentRow>(t),
  ];
}

export function teamColumns(t: Translate, step?: ReportStep): Column<TeamRow>[] {
  const { counted } = kinds<TeamRow>(t);
  return [
    ...beginning<TeamRow>(t, step),
    named(t, "reports.team", (row) => row.team, "reports.noTeam"),
    counted("reports.agents", (row) => row.agents),
    ...workColumns<TeamRow>(t),
  ];
}

/** What agents did, alone or together. */
function workColumns<Row extends AgentRow | TeamRow>(t: Translate): Column<Row>[] {
  const { counted, shared, timed } = kinds<Row>(t);
  return [
    timed("reports.signedIn", (row) => row.signed_in_s),
    timed("reports.ready", (row) => row.ready_s),
    timed("reports.beingOffered", (row) => row.offered_s),
    timed("reports.talk", (row) => row.talk_s),
    timed("reports.wrapUp", (row) => row.wrap_up_s),
    timed("reports.notReady", (row) => row.not_ready_s),
    shared("reports.occupancy", (row) => row.occupancy),
    counted("reports.conversations", (row) => row.conversations),
    counted("reports.missed", (row) => row.missed),
    timed("reports.aht", (row) => row.aht_s),
    listed(t, "reports.dispositions", (row) => row.dispositions, (code) => code),
  ];
}

export function campaignColumns(t: Translate, step?: ReportStep): Column<CampaignRow>[] {
  const { counted, shared, timed, precise } = kinds<CampaignRow>(t);
  return [
    ...beginning<CampaignRow>(t, step),
    named(t, "reports.campaign", (row) => row.campaign),
    counted("reports.attempts", (row) => row.attempts),
    counted("reports.people", (row) => row.people),
    counted("reports.connected", (row) => row.connected),
    counted("reports.dropped", (row) => row.dropped),
    shared("reports.dropRate", (row) => row.drop_rate),
    shared("reports.inTime", (row) => row.in_time_share),
    precise("reports.waitP50", (row) => row.wait_p50_s),
    precise("reports.waitP95", (row) => row.wait_p95_s),
    timed("reports.aht", (row) => row.aht_s),
    counted("reports.returnsOffered", (row) => row.returns_offered),
    counted("reports.returnsAnswered", (row) => row.returns_answered),
    counted("reports.returnsOptedOut", (row) => row.returns_opted_out),
    listed(
      t,
      "reports.results",
      (row) => row.results,
      (result) => t.maybe(`attemptResult.${result}`, result),
    ),
  ];
}

function beginning<Row extends AnyRow>(t: Translate, step?: ReportStep): Column<Row>[] {
  if (!step) return [];
  return [
    {
      id: "begin",
      header: t("reports.begin"),
      by: (row) => row.begin,
      cell: (row) => beginOf(row.begin, step, t.language),
    },
  ];
}

/** `nameless`: what stands in the place of an empty name. */
function named<Row>(
  t: Translate,
  header: PlainKey,
  name: (row: Row) => string,
  nameless: PlainKey = "reports.noName",
): Column<Row> {
  return {
    id: "name",
    header: t(header),
    by: name,
    cell: (row) => name(row) || t(nameless),
  };
}

/** Names with how often each was, the most frequent first. */
function listed<Row>(
  t: Translate,
  header: PlainKey,
  counts: (row: Row) => Record<string, number | undefined>,
  word: (name: string) => string,
): Column<Row> {
  return {
    id: header,
    header: t(header),
    rest: true,
    cell: (row) =>
      Object.entries(counts(row))
        .toSorted(([, a = 0], [, b = 0]) => b - a)
        .map(([name, times = 0]) => `${word(name)} ${count(times, t.language)}`)
        .join(" · "),
  };
}

/** Columns of counts, shares and times: empty where nothing was divided. */
function kinds<Row>(t: Translate) {
  const column = (
    header: PlainKey,
    value: (row: Row) => number | null,
    text: (value: number) => string,
  ): Column<Row> => ({
    id: header,
    header: t(header),
    number: true,
    by: (row) => value(row) ?? -1,
    largestFirst: true,
    cell: (row) => {
      const found = value(row);
      return found === null ? "–" : text(found);
    },
  });
  return {
    counted: (header: PlainKey, value: (row: Row) => number) =>
      column(header, value, (found) => count(found, t.language)),
    shared: (header: PlainKey, value: (row: Row) => number | null) =>
      column(header, value, (found) => percent(found, t.language)),
    timed: (header: PlainKey, value: (row: Row) => number | null) =>
      column(header, value, duration),
    precise: (header: PlainKey, value: (row: Row) => number | null) =>
      column(header, value, (found) => t("reports.seconds", { s: found.toFixed(2) })),
  };
}
