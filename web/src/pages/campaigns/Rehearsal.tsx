/** What would come of the campaign: as it is, and with a change beside it. */

import { Button, NumberInput, Progress, Select } from "@mantine/core";
import { Play, X } from "lucide-react";
import { useState } from "react";
import type { SyntheticEvent } from "react";

import type {
  CampaignRehearsalResult,
  CampaignView,
  Compared,
  Estimate,
  Pacing,
  RehearseCampaign,
} from "../../api";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { explained } from "../../ui/Explained";
import { problemText } from "../../ui/problems";
import classes from "./Rehearsal.module.css";
import { useIsManager } from "./useCampaign";
import { useRehearsal } from "./useRehearsal";

const PACINGS: readonly Pacing[] = ["preview", "progressive", "power", "predictive"];
const SEEDS = 5;
const HOURS = 8;

/** Numbers as they stand in the fields; empty: as it is. */
interface Draft {
  seeds: number | "";
  hours: number | "";
  agents: number | "";
  without: number | "";
  pacing: Pacing | "";
  lines: number | "";
  cap: number | "";
  ring: number | "";
  maxLines: number | "";
}

const AS_IT_IS: Draft = {
  seeds: SEEDS,
  hours: HOURS,
  agents: "",
  without: "",
  pacing: "",
  lines: "",
  cap: "",
  ring: "",
  maxLines: "",
};

export function Rehearsal({ campaign }: { campaign: CampaignView }) {
  const t = useText();
  const isManager = useIsManager();
  const [draft, setDraft] = useState(AS_IT_IS);
  const { view, error, isAsking, start, cancel } = useRehearsal(campaign.id);
  const isRunning = view?.state === "running";
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void start(wishOf(draft));
  };
  return (
    <section className={classes.box} aria-label={t("campaigns.rehearsal")}>
      <p className={classes.quiet}>{t("campaigns.rehearsal.why")}</p>
      {isManager && (
        <form className={classes.form} onSubmit={submit}>
          <Fields campaign={campaign} draft={draft} onChange={(some) => setDraft({ ...draft, ...some })} />
          {isRunning ? (
            <Button
              variant="default"
              leftSection={<X size={16} aria-hidden />}
              onClick={() => void cancel()}
            >
              {t("campaigns.rehearsal.cancel")}
            </Button>
          ) : (
            <Button type="submit" leftSection={<Play size={16} aria-hidden />} disabled={isAsking}>
              {t("campaigns.rehearsal.start")}
            </Button>
          )}
        </form>
      )}
      <div role="status">
        {error !== null && <p role="alert">{refusalText(t, error)}</p>}
        {isRunning && (
          <>
            <p>{t.maybe(`campaigns.rehearsal.${view.doing}`, t("campaigns.rehearsal.reading"))}</p>
            <Progress
              value={100 * view.share}
              aria-label={t("campaigns.rehearsal")}
              transitionDuration={0}
            />
          </>
        )}
        {view?.state === "failed" && <p role="alert">{view.problem}</p>}
        {view?.state === "cancelled" && <p>{t("campaigns.rehearsal.cancelled")}</p>}
      </div>
      {view?.result && <Figures result={view.result} />}
    </section>
  );
}

function wishOf(draft: Draft): RehearseCampaign {
  const or = (value: number | "") => (value === "" ? null : value);
  return {
    seeds: draft.seeds || SEEDS,
    hours: draft.hours || HOURS,
    agents: or(draft.agents),
    without: draft.without || 0,
    pacing: draft.pacing || null,
    lines_per_agent: draft.pacing === "power" ? or(draft.lines) : null,
    drop_cap: draft.cap === "" ? null : draft.cap / 100,
    ring_s: or(draft.ring),
    max_lines: or(draft.maxLines),
  };
}

function refusalText(t: Translate, error: unknown): string {
  const { title, detail } = problemText(t, error);
  return detail || title;
}

interface FieldsProps {
  campaign: CampaignView;
  draft: Draft;
  onChange: (some: Partial<Draft>) => void;
}

