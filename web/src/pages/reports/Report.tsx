/** One report: its totals, and its rows by interval. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { request } from "../../api";
import type { ReportStep } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { problemText } from "../../ui/problems";
import { Empty, Loading } from "../../ui/Situation";
import { agentColumns, campaignColumns, queueColumns, teamColumns } from "./columns";
import type { Wanted } from "./wanted";
import { queryOf } from "./wanted";
import classes from "./Reports.module.css";

const DEADLINE_MS = 65_000; // the server gives up on a report after 60 s

interface Found<Row> {
  rows: Row[];
  totals: Row[];
  total: Row;
}

export function QueuesReport({ wanted }: { wanted: Wanted }) {
  return (
    <Report
      wanted={wanted}
      ask={(signal) =>
        request("GET /api/v1/reports/queues", {
          query: { ...queryOf(wanted), formula: wanted.formula },
          signal,
          deadlineMs: DEADLINE_MS,
        })
      }
      nameOf={(row) => row.queue}
      columnsOf={queueColumns}
    />
  );
}

export function AgentsReport({ wanted }: { wanted: Wanted }) {
  return (
    <Report
      wanted={wanted}
      ask={(signal) =>
        request("GET /api/v1/reports/agents", {
          query: queryOf(wanted),
          signal,
          deadlineMs: DEADLINE_MS,
        })
      }
      nameOf={(row) => row.agent}
      columnsOf={agentColumns}
    />
  );
}

export function TeamsReport({ wanted }: { wanted: Wanted }) {
  return (
    <Report
      wanted={wanted}
      ask={(signal) =>
        request("GET /api/v1/reports/teams", {
          query: queryOf(wanted),
          signal,
          deadlineMs: DEADLINE_MS,
        })
      }
      nameOf={(row) => row.team}
      columnsOf={teamColumns}
    />
  );
}

export function CampaignsReport({ wanted }: { wanted: Wanted }) {
  return (
    <Report
      wanted={wanted}
      ask={(signal) =>
        request("GET /api/v1/reports/campaigns", {
          query: queryOf(wanted),
          signal,
          deadlineMs: DEADLINE_MS,
        })
      }
      nameOf={(row) => row.campaign}
      columnsOf={campaignColumns}
    />
  );
}

interface Props<Row> {
  wanted: Wanted;
  ask: (signal: AbortSignal) => Promise<Found<Row>>;
  nameOf: (row: Row) => string;
  columnsOf: (t: Translate, step?: ReportStep) => Column<Row>[];
}

function Report<Row extends { begin: number }>({ wanted, ask, nameOf, columnsOf }: Props<Row>) {
  const t = useText();
  const { data, error } = useQuery({
    queryKey: ["report", wanted],
    queryFn: ({ signal }) => ask(signal),
  });
  const columns = useMemo(() => columnsOf(t, wanted.step), [columnsOf, t, wanted.step]);
  const totalColumns = useMemo(() => columnsOf(t), [columnsOf, t]);
  if (error) {
    const { title, detail } = problemText(t, error);
    return <Empty title={title} next={detail} />;
  }
  if (!data) return <Loading />;
  const only = wanted.only.trim();
  return (
    <>
      <Panel title={t("reports.totals")} note={t("reports.zone", { zone: wanted.zone })}>
        <DataTable
          label={t("reports.totals")}
          columns={totalColumns}
          rows={data.totals}
          rowKey={nameOf}
          empty={t(only ? "reports.noneOf" : "reports.none")}
        />
      </Panel>
      <Panel title={t("reports.byInterval")} note={data.rows.length} className={classes.rows}>
        <DataTable
          label={t("reports.byInterval")}
          columns={columns}
          rows={data.rows}
          rowKey={(row) => `${row.begin} ${nameOf(row)}`}
          empty={t(only ? "reports.noneOf" : "reports.none")}
        />
      </Panel>
    </>
  );
}
