/** When a campaign runs and whom it spares, as the form holds it. */

import type { CampaignSetup, CapFields } from "../../api";
import type { PlainKey } from "../../i18n";

export const CAP_OF = ["person", "number", "account"] as const;
export const COUNTING = ["attempts", "conversations"] as const;
export const UNITS = { hours: 3600, days: 86_400 } as const;
export const CAPS_MAX = 10; // as the server has it (callcenter/documents/campaigns.py)

export type Unit = keyof typeof UNITS;

export interface CapDraft {
  of: CapFields["of"];
  counting: NonNullable<CapFields["counting"]>;
  most: number | "";
  within: number | "";
  unit: Unit;
}

/** Fields that may be empty while they are typed hold "" then. */
export interface TermsDraft {
  /** By the clock of this computer, as `2027-03-01T09:00`; empty: it has none. */
  startsAt: string;
  endsAt: string;
  holidays: string[];
  closedDays: string[];
  needsConsent: boolean;
  caps: CapDraft[];
}

export const NEW_CAP: CapDraft = {
  of: "person",
  counting: "attempts",
  most: 3,
  within: 1,
  unit: "days",
};
export const NEW_TERMS: TermsDraft = {
  startsAt: "",
  endsAt: "",
  holidays: [],
  closedDays: [],
  needsConsent: false,
  caps: [],
};

const CALENDAR = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function termsOf(setup: CampaignSetup): TermsDraft {
  return {
    startsAt: localOf(setup.starts_at ?? 0),
    endsAt: localOf(setup.ends_at ?? 0),
    holidays: setup.window?.holidays ?? [],
    closedDays: setup.window?.closed_days ?? [],
    needsConsent: setup.needs_consent ?? false,
    caps: (setup.caps ?? []).map(capDraftOf),
  };
}

function capDraftOf({ of, counting = "attempts", most, within_s: withinS }: CapFields): CapDraft {
  const unit: Unit = withinS % UNITS.days === 0 ? "days" : "hours";
  return { of, counting, most, within: withinS / UNITS[unit], unit };
}

/** What the server is told; `kept` is what it said. */
export function termsSetupOf(draft: TermsDraft, kept: Partial<CampaignSetup>) {
  return {
    starts_at: momentOf(draft.startsAt, kept.starts_at),
    ends_at: momentOf(draft.endsAt, kept.ends_at),
    needs_consent: draft.needsConsent,
    caps: draft.caps.map(({ of, counting, most, within, unit }) => ({
      of,
      counting,
      most: Number(most),
      within_s: Number(within) * UNITS[unit],
    })),
  };
}

/** What can be seen to be wrong without asking, by the server's names. */
export function checkTerms(draft: TermsDraft): Record<string, PlainKey> {
  const wrong: Record<string, PlainKey> = {};
  if (draft.startsAt && draft.endsAt && draft.endsAt <= draft.startsAt) {
    wrong.ends_at = "campaigns.form.endsWrong";
  }
  if (!draft.holidays.every((calendar) => CALENDAR.test(calendar))) {
    wrong["window.holidays"] = "campaigns.form.holidaysWrong";
  }
  if (!draft.closedDays.every(isDay)) {
    wrong["window.closed_days"] = "campaigns.form.closedDaysWrong";
  }
  draft.caps.forEach(({ most, within }, place) => {
    if (!Number(most)) wrong[`caps.${place}.most`] = "campaigns.form.missing";
    if (!Number(within)) wrong[`caps.${place}.within_s`] = "campaigns.form.missing";
  });
  return wrong;
}

function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** UTC seconds as an input of the browser has them, by this computer's clock; 0: empty. */
export function localOf(at: number): string {
  if (!at) return "";
  const day = new Date(at * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [day.getFullYear(), two(day.getMonth() + 1), two(day.getDate())].join("-");
  return `${date}T${two(day.getHours())}:${two(day.getMinutes())}`;
}

/** The other way; what was not changed stays to the second, also in an hour that comes twice. */
function momentOf(local: string, kept = 0): number {
  if (local === localOf(kept)) return kept;
  const at = new Date(local).getTime() / 1000;
  return Number.isNaN(at) ? 0 : at;
}
