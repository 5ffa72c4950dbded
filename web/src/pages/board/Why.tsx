/** The parts of the explanation of a live call. */

import { Code } from "@mantine/core";
import { useMemo } from "react";
import type { ReactNode } from "react";

import type { AgentsView, CallRouting, DecisionView, RuleView, Score } from "../../api";
import { useText } from "../../i18n";
import type { PlainKey, Translate } from "../../i18n";
import { duration } from "../../format/time";
import { DataTable } from "../../ui/DataTable";
import type { Column } from "../../ui/DataTable";
import { Elapsed } from "../../ui/Elapsed";
import { clockOf } from "../campaigns/moment";
import classes from "./Why.module.css";
import {
  namesText,
  nextText,
  positionText,
  reasonText,
  skillsText,
  valueText,
  whyText,
} from "./words";

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

export function WhyWaiting({ routing, isDialed }: { routing: CallRouting; isDialed: boolean }) {
  const t = useText();
  if (isDialed) return <p className={classes.headline}>{t("why.dialed")}</p>;
  if (!routing.waiting) {
    const state = t.maybe(`callState.${routing.state}`, routing.state);
    return <p className={classes.headline}>{t("why.notWaiting", { state })}</p>;
  }
  return (
    <Part title={t("why.stillWaiting")}>
      <p className={classes.headline}>{whyText(t, routing)}</p>
      <p>{positionText(t, routing)}</p>
      {routing.is_outdated && <p>{t("why.outdated")}</p>}
    </Part>
  );
}

export function Next({ routing, since }: { routing: CallRouting; since: number }) {
  const t = useText();
  const steps = routing.waiting?.next ?? [];
  return (
    <Part title={t("why.next")}>
      {steps.length === 0 && <p>{t("why.nothingNext")}</p>}
      <ul className={classes.steps}>
        {steps.map(([at, step]) => (
          <li key={`${at} ${step}`}>
            <Elapsed since={at} until className={classes.when} />
            <span>{nextText(t, routing, [at, step], since)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

export function Rule({ routing }: { routing: CallRouting }) {
  const t = useText();
  const { rule, rules_version: version, tried } = routing;
  const now = routing.steps.find((step) => step.holds_now)?.skills ?? {};
  return (
    <Part title={t("why.rule")}>
      <p>{ruleText(t, rule, version)}</p>
      {rule && (
        <p>
          {Object.keys(now).length === 0
            ? t("why.asksNothing")
            : t("why.asksSkills", { skills: skillsText(t, now) })}
        </p>
      )}
      {tried.length > 0 && (
        <>
          <p className={classes.quiet}>{t(routing.waiting ? "why.tried" : "why.triedNow")}</p>
          <ol className={classes.tried}>
            {tried.map((each) => (
              <Tried key={each.rule} tried={each} />
            ))}
          </ol>
        </>
      )}
    </Part>
  );
}

export function ruleText(t: Translate, rule: string, version: number): string {
  if (rule === "" || rule === "-") return t("why.noRule");
  return version === 0 ? t("why.byBuiltIn", { rule }) : t("why.byRule", { rule, version });
}

function Tried({ tried }: { tried: RuleView }) {
  const t = useText();
  const { rule, when, holds, read, failure } = tried;
  return (
    <li data-holds={holds || undefined}>
      <div className={classes.triedHead}>
        <span>{rule}</span>
        <b>{verdictText(t, tried)}</b>
      </div>
      {when && <Code className={classes.code}>{when}</Code>}
      {!failure && Object.keys(read).length > 0 && (
        <dl className={classes.values}>
          {Object.entries(read).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{valueText(t, value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function verdictText(t: Translate, { when, holds, failure }: RuleView): string {
  if (failure) return t("why.failed", { failure });
  if (!when) return t("why.always");
  return t(holds ? "why.holds" : "why.holdsNot");
}

export function Agents({ groups }: { groups: readonly AgentsView[] }) {
  const t = useText();
  const columns = useMemo(() => groupColumns(t), [t]);
  return (
    <Part title={t("why.agents")}>
      <DataTable
        label={t("why.agents")}
        columns={columns}
        rows={groups}
        rowKey={({ fit, seniority }) => `${fit} ${seniority}`}
        empty={t("why.noAgents")}
      />
    </Part>
  );
}

function groupColumns(t: Translate): Column<AgentsView>[] {
  return [
    {
      id: "who",
      header: t("why.who"),
      cell: ({ seniority }) => t(seniority === "senior" ? "why.seniors" : "why.juniors"),
    },
    { id: "count", header: t("why.count"), number: true, cell: ({ count }) => count },
    {
      id: "why",
      header: t("why.whyNot"),
      rest: true,
      cell: (group) => (
        <span title={namesText(t, group)} className={classes.fit}>
          <span>{t(`why.fit.${group.fit}`)}</span>
          <span className={classes.quiet}>{namesText(t, group)}</span>
        </span>
      ),
    },
  ];
}

export function ThisAgent({ decision }: { decision: DecisionView }) {
  const t = useText();
  const { agent, offered_at: at, reason, score } = decision;
  return (
    <Part title={t("why.thisAgent", { agent })}>
      <p className={classes.headline}>{reasonText(t, reason)}</p>
      <p>{t("why.offeredAt", { agent, time: clockOf(at, t.language) })}</p>
      {score && <ScoreParts score={score} />}
    </Part>
  );
}

/** The score's parts in the order in which they are multiplied. */
function ScoreParts({ score }: { score: Score }) {
  const t = useText();
  const [weight, loss, growth, handlingS, urgency] = score;
  const number = new Intl.NumberFormat(t.language, { maximumSignificantDigits: 3 });
  const rows: [PlainKey, string][] = [
    ["why.score.weight", number.format(weight)],
    ["why.score.loss", number.format(loss)],
    ["why.score.growth", number.format(growth)],
    ["why.score.handling", duration(handlingS)],
    ["why.score.urgency", number.format(urgency)],
  ];
  return (
    <>
      <p className={classes.quiet}>{t("why.score")}</p>
      <dl className={classes.score}>
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
