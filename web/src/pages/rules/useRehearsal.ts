/** The rehearsal of rules that the person has asked for. */

import { newKey, request } from "../../api";
import type { RehearsalView, RehearseRules } from "../../api";
import { useRehearsing } from "../../ui/rehearsing";
import type { Rehearsing } from "../../ui/rehearsing";

const ASKED = ["rules", "rehearsal"];
const SERVER = {
  start: (body: RehearseRules) => request("POST /api/v1/rules/rehearsals", { body, key: newKey() }),
  look: (rehearsal: string, signal: AbortSignal) =>
    request("GET /api/v1/rules/rehearsals/{rehearsal}", { path: { rehearsal }, signal }),
  cancel: (rehearsal: string) =>
    request("DELETE /api/v1/rules/rehearsals/{rehearsal}", { path: { rehearsal }, key: newKey() }),
};

export const useRehearsal = (): Rehearsing<RehearsalView, RehearseRules> => useRehearsing(ASKED, SERVER);
