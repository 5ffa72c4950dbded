/** What the text would come to on days like those to come: current and new rules, side by side. */

import { Button, NumberInput, Progress, TextInput } from "@mantine/core";
import { Play, X } from "lucide-react";
import { Fragment, useState } from "react";

import type { Paired, RehearsalResult, RehearseRules, TierResult } from "../../api";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { problemText } from "../../ui/problems";
import classes from "./Rules.module.css";
import { useRehearsal } from "./useRehearsal";

interface Props {
  text: string;
  /** Whether it may be rehearsed: it differs from what is published, and nothing is wrong with it. */
  isReady: boolean;
  isEditor: boolean;
}

export function Rehearsal({ text, isReady, isEditor }: Props) {
  const t = useText();
  const [options, setOptions] = useState(USUAL);
  const { view, rehearsed, error, isAsking, start, cancel } = useRehearsal();
  const isRunning = view?.state === "running";
  if (!isEditor && !view) return null;
  return (
    <section className={classes.rehearsal} aria-label={t("rules.rehearsal")}>
      <div className={classes.rehearse}>
        <h3>{t("rules.rehearsal")}</h3>
        {isRunning ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<X size={14} aria-hidden />}
            disabled={!isEditor}
            onClick={() => void cancel()}
          >
            {t("rules.cancelRehearsal")}
          </Button>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Play size={14} aria-hidden />}
            disabled={!isReady || !isEditor || isAsking}
            onClick={() => void start(wishOf(text, options))}
          >
            {t("rules.rehearse")}
          </Button>
        )}
      </div>
      {isEditor && <Fields options={options} onChange={(some) => setOptions({ ...options, ...some })} />}
      <div role="status">
        {!view && error === null && <p className={classes.quiet}>{t("rules.rehearseWhy")}</p>}
        {error !== null && <p role="alert">{refusalText(t, error)}</p>}
        {isRunning && (
          <>
            <p>{t.maybe(`rules.rehearsal.${view.doing}`, t("rules.rehearsal.reading"))}</p>
            <Progress
              value={100 * view.share}
              aria-label={t("rules.rehearsal")}
              transitionDuration={0}
            />
          </>
        )}
        {view?.state === "failed" && <p role="alert">{view.problem}</p>}
        {view?.state === "cancelled" && <p>{t("rules.rehearsalCancelled")}</p>}
        {view?.result && rehearsed?.text !== text && (
          <p className={classes.quiet}>{t("rules.rehearsedOther")}</p>
        )}
      </div>
      {view?.result && <Figures result={view.result} />}
    </section>
  );
}

/** As they stand in the fields; empty: as usual. */
interface Options {
  seeds: number | "";
  hours: number | "";
  day: string;
}

const USUAL: Options = { seeds: "", hours: "", day: "" };

function wishOf(text: string, { seeds, hours, day }: Options): RehearseRules {
  const wish: RehearseRules = { text };
  if (seeds !== "") wish.seeds = seeds;
  if (hours !== "") wish.hours = hours;
  if (day !== "") wish.day = day;
  return wish;
}

function Fields({ options, onChange }: { options: Options; onChange: (some: Partial<Options>) => void }) {
  const t = useText();
  const number = (name: "seeds" | "hours", min: number, max: number, placeholder: string) => (
    <NumberInput
      size="xs"
      label={t(`rules.rehearsal.${name}`)}
      placeholder={placeholder}
      min={min}
      max={max}
      clampBehavior="blur"
      allowNegative={false}
      hideControls
      value={options[name]}
      onChange={(value) => onChange({ [name]: value === "" ? "" : Number(value) })}
    />
  );
  return (
    <div className={classes.options}>
      {number("seeds", 2, 50, "10")}
      {number("hours", 0.25, 24, t("rules.rehearsal.allDay"))}
      <TextInput
        size="xs"
        type="date"
        label={t("rules.rehearsal.day")}
        value={options.day}
        onChange={(event) => onChange({ day: event.currentTarget.value })}
      />
    </div>
  );
}

function refusalText(t: Translate, error: unknown): string {
  const { title, detail } = problemText(t, error);
  return detail || title;
}

