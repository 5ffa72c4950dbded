/** The center's own words that agents choose from: reasons of breaks, ends of conversations. */

import type { PlainKey } from "../../i18n";

export interface Choice {
  /** What the server keeps. */
  code: string;
  text: PlainKey;
}

export const BREAKS: readonly Choice[] = [
  { code: "break", text: "reason.break" },
  { code: "lunch", text: "reason.lunch" },
  { code: "meeting", text: "reason.meeting" },
  { code: "training", text: "reason.training" },
  { code: "paperwork", text: "reason.paperwork" },
];

/** The end of a conversation of a campaign after which another call is promised. */
export const CALL_LATER = "call_later";

const INBOUND: readonly Choice[] = [
  { code: "solved", text: "disposition.solved" },
  { code: "follow_up", text: "disposition.follow_up" },
  { code: "passed_on", text: "disposition.passed_on" },
  { code: "complaint", text: "disposition.complaint" },
  { code: "wrong_number", text: "disposition.wrong_number" },
  { code: "other", text: "disposition.other" },
];

const CAMPAIGN: readonly Choice[] = [
  { code: "agreed", text: "disposition.agreed" },
  { code: "interested", text: "disposition.interested" },
  { code: CALL_LATER, text: "disposition.call_later" },
  { code: "not_interested", text: "disposition.not_interested" },
  { code: "wrong_person", text: "disposition.wrong_person" },
  { code: "do_not_call", text: "disposition.do_not_call" },
  { code: "machine", text: "disposition.machine" },
  { code: "assistant", text: "disposition.assistant" },
];

/** How a conversation may have ended; the first has the key 1. */
export function dispositionsOf(campaign: string): readonly Choice[] {
  return campaign ? CAMPAIGN : INBOUND;
}
