/** The calls that people were promised, for supervisors: which are late, whose they are; moved,
 * handed on and cancelled here. */

import { Group, Select, Switch, Title } from "@mantine/core";
import { useMemo, useState } from "react";

import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { useConnection, useLive } from "../../live/hooks";
import { DataTable } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { Empty, Loading } from "../../ui/Situation";
import { useIsEditor } from "../rules/useRules";
import { Change } from "./Change";
import classes from "./Callbacks.module.css";
import { columnsOf } from "./columns";
import { ANYBODY, isWanted, sourceOf } from "./rows";
import type { Filter, Row } from "./rows";
import { useChanges, useRows } from "./useCallbacks";

const ALL: Filter = { agent: "", source: "", overdue: false };

export default function Page() {
  const t = useText();
  const isLive = useConnection() === "live";
  const isEditor = useIsEditor();
  const rows = useRows();
  const campaigns = useCampaignNames();
  const { move, cancel } = useChanges();
  const [filter, setFilter] = useState(ALL);
  const [changing, setChanging] = useState("");
  const columns = useMemo(() => {
    const wishes = {
      change: ({ callback }: Row) => setChanging(callback.id),
      cancel: ({ callback }: Row) => void cancel(callback.id),
    };
    return columnsOf(t, campaigns, isEditor ? wishes : null);
  }, [t, campaigns, isEditor, cancel]);
  const shown = useMemo(() => rows?.filter((row) => isWanted(row, filter)), [rows, filter]);
  if (!rows || !shown) return <Loading />;
  const changed = rows.find(({ callback }) => callback.id === changing);
  const overdue = rows.filter(({ stand }) => stand === "overdue").length;
  return (
    <div className={classes.page} data-stale={!isLive || undefined}>
      <Title order={1}>{t("callbacks.title")}</Title>
      {rows.length === 0 ? (
        <Empty title={t("callbacks.none")} next={t("callbacks.noneNext")} />
      ) : (
        <>
          <Filters t={t} rows={rows} campaigns={campaigns} filter={filter} onChange={setFilter} />
          <Panel
            title={t("callbacks.list")}
            note={t("callbacks.shown", { shown: shown.length, all: rows.length, overdue })}
            className={classes.list}
          >
            <DataTable
              label={t("callbacks.title")}
              columns={columns}
              rows={shown}
              rowKey={({ callback }) => callback.id}
              empty={t("callbacks.noneSuch")}
            />
          </Panel>
        </>
      )}
      {changed && (
        <Change
          key={changed.callback.id}
          row={changed}
          onClose={() => setChanging("")}
          onMove={(at, agent) => move(changed.callback.id, at, agent)}
        />
      )}
    </div>
  );
}

interface FiltersProps {
  t: Translate;
  rows: readonly Row[];
  campaigns: Readonly<Record<string, string>>;
  filter: Filter;
  onChange: (filter: Filter) => void;
}

function Filters({ t, rows, campaigns, filter, onChange }: FiltersProps) {
  const agents = new Map(
    rows.map(({ callback: { agent } }) => [agent || ANYBODY, agent || t("callbacks.anybody")]),
  );
  const sources = new Map(
    rows.map(({ callback }) => [
      sourceOf(callback),
      callback.queue
        ? t("callbacks.queue", { queue: callback.queue })
        : (campaigns[callback.campaign] ?? callback.campaign),
    ]),
  );
  return (
    <Group gap="sm" align="end">
      <Select
        label={t("callbacks.who")}
        data={optionsOf(t("callbacks.all"), agents, filter.agent)}
        value={filter.agent}
        allowDeselect={false}
        onChange={(agent) => onChange({ ...filter, agent: agent ?? "" })}
      />
      <Select
        label={t("callbacks.source")}
        data={optionsOf(t("callbacks.all"), sources, filter.source)}
        value={filter.source}
        allowDeselect={false}
        onChange={(source) => onChange({ ...filter, source: source ?? "" })}
      />
      <Switch
        className={classes.switch}
        label={t("callbacks.overdueOnly")}
        checked={filter.overdue}
        onChange={(event) => onChange({ ...filter, overdue: event.currentTarget.checked })}
      />
    </Group>
  );
}

/** What is chosen stays to be seen when its last callback is gone. */
function optionsOf(all: string, known: ReadonlyMap<string, string>, chosen: string) {
  const options = [...known].map(([value, label]) => ({ value, label }));
  if (chosen && !known.has(chosen)) options.push({ value: chosen, label: plain(chosen) });
  return [
    { value: "", label: all },
    ...options.toSorted((a, b) => a.label.localeCompare(b.label)),
  ];
}

function plain(source: string): string {
  return source.replace(/^[a-z]*:/, "");
}

/** By their ids. The same object until one of them changes its name. */
function useCampaignNames(): Readonly<Record<string, string>> {
  const campaigns = useLive("board", "campaigns");
  const said = JSON.stringify(Object.values(campaigns ?? {}).map(({ id, name }) => [id, name]));
  return useMemo(
    () => Object.fromEntries(JSON.parse(said) as [string, string][]) as Record<string, string>,
    [said],
  );
}
