/** What is asked for, and as what address it can be had as a file. */

import type { Formula, ReportStep } from "../../api";

export const KINDS = ["queues", "agents", "teams", "campaigns"] as const;
export type Kind = (typeof KINDS)[number];

export interface Wanted {
  kind: Kind;
  from: number;
  to: number;
  step: ReportStep;
  zone: string;
  formula: Formula;
  /** The one queue, agent, team or campaign; empty: all. */
  only: string;
}

const NAME_OF = {
  queues: "queue",
  agents: "agent",
  teams: "team",
  campaigns: "campaign",
} as const;

/** The query that all reports share. */
export function queryOf({ kind, from, to, step, zone, only }: Wanted) {
  const name = only.trim();
  return { from, to, step, zone, ...(name && { [NAME_OF[kind]]: name }) };
}

/** The address of the report as CSV. */
export function fileOf(wanted: Wanted): string {
  const query: Record<string, string | number> = { ...queryOf(wanted), format: "csv" };
  if (wanted.kind === "queues") query.formula = wanted.formula;
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return `/api/v1/reports/${wanted.kind}?${new URLSearchParams(pairs)}`;
}
