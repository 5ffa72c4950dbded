/** On which trunks and with which numbers a campaign calls, and what it does with machines, as the
 * form holds it. */

import type { AmdFields, CampaignSetup } from "../../api";
import type { PlainKey } from "../../i18n";

export const ON_MACHINE = ["hang_up", "leave_message", "to_agent"] as const;
export type OnMachine = (typeof ON_MACHINE)[number];
export const OPT_OUT_KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*"] as const;

/** How Asterisk's detection listens: the most the server takes (callcenter/documents/campaigns.py),
 * and what holds unless it is set (config/asterisk/cc_amd.conf.in). */
export const AMD = {
  initial_silence: { most: 10_000, usual: 2500 },
  greeting: { most: 10_000, usual: 1500 },
  after_greeting_silence: { most: 900, usual: 800 },
  total_analysis_time: { most: 15_000, usual: 5000 },
  min_word_length: { most: 1000, usual: 100 },
  max_words: { most: 20, usual: 3 },
} as const;
export type AmdSetting = keyof typeof AMD;
export const AMD_SETTINGS = Object.keys(AMD) as AmdSetting[];
export const AMD_CHECK_MAX = 10_000;
export const TRUNKS_MAX = 8; // besides the first

export interface ListNumbers {
  list: string;
  numbers: string[];
}

/** Fields that may be empty while they are typed hold "" then. */
export interface ReachingDraft {
  /** More trunks, in the order in which they are tried. */
  trunks: string[];
  callerIds: string[];
  listCallerIds: ListNumbers[];
  onMachine: OnMachine;
  /** The message that is left on machines. */
  machinePrompt: string;
  /** 0: never. */
  amdCheckEvery: number | "";
  /** Empty: as in Asterisk's own file. */
  amdSettings: Record<AmdSetting, number | "">;
  /** Empty: none. */
  optOutKey: string;
  /** Dispositions that are sales. */
  sales: string[];
}

export const NEW_REACHING: ReachingDraft = {
  trunks: [],
  callerIds: [],
  listCallerIds: [],
  onMachine: "hang_up",
  machinePrompt: "",
  amdCheckEvery: 0,
  amdSettings: amdOf({}),
  optOutKey: "",
  sales: ["agreed"],
};

const E164 = /^\+[1-9]\d{6,14}$/;

export function reachingOf(setup: CampaignSetup): ReachingDraft {
  return {
    trunks: setup.trunks ?? [],
    callerIds: setup.caller_ids ?? [],
    listCallerIds: Object.entries(setup.list_caller_ids ?? {}).map(([list, numbers]) => ({
      list,
      numbers,
    })),
    onMachine: setup.on_machine ?? NEW_REACHING.onMachine,
    machinePrompt: setup.machine_prompt ?? NEW_REACHING.machinePrompt,
    amdCheckEvery: setup.amd_check_every ?? NEW_REACHING.amdCheckEvery,
    amdSettings: amdOf(setup.amd_settings ?? {}),
    optOutKey: setup.opt_out_key ?? "",
    sales: setup.sales ?? NEW_REACHING.sales,
  };
}

function amdOf(fields: AmdFields): ReachingDraft["amdSettings"] {
  const entries = AMD_SETTINGS.map((name) => [name, fields[name] || ""] as const);
  return Object.fromEntries(entries) as ReachingDraft["amdSettings"];
}

/** What the server is told. */
export function reachingSetupOf(draft: ReachingDraft) {
  const amd = AMD_SETTINGS.map((name) => [name, Number(draft.amdSettings[name])] as const);
  return {
    trunks: draft.trunks,
    caller_ids: draft.callerIds,
    list_caller_ids: Object.fromEntries(
      draft.listCallerIds.map(({ list, numbers }) => [list.trim(), numbers]),
    ),
    on_machine: draft.onMachine,
    machine_prompt: draft.machinePrompt.trim(),
    amd_check_every: Number(draft.amdCheckEvery),
    amd_settings: Object.fromEntries(amd) as Record<AmdSetting, number>,
    opt_out_key: draft.optOutKey,
    sales: draft.sales,
  };
}

/** What can be seen to be wrong without asking, by the server's names. */
export function checkReaching(draft: ReachingDraft): Record<string, PlainKey> {
  const wrong: Record<string, PlainKey> = {};
  if (!draft.callerIds.every(isNumber)) wrong.caller_ids = "campaigns.form.numberWrong";
  if (draft.onMachine === "leave_message" && !draft.machinePrompt.trim()) {
    wrong.machine_prompt = "campaigns.form.machinePromptMissing";
  }
  const names = draft.listCallerIds.map(({ list }) => list.trim());
  draft.listCallerIds.forEach(({ numbers }, place) => {
    const name = names[place] ?? "";
    const field = listField(place);
    if (!name || numbers.length === 0) wrong[field] = "campaigns.form.missing";
    else if (names.indexOf(name) !== place) wrong[field] = "campaigns.form.listTwice";
    else if (!numbers.every(isNumber)) wrong[field] = "campaigns.form.numberWrong";
  });
  return wrong;
}

/** Our own name of the fields of one list: the server knows them by the list, which may be empty or
 * there twice while it is typed. */
export function listField(place: number): string {
  return `list_caller_ids#${place}`;
}

/** A number as one writes it, without spaces, hyphens and brackets. */
export function plainNumber(written: string): string {
  return written.replaceAll(/[\s()-]/g, "");
}

function isNumber(number: string): boolean {
  return E164.test(number);
}