function Fields({ campaign, draft, onChange }: FieldsProps) {
  const t = useText();
  const asItIs = t("campaigns.rehearsal.asItIs");
  const number = (
    name: "seeds" | "hours" | "agents" | "without" | "lines" | "cap" | "ring" | "maxLines",
    min: number,
    max: number,
    placeholder = asItIs,
  ) => (
    <NumberInput
      className={classes.field}
      {...explained(
        t(`campaigns.rehearsal.field.${name}`),
        t(`campaigns.rehearsal.hint.${name}`),
      )}
      placeholder={placeholder}
      min={min}
      max={max}
      clampBehavior="blur"
      allowNegative={false}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value === "" ? "" : Number(value) })}
    />
  );
  return (
    <>
      <fieldset className={classes.fields}>
        <legend>{t("campaigns.rehearsal.played")}</legend>
        {number("hours", 0.25, 100)}
        {number("seeds", 2, 50)}
      </fieldset>
      <fieldset className={classes.fields}>
        <legend>{t("campaigns.rehearsal.change")}</legend>
        {number("without", 0, 1000, "0")}
        {number("agents", 1, 1000)}
        <Select
          className={classes.field}
          {...explained(
            t("campaigns.rehearsal.field.pacing"),
            t("campaigns.rehearsal.hint.pacing"),
          )}
          placeholder={t(`pacing.${campaign.settings.pacing}`)}
          clearable
          data={PACINGS.map((value) => ({ value, label: t(`pacing.${value}`) }))}
          value={draft.pacing || null}
          onChange={(pacing) => onChange({ pacing: (pacing as Pacing | null) ?? "" })}
        />
        {draft.pacing === "power" && number("lines", 1, 3, "1")}
        {number("cap", 0, 5, String(100 * campaign.drops.cap))}
        {number("ring", 15, 120, String(campaign.settings.ring_s))}
        {number("maxLines", 1, 500, String(campaign.settings.max_lines))}
      </fieldset>
    </>
  );
}

// --- what came of it -------------------------------------------------------------------------------