function Figures({ result }: { result: RehearsalResult }) {
  const t = useText();
  const about = { seeds: result.seeds, day: result.day, calls: result.calls_fitted, days: result.days_fitted };
  return (
    <>
      <ul className={classes.waitsAbout}>
        {result.tiers
          .filter(({ tier }) => tier !== "all")
          .map((tier) => (
            <li key={tier.tier}>
              {t("rules.waitsAbout", {
                who: who(t, tier.tier),
                time: wait(t, tier.wait_s.new),
                before: wait(t, tier.wait_s.current),
              })}
            </li>
          ))}
      </ul>
      <table className={classes.figures}>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">{t("rules.figure")}</span>
            </th>
            <th scope="col">{t("rules.now")}</th>
            <th scope="col">{t("rules.then")}</th>
            <th scope="col">{t("rules.difference")}</th>
          </tr>
        </thead>
        <tbody>
          {result.tiers.map((tier) => (
            <TierRows key={tier.tier} tier={tier} />
          ))}
          <tr>
            <th colSpan={4} scope="rowgroup">
              {t("rules.occupancy")}
            </th>
          </tr>
          {result.agents.map(({ group, occupancy }) => (
            <Row key={group} name={t(GROUPS[group] ?? "rules.groupAll")} value={occupancy} isShare />
          ))}
        </tbody>
      </table>
      <p className={classes.quiet}>{t("rules.rehearsedOn", about)}</p>
      {result.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </>
  );
}

const GROUPS: Record<string, PlainKey> = {
  senior: "rules.groupSenior",
  junior: "rules.groupJunior",
  all: "rules.groupAll",
};

function who(t: Translate, tier: string): string {
  return t.maybe(`tier.${tier}`, t("rules.allTiers"));
}

function TierRows({ tier }: { tier: TierResult }) {
  const t = useText();
  return (
    <Fragment>
      <tr>
        <th colSpan={4} scope="rowgroup">
          {t("rules.tierCalls", { who: who(t, tier.tier), calls: Math.round(tier.calls) })}
        </th>
      </tr>
      <Row name={t("rules.meanWait")} value={tier.wait_s} lessIsBetter />
      <Row name={t("rules.inTarget")} value={tier.in_time} isShare moreIsBetter />
      <Row name={t("rules.hungUp")} value={tier.abandoned} isShare lessIsBetter />
      <Row name={t("rules.bySeniors")} value={tier.by_seniors} isShare />
      {(tier.led_out.current > 0 || tier.led_out.new > 0) && (
        <Row name={t("rules.ledOut")} value={tier.led_out} isShare />
      )}
    </Fragment>
  );
}

interface RowProps {
  name: string;
  value: Paired;
  /** In per cent; else in seconds. */
  isShare?: boolean;
  lessIsBetter?: boolean;
  moreIsBetter?: boolean;
}

function Row({ name, value, isShare = false, lessIsBetter, moreIsBetter }: RowProps) {
  const t = useText();
  const say = isShare ? share : wait;
  const times = isShare ? 100 : 1;
  const { least, most, difference } = value;
  const interval =
    least === null || most === null
      ? t("rules.noInterval")
      : t("rules.interval", { least: signed(t, least * times), most: signed(t, most * times) });
  const isClear = least !== null && most !== null && (least > 0 || most < 0);
  const isBetter = difference < 0 ? lessIsBetter : moreIsBetter;
  const isJudged = lessIsBetter || moreIsBetter;
  const verdict = isClear && isJudged ? (isBetter ? "better" : "worse") : undefined;
  return (
    <tr data-verdict={verdict}>
      <th scope="row">{name}</th>
      <td>{say(t, value.current)}</td>
      <td>{say(t, value.new)}</td>
      <td>
        <b>{signed(t, difference * times)}</b> <span className={classes.interval}>{interval}</span>
        {verdict && <span className="visually-hidden">{t(`rules.${verdict}`)}</span>}
      </td>
    </tr>
  );
}

function wait(t: Translate, seconds: number): string {
  if (seconds < 100) return t("rules.seconds", { count: Math.round(seconds) });
  return t("rules.minutes", { count: Math.round(seconds / 6) / 10 });
}

function share(t: Translate, value: number): string {
  return new Intl.NumberFormat(t.language, { style: "percent", maximumFractionDigits: 1 }).format(value);
}

function signed(t: Translate, value: number): string {
  const format = new Intl.NumberFormat(t.language, { signDisplay: "exceptZero", maximumFractionDigits: 1 });
  return format.format(value).replace("-", "−");
}
