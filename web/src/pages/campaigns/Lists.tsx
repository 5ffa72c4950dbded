/** The lists of a campaign and how their contacts stand; results by list, hour, tier and offer. */

import { Button, Group, MultiSelect, NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { ListPlus } from "lucide-react";
import { useMemo, useState } from "react";

import { request } from "../../api";
import type { CampaignView, ListStanding, ResultRow, ResultsBy, Tier } from "../../api";
import { cents, count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Panel } from "../../ui/Panel";
import { problemText, tellProblem } from "../../ui/problems";
import { Empty, Loading } from "../../ui/Situation";
import { TierBadge } from "../../ui/TierBadge";
import classes from "./Campaign.module.css";
import { finishIn } from "./finish";
import { momentOf } from "./moment";
import { NewListDialog } from "./NewListDialog";
import { useIsManager } from "./useCampaign";

const LOOK_EVERY_MS = 15_000; // each look counts all contacts of the campaign
const BYS: readonly ResultsBy[] = ["list", "hour", "tier", "attribute"];
const ATTRIBUTE_CHARS_MAX = 60;
const PRIORITY_MAX = 100;

export function useLists(campaign: string) {
  return useQuery({
    queryKey: ["lists", campaign],
    queryFn: ({ signal }) =>
      request("GET /api/v1/campaigns/{campaign}/lists/counts", { path: { campaign }, signal }),
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function Lists({ campaign: view }: { campaign: CampaignView }) {
  const t = useText();
  const campaign = view.id;
  const { data, error, dataUpdatedAt } = useLists(campaign);
  const isManager = useIsManager();
  const columns = useMemo(
    () => listColumns(t, isManager ? campaign : ""),
    [t, campaign, isManager],
  );
  return (
    <Panel
      title={t("campaigns.lists")}
      note={data && finishText(t, view, data.lists, dataUpdatedAt / 1000)}
      action={
        isManager && (
          <span className={classes.quiet}>{t("campaigns.lists.priorityHint")}</span>
        )
      }
      className={classes.wide}
    >
      {data ? (
        <DataTable
          label={t("campaigns.lists")}
          columns={columns}
          rows={data.lists}
          rowKey={(list) => String(list.id)}
          empty={t("campaigns.lists.none")}
        />
      ) : (
        <Waiting error={error} />
      )}
    </Panel>
  );
}

/** When the lists are through at the pace of the last hour; nothing while nobody can say. */
function finishText(
  t: Translate,
  campaign: CampaignView,
  lists: readonly ListStanding[],
  now: number,
): string {
  if (campaign.state !== "running") return "";
  const left = finishIn(lists, now - campaign.since);
  return left === null ? t("campaigns.lists.finishUnknown") : t("campaigns.lists.finish", left);
}

/** `campaign`: whose priorities may be changed; empty: they are only shown. */
function listColumns(t: Translate, campaign: string): Column<ListStanding>[] {
  const number = (id: keyof ListStanding & string, header: PlainKey): Column<ListStanding> => ({
    id,
    header: t(header),
    number: true,
    by: (list) => Number(list[id]),
    largestFirst: true,
    cell: (list) => (
      <span className={list[id] ? undefined : classes.quiet}>
        {count(Number(list[id]), t.language)}
      </span>
    ),
  });
  return [
    {
      id: "name",
      header: t("campaigns.lists.name"),
      rest: true,
      by: ({ name }) => name,
      cell: ({ name }) => name,
    },
    {
      ...number("priority", "campaigns.priority"),
      ...(campaign && { cell: (list) => <Priority campaign={campaign} list={list} /> }),
    },
    number("total", "campaigns.lists.total"),
    number("due", "campaigns.lists.open"),
    number("later", "campaigns.lists.later"),
    number("done", "campaigns.lists.done"),
    number("used_up", "campaigns.lists.usedUp"),
    number("dnc", "campaigns.lists.dnc"),
    number("no_consent", "campaigns.lists.noConsent"),
    {
      id: "imported",
      header: t("campaigns.lists.imported"),
      by: (list) => list.imported_at,
      cell: (list) => (
        <span className={classes.quiet}>{momentOf(list.imported_at, t.language)}</span>
      ),
    },
  ];
}

/** A list's priority, changed when the field is left or Enter pressed. */
function Priority({ campaign, list }: { campaign: string; list: ListStanding }) {
  const t = useText();
  const queries = useQueryClient();
  const [typed, setTyped] = useState<number | "" | null>(null);
  const put = async () => {
    if (typed === null || typed === "" || typed === list.priority) return setTyped(null);
    try {
      const path = { campaign, list: String(list.id) };
      await request("PUT /api/v1/campaigns/{campaign}/lists/{list}", {
        path,
        body: { priority: typed },
      });
      await queries.invalidateQueries({ queryKey: ["lists", campaign] });
    } catch (error) {
      tellProblem(t, error);
    }
    setTyped(null);
  };
  return (
    <NumberInput
      size="xs"
      w={72}
      aria-label={t("campaigns.lists.priorityOf", { list: list.name })}
      min={0}
      max={PRIORITY_MAX}
      allowDecimal={false}
      clampBehavior="strict"
      value={typed ?? list.priority}
      onChange={(value) => setTyped(value === "" ? "" : Number(value))}
      onBlur={() => void put()}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

export function ResultsBox({ campaign }: { campaign: string }) {
  const t = useText();
  const isManager = useIsManager();
  const [by, setBy] = useState<ResultsBy>("list");
  const [attribute, setAttribute] = useState("");
  /** The dispositions that count as sold; empty: as the server has it. */
  const [sold, setSold] = useState<string[]>([]);
  const [isMaking, setMaking] = useState(false);
  const isAsked = by !== "attribute" || attribute !== "";
  const { data, error } = useQuery({
    queryKey: ["results", campaign, by, by === "attribute" ? attribute : "", sold],
    queryFn: ({ signal }) =>
      request("GET /api/v1/campaigns/{campaign}/results", {
        path: { campaign },
        query: {
          by,
          ...(by === "attribute" && { attribute }),
          ...(sold.length > 0 && { sales: sold.join(",") }),
        },
        signal,
      }),
    enabled: isAsked,
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_EVERY_MS,
  });
  const columns = useMemo(() => resultColumns(t, by), [t, by]);
  const said = data?.rows.flatMap(({ dispositions }) => Object.keys(dispositions)) ?? [];
  const codes = [...new Set([...(data?.sales ?? []), ...said])];
  const sales = data?.sales.map((code) => t.maybe(`disposition.${code}`, code)).join(", ");
  return (
    <Panel
      title={t("campaigns.results")}
      note={sales && t("campaigns.results.sales", { codes: sales })}
      className={classes.wide}
      action={
        <Group gap="sm" wrap="nowrap">
          <MultiSelect
            size="xs"
            w={220}
            aria-label={t("campaigns.results.soldMeans")}
            placeholder={sold.length > 0 ? undefined : t("campaigns.results.soldMeans")}
            data={codes.map((value) => ({ value, label: t.maybe(`disposition.${value}`, value) }))}
            value={sold}
            onChange={setSold}
          />
          {by === "attribute" && <AttributeField attribute={attribute} onChoose={setAttribute} />}
          <SegmentedControl
            size="xs"
            aria-label={t("campaigns.results.by")}
            data={BYS.map((value) => ({ value, label: t(`resultsBy.${value}`) }))}
            value={by}
            onChange={(value) => setBy(value as ResultsBy)}
          />
          {isManager && (
            <Button
              size="compact-sm"
              leftSection={<ListPlus size={14} aria-hidden />}
              onClick={() => setMaking(true)}
            >
              {t("campaigns.newList")}
            </Button>
          )}
        </Group>
      }
    >
      {!isAsked ? (
        <Empty title={t("campaigns.results.whichColumn")} next={t("campaigns.results.whichNext")} />
      ) : data && !error ? (
        <DataTable
          label={t("campaigns.results")}
          columns={columns}
          rows={data.rows}
          rowKey={(row) => row.key}
          empty={t("campaigns.attempts.none")}
        />
      ) : (
        <Waiting error={error} />
      )}
      {isMaking && (
        <NewListDialog
          campaign={campaign}
          said={said}
          onClose={() => setMaking(false)}
        />
      )}
    </Panel>
  );
}

function AttributeField(props: { attribute: string; onChoose: (attribute: string) => void }) {
  const t = useText();
  const [text, setText] = useState(props.attribute);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onChoose(text.trim());
      }}
    >
      <TextInput
        size="xs"
        w={180}
        aria-label={t("campaigns.column")}
        placeholder={t("campaigns.column")}
        maxLength={ATTRIBUTE_CHARS_MAX}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => props.onChoose(text.trim())}
      />
    </form>
  );
}

function Waiting({ error }: { error: unknown }) {
  const t = useText();
  if (!error) return <Loading />;
  const { title, detail } = problemText(t, error);
  return <Empty title={title} next={detail} />;
}

function resultColumns(t: Translate, by: ResultsBy): Column<ResultRow>[] {
  const number = (
    id: string,
    header: PlainKey,
    value: (row: ResultRow) => number,
  ): Column<ResultRow> => ({
    id,
    header: t(header),
    number: true,
    by: value,
    largestFirst: true,
    cell: (row) => (
      <span className={value(row) ? undefined : classes.quiet}>
        {count(value(row), t.language)}
      </span>
    ),
  });
  return [
    {
      id: "key",
      header: t(`resultsBy.${by}`),
      by: ({ key }) => key,
      cell: ({ key }) => <Key by={by} value={key} />,
    },
    number("contacts", "campaigns.results.contacts", (row) => row.contacts),
    number("attempts", "campaigns.results.count", (row) => row.attempts),
    number("people", "campaigns.people", (row) => row.people),
    number("connected", "attemptResult.connected", (row) => row.connected),
    number("dropped", "attemptResult.dropped", (row) => row.dropped),
    number("returned", "campaigns.results.returned", (row) => row.returned),
    number("sold", "campaigns.results.sold", (row) => row.sold),
    {
      ...number("revenue", "campaigns.results.revenue", (row) => row.revenue_cents),
      cell: (row) => (row.revenue_cents ? cents(row.revenue_cents, t.language) : "–"),
    },
    {
      id: "rate",
      header: t("campaigns.results.rate"),
      number: true,
      by: rateOf,
      largestFirst: true,
      cell: (row) => (row.contacts ? percent(rateOf(row), t.language) : "–"),
    },
    {
      id: "dispositions",
      header: t("campaigns.results.said"),
      rest: true,
      cell: (row) => <span className={classes.quiet}>{saidText(t, row)}</span>,
    },
  ];
}

function Key({ by, value }: { by: ResultsBy; value: string }) {
  const t = useText();
  if (!value) return <span className={classes.quiet}>{t("campaigns.results.noKey")}</span>;
  if (by === "tier") return <TierBadge tier={value as Tier} />;
  return by === "hour" ? `${value}:00` : value;
}

function rateOf(row: ResultRow): number {
  return row.contacts ? row.sold / row.contacts : 0;
}

/** What agents said, the most frequent first. */
function saidText(t: Translate, { dispositions }: ResultRow): string {
  return Object.entries(dispositions)
    .toSorted(([, one], [, other]) => other - one)
    .map(([code, times]) => `${t.maybe(`disposition.${code}`, code)} ${count(times, t.language)}`)
    .join(", ");
}