function Figures({ result }: { result: CampaignRehearsalResult }) {
  const t = useText();
  const hasChange = result.new_agents !== null;
  const { figures } = result;
  const notWithin = t("campaigns.rehearsal.notWithin", { hours: round(result.hours) });
  const columns = { t, hasChange };
  return (
    <>
      <table className={classes.figures}>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">{t("campaigns.rehearsal.figure")}</span>
            </th>
            <th scope="col">{t("campaigns.rehearsal.current")}</th>
            {hasChange && <th scope="col">{t("campaigns.rehearsal.changed")}</th>}
            {hasChange && <th scope="col">{t("campaigns.rehearsal.difference")}</th>}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t("campaigns.rehearsal.agents")}</th>
            <td>{result.agents}</td>
            {hasChange && <td>{result.new_agents}</td>}
            {hasChange && <td>{signed(t, (result.new_agents ?? 0) - result.agents, 0)}</td>}
          </tr>
          <Row {...columns} name="occupancy" value={figures.occupancy} isShare />
          <Row {...columns} name="talking" value={figures.talking} isShare moreIsBetter />
          <Row {...columns} name="idle_s" value={figures.idle_s} lessIsBetter />
          <Row
            {...columns}
            name="dropped"
            value={figures.dropped}
            isShare
            lessIsBetter
            digits={2}
            caps={[result.cap, result.new_cap]}
          />
          <Row {...columns} name="calls_per_h" value={figures.calls_per_h} digits={0} />
          <Row {...columns} name="tried" value={figures.tried} digits={0} />
          <Row {...columns} name="reached" value={figures.reached} digits={0} moreIsBetter />
          <Row {...columns} name="tried_all_h" value={figures.tried_all_h} nothing={notWithin} lessIsBetter />
          <Row {...columns} name="finished_h" value={figures.finished_h} nothing={notWithin} lessIsBetter />
        </tbody>
      </table>
      <p className={classes.quiet}>
        {t("campaigns.rehearsal.playedOn", {
          seeds: result.seeds,
          hours: round(result.hours),
          contacts: result.contacts,
          calls: result.attempts_fitted,
        })}
      </p>
      {result.notes.length > 0 && (
        <ul className={classes.notes}>
          {result.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

interface RowProps {
  t: Translate;
  hasChange: boolean;
  name: keyof CampaignRehearsalResult["figures"];
  value: Compared;
  isShare?: boolean;
  lessIsBetter?: boolean;
  moreIsBetter?: boolean;
  digits?: number;
  /** What stands where there is no figure. */
  nothing?: string;
  /** The caps of both, to be seen beside the figure. */
  caps?: readonly [number, number | null];
}

function Row({ t, hasChange, name, value, nothing = "–", caps, ...rest }: RowProps) {
  const { isShare = false, lessIsBetter, moreIsBetter, digits = 1 } = rest;
  const times = isShare ? 100 : 1;
  const cell = (one: Estimate | null, cap: number | null = null) => (
    <td data-over={(one && cap !== null && one.mean > cap) || undefined}>
      {one ? said(t, one, times, digits) : nothing}
      {one && one.least !== null && one.most !== null && (
        <span className={classes.interval}>{within(t, one, isShare, digits)}</span>
      )}
      {cap !== null && (
        <span className={classes.interval}>
          {t("campaigns.rehearsal.cap", { cap: round(100 * cap) })}
        </span>
      )}
    </td>
  );
  const { difference } = value;
  const isClear =
    difference !== null &&
    difference.least !== null &&
    difference.most !== null &&
    (difference.least > 0 || difference.most < 0);
  const isBetter = difference && difference.mean < 0 ? lessIsBetter : moreIsBetter;
  const isJudged = lessIsBetter || moreIsBetter;
  const verdict = isClear && isJudged ? (isBetter ? "better" : "worse") : undefined;
  return (
    <tr data-verdict={verdict}>
      <th scope="row">{t(NAMES[name])}</th>
      {cell(value.current, caps?.[0])}
      {hasChange && cell(value.new, caps?.[1])}
      {hasChange && (
        <td>
          {difference && <b>{signed(t, difference.mean * times, digits)}</b>}
          {difference && difference.least !== null && difference.most !== null && (
            <span className={classes.interval}>
              {t("campaigns.rehearsal.interval", {
                least: signed(t, difference.least * times, digits),
                most: signed(t, difference.most * times, digits),
              })}
            </span>
          )}
          {verdict && <span className="visually-hidden">{t(`campaigns.rehearsal.${verdict}`)}</span>}
        </td>
      )}
    </tr>
  );
}

const NAMES: Record<keyof CampaignRehearsalResult["figures"], PlainKey> = {
  occupancy: "campaigns.rehearsal.occupancy",
  talking: "campaigns.rehearsal.talking",
  idle_s: "campaigns.rehearsal.idle",
  dropped: "campaigns.rehearsal.dropped",
  calls_per_h: "campaigns.rehearsal.callsPerHour",
  tried: "campaigns.rehearsal.tried",
  reached: "campaigns.rehearsal.reached",
  tried_all_h: "campaigns.rehearsal.triedAll",
  finished_h: "campaigns.rehearsal.finished",
};

function said(t: Translate, one: Estimate, times: number, digits: number): string {
  return format(t, digits).format(one.mean * times);
}

/** The interval, as far as there can be such a figure: none is below 0, no share above 100 %. */
function within(t: Translate, one: Estimate, isShare: boolean, digits: number): string {
  const times = isShare ? 100 : 1;
  const top = isShare ? 1 : Infinity;
  const shown = (value: number) =>
    format(t, digits).format(Math.min(top, Math.max(0, value)) * times);
  return t("campaigns.rehearsal.interval", {
    least: shown(one.least ?? one.mean),
    most: shown(one.most ?? one.mean),
  });
}

function format(t: Translate, digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat(t.language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function signed(t: Translate, value: number, digits: number): string {
  return new Intl.NumberFormat(t.language, {
    signDisplay: "exceptZero",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
    .format(value)
    .replace("-", "−");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
