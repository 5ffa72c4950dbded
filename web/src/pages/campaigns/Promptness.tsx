/** How long people waited for an agent after their greeting, against the two seconds of the law. */

import { useQuery } from "@tanstack/react-query";

import { request } from "../../api";
import type { Waits } from "../../api";
import { count, percent } from "../../format/number";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { Explained } from "../../ui/Explained";
import { Panel } from "../../ui/Panel";
import classes from "./Campaign.module.css";

const LOOK_EVERY_MS = 60_000; // it is counted over all attempts
const FROM = ["greeting", "answer", "verdict"] as const;

export function Promptness({ campaign }: { campaign: string }) {
  const t = useText();
  const { data } = useQuery({
    queryKey: ["waits", campaign],
    queryFn: ({ signal }) =>
      request("GET /api/v1/campaigns/{campaign}/waits", { path: { campaign }, signal }),
    refetchInterval: LOOK_EVERY_MS,
  });
  if (!data) return null; // the results below say what is wrong
  return (
    <Panel title={t("campaigns.waits")} note={noteOf(t, data)} className={classes.box}>
      <dl className={classes.figures}>
        {figuresOf(t, data).map(([name, value]) => (
          <div key={name}>
            <dt>
              <Explained label={t(name)} help={t(`${name}Hint` as PlainKey)} />
            </dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function figuresOf(t: Translate, waits: Waits): [PlainKey, string][] {
  const seconds = (value: number | null) =>
    value === null ? "–" : t("campaigns.waits.seconds", { s: twoDigits(value, t.language) });
  return [
    [
      "campaigns.waits.inTime",
      waits.in_time_share === null ? "–" : percent(waits.in_time_share, t.language),
    ],
    ["campaigns.waits.late", count(waits.connected - waits.in_time, t.language)],
    ["campaigns.waits.p50", seconds(waits.p50_s)],
    ["campaigns.waits.p95", seconds(waits.p95_s)],
    ["campaigns.waits.longest", seconds(waits.connected ? waits.longest_s : null)],
  ];
}

/** Of how many, and since when their wait is counted. */
function noteOf(t: Translate, { connected, counted_from: from }: Waits): string {
  if (!connected) return t("campaigns.waits.none");
  const known = FROM.filter((one) => from[one]);
  return known
    .map((one) => t(`campaigns.waits.from.${one}`, { count: count(from[one] ?? 0, t.language) }))
    .join(" · ");
}

function twoDigits(value: number, language: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language, digits).format(value);
}
