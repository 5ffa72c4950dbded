/** A campaign's settings as the form holds them, and what can be said of them before the server is
 * asked. */

import type { CampaignSetup, FieldError, Retry } from "../../api";
import type { PlainKey } from "../../i18n";
import { areBracesWhole } from "../../ui/scriptText";
import { checkReaching, NEW_REACHING, plainNumber, reachingOf, reachingSetupOf } from "./reaching";
import type { ReachingDraft } from "./reaching";
import { checkTerms, NEW_TERMS, termsOf, termsSetupOf } from "./terms";
import type { TermsDraft } from "./terms";

export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Results after which a contact may be tried again. */
export const RETRIED = [
  "no_answer",
  "busy",
  "machine",
  "screened",
  "rejected",
  "hung_up",
  "congestion",
  "failed",
  "unknown",
  "dropped",
] as const;
export type Retried = (typeof RETRIED)[number];

export interface RetryDraft {
  isOn: boolean;
  minutes: number | "";
  tries: number | "";
  /** The next try goes to another of the contact's numbers. */
  isOther: boolean;
  /** What the form does not show of the rule, to be given back as it was. */
  kept: Omit<Retry, "delay_s" | "max_tries">;
}

export const PACINGS = ["preview", "progressive", "power", "predictive"] as const;
export type Pacing = (typeof PACINGS)[number];
export const LEGALS = ["", "us-tsr", "uk-ofcom"] as const;
export type Legal = (typeof LEGALS)[number];

/** Fields that may be empty while they are typed hold "" then. */
export interface Draft extends TermsDraft, ReachingDraft {
  id: string;
  name: string;
  pbx: string;
  trunk: string;
  callerId: string;
  pacing: Pacing;
  /** 0: no card is dialed by itself. */
  previewS: number | "";
  linesPerAgent: number | "";
  legal: Legal;
  /** Per cent; empty: the legal profile's. */
  dropCap: number | "";
  blended: boolean;
  maxLines: number | "";
  ringS: number | "";
  wrapUpS: number | "";
  amd: boolean;
  harbourWaitS: number | "";
  harbourPrompt: string;
  /** For agents who work for several campaigns: the highest goes first. */
  priority: number | "";
  /** What the agent hears first; empty: nothing. */
  agentPrompt: string;
  /** Empty: the campaign's own agents. */
  returnsTo: string;
  returnPrompt: string;
  /** What agents say; empty: nothing. */
  script: string;
  opens: string;
  closes: string;
  weekdays: Weekday[];
  /** As it was read: what a newer server has besides goes back as it came. */
  kept: Partial<CampaignSetup>;
  retries: Record<Retried, RetryDraft>;
}

/** What is wrong, by the server's name of the field, e.g. `window.closes`. */
export type Wrong = Readonly<Record<string, PlainKey>>;

const ID = /^[a-z][a-z0-9-]{0,30}$/;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const MIDNIGHT = "24:00";
const ID_CHARS_MAX = 31;
const MINUTE_S = 60;

const HOUR_S = 60 * MINUTE_S;
/** The center's own rules (DEFAULT_RETRIES in callcenter/domain/campaign.py). */
const DEFAULT_RETRIES: Record<Retried, Retry> = {
  no_answer: { delay_s: 4 * HOUR_S, max_tries: 4, other_number: true },
  busy: { delay_s: 10 * MINUTE_S, max_tries: 5 },
  machine: { delay_s: 6 * HOUR_S, max_tries: 4, other_number: true },
  screened: { delay_s: 24 * HOUR_S, max_tries: 2 },
  rejected: { delay_s: 24 * HOUR_S, max_tries: 2 },
  hung_up: { delay_s: 24 * HOUR_S, max_tries: 2 },
  congestion: { delay_s: 5 * MINUTE_S, max_tries: 6 },
  failed: { delay_s: 15 * MINUTE_S, max_tries: 4 },
  unknown: { delay_s: 24 * HOUR_S, max_tries: 3 },
  dropped: { delay_s: 72 * HOUR_S, max_tries: 2 },
};

/** As the server fills in what is left out (callcenter/documents/campaigns.py). */
export function newDraft(pbx: string, trunk: string): Draft {
  return {
    id: "",
    name: "",
    pbx,
    trunk,
    callerId: "",
    pacing: "progressive",
    previewS: 0,
    linesPerAgent: 1,
    legal: "",
    dropCap: "",
    blended: false,
    maxLines: 100,
    ringS: 25,
    wrapUpS: 30,
    amd: true,
    harbourWaitS: 1,
    harbourPrompt: "safe-harbour",
    priority: 0,
    agentPrompt: "",
    returnsTo: "",
    returnPrompt: "",
    script: "",
    opens: "09:00",
    closes: "20:00",
    weekdays: WEEKDAYS.slice(0, 6),
    retries: retriesOf(DEFAULT_RETRIES),
    kept: {},
    ...NEW_TERMS,
    ...NEW_REACHING,
  };
}

