/** Routing's codes in whole sentences. */

import type { AgentsView, CallRouting, NextStep } from "../../api";
import { duration } from "../../format/time";
import type { Translate } from "../../i18n";

/** Why a waiting call has no agent yet. */
export function whyText(t: Translate, { waiting }: CallRouting): string {
  if (!waiting) return "";
  const { reason, hold, preferred, busy, idle } = waiting;
  if (reason === "held" && hold?.reason === "for_preferred") {
    return t("why.heldPreferred", { agent: preferred });
  }
  if (reason === "held") {
    return hold && hold.expected_s > 0
      ? t("why.heldSenior", { time: duration(hold.expected_s) })
      : t("why.heldSeniorUnknown");
  }
  if (idle > 0) return t("why.isNext");
  return reason === "all_busy" ? t.count("why.busy", busy) : t("why.nobody");
}

/** Its place, and how long it may still take. */
export function positionText(t: Translate, { waiting }: CallRouting): string {
  if (!waiting) return "";
  const { position, expected_s: expected } = waiting;
  if (expected === null) return t("why.positionOnly", { position });
  return t("why.position", { position, time: duration(expected) });
}

/** What comes by itself at that moment. `since`: when the call began to wait. */
export function nextText(
  t: Translate,
  routing: CallRouting,
  [at, step]: [number, NextStep],
  since: number,
): string {
  if (step === "step_widens") {
    const widened = routing.steps.find(({ after_s: after }) => Math.abs(since + after - at) < 0.5);
    if (!widened) return t("why.next.step_widens");
    return Object.keys(widened.skills).length === 0
      ? t("why.next.stepAny")
      : t("why.next.step", { skills: skillsText(t, widened.skills) });
  }
  if (step === "released_to_all") {
    return t("why.next.released_to_all", { agent: routing.waiting?.preferred ?? "" });
  }
  return t(`why.next.${step}`);
}

export function skillsText(t: Translate, skills: Record<string, number>): string {
  const each = Object.entries(skills).map(([skill, level]) => t("why.skill", { skill, level }));
  return new Intl.ListFormat(t.language, { type: "conjunction" }).format(each);
}

/** Why an agent was chosen. */
export function reasonText(t: Translate, reason: string): string {
  return t.maybe(`why.reason.${reason}`, t("why.reason.other", { reason }));
}

/** Some of a group by name. */
export function namesText(t: Translate, { names, count }: AgentsView): string {
  const listed = names.join(", ");
  return count > names.length ? t("why.namesMore", { names: listed }) : listed;
}

/** A value as a condition reads it. */
export function valueText(t: Translate, value: string | number | boolean | string[]): string {
  if (value === "" || (Array.isArray(value) && value.length === 0)) return t("why.unknown");
  return Array.isArray(value) ? value.join(", ") : String(value);
}