export function draftOf(id: string, setup: CampaignSetup): Draft {
  const draft = newDraft(setup.pbx, setup.trunk);
  const { window = {}, retries } = setup;
  return {
    ...draft,
    id,
    name: setup.name,
    callerId: setup.caller_id ?? draft.callerId,
    pacing: setup.pacing ?? draft.pacing,
    previewS: setup.preview_s ?? draft.previewS,
    linesPerAgent: setup.lines_per_agent ?? draft.linesPerAgent,
    legal: setup.legal ?? draft.legal,
    dropCap: setup.drop_cap === null || setup.drop_cap === undefined ? "" : percentOf(setup.drop_cap),
    blended: setup.blended ?? draft.blended,
    maxLines: setup.max_lines ?? draft.maxLines,
    ringS: setup.ring_s ?? draft.ringS,
    wrapUpS: setup.wrap_up_s ?? draft.wrapUpS,
    amd: setup.amd ?? draft.amd,
    harbourWaitS: setup.harbour_wait_s ?? draft.harbourWaitS,
    harbourPrompt: setup.harbour_prompt ?? draft.harbourPrompt,
    priority: setup.priority ?? draft.priority,
    agentPrompt: setup.agent_prompt ?? draft.agentPrompt,
    returnsTo: setup.returns_to ?? draft.returnsTo,
    returnPrompt: setup.return_prompt ?? draft.returnPrompt,
    script: setup.script ?? draft.script,
    opens: window.opens ?? draft.opens,
    closes: window.closes ?? draft.closes,
    weekdays: window.weekdays ?? draft.weekdays,
    retries: retries ? retriesOf(retries) : draft.retries,
    kept: setup,
    ...termsOf(setup),
    ...reachingOf(setup),
  };
}

function retriesOf(rules: NonNullable<CampaignSetup["retries"]>): Record<Retried, RetryDraft> {
  const entries = RETRIED.map((result) => {
    const rule = rules[result];
    const draft: RetryDraft = rule
      ? draftOfRule(rule)
      : { isOn: false, minutes: 60, tries: 3, isOther: false, kept: {} };
    return [result, draft] as const;
  });
  return Object.fromEntries(entries) as Record<Retried, RetryDraft>;
}

function draftOfRule({ delay_s, max_tries, ...kept }: Retry): RetryDraft {
  const isOther = kept.other_number ?? false;
  return { isOn: true, minutes: delay_s / MINUTE_S, tries: max_tries, isOther, kept };
}

/** What the server is told. Empty numbers go as 0: the server says what is wrong with them. */
export function setupOf(draft: Draft): CampaignSetup {
  return {
    ...draft.kept,
    name: draft.name.trim(),
    pbx: draft.pbx,
    trunk: draft.trunk.trim(),
    caller_id: plainNumber(draft.callerId),
    pacing: draft.pacing,
    preview_s: draft.pacing === "preview" ? Number(draft.previewS) : 0,
    lines_per_agent: draft.pacing === "power" ? Number(draft.linesPerAgent) : 1,
    legal: draft.legal,
    drop_cap: draft.dropCap === "" ? null : draft.dropCap / 100,
    blended: draft.blended,
    max_lines: Number(draft.maxLines),
    ring_s: Number(draft.ringS),
    wrap_up_s: Number(draft.wrapUpS),
    amd: draft.amd,
    harbour_wait_s: Number(draft.harbourWaitS),
    harbour_prompt: draft.harbourPrompt.trim(),
    priority: Number(draft.priority),
    agent_prompt: draft.agentPrompt.trim(),
    returns_to: draft.returnsTo.trim(),
    return_prompt: draft.returnPrompt.trim(),
    script: draft.script.trim(),
    window: {
      ...draft.kept.window,
      opens: draft.opens,
      closes: draft.closes,
      weekdays: draft.weekdays,
      holidays: draft.holidays,
      closed_days: draft.closedDays,
    },
    ...termsSetupOf(draft, draft.kept),
    ...reachingSetupOf(draft),
    retries: rulesOf(draft.retries),
  };
}

/** 0.03 as 3, without what binary fractions add. */
function percentOf(share: number): number {
  return Number((100 * share).toPrecision(6));
}

function rulesOf(drafts: Record<Retried, RetryDraft>): NonNullable<CampaignSetup["retries"]> {
  const rules = RETRIED.filter((result) => drafts[result].isOn).map((result) => {
    const { minutes, tries, isOther, kept } = drafts[result];
    const rule = { ...kept, delay_s: Number(minutes) * MINUTE_S, max_tries: Number(tries) };
    const isChanged = isOther !== (kept.other_number ?? false);
    return [result, isChanged ? { ...rule, other_number: isOther } : rule] as const;
  });
  return Object.fromEntries(rules);
}

/** What can be seen to be wrong without asking. */
export function check(draft: Draft, taken: readonly string[]): Wrong {
  const wrong: Record<string, PlainKey> = {};
  if (!draft.name.trim()) wrong.name = "campaigns.form.missing";
  if (!ID.test(draft.id)) wrong.id = "campaigns.form.idWrong";
  else if (taken.includes(draft.id)) wrong.id = "campaigns.form.idTaken";
  if (!draft.pbx) wrong.pbx = "campaigns.form.missing";
  if (!draft.trunk.trim()) wrong.trunk = "campaigns.form.missing";
  const opens = CLOCK.test(draft.opens);
  const closes = CLOCK.test(draft.closes) || draft.closes === MIDNIGHT;
  if (!opens) wrong["window.opens"] = "campaigns.form.clockWrong";
  if (!closes) wrong["window.closes"] = "campaigns.form.clockWrong";
  if (opens && closes && draft.closes <= draft.opens) {
    wrong["window.closes"] = "campaigns.form.hoursWrong";
  }
  if (draft.weekdays.length === 0) wrong["window.weekdays"] = "campaigns.form.noDay";
  if (!areBracesWhole(draft.script)) wrong.script = "campaigns.form.braceOpen";
  return { ...wrong, ...checkTerms(draft), ...checkReaching(draft) };
}

/** What the server says of each field, by its name without `body.`. */
export function toldOf(errors: readonly FieldError[]): Record<string, string> {
  return Object.fromEntries(
    errors.map(({ path, detail }) => [
      path === "path.campaign" ? "id" : path.replace(/^body\./, ""),
      detail,
    ]),
  );
}

/** A short name made of a name: what is left of it in a-z, 0-9 and hyphen. */
export function idOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[\u0300-\u036F]/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, ID_CHARS_MAX)
    .replace(/-+$/, "");
}
