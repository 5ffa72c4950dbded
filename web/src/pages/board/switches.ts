/** The emergency switch of queues: asking for it, and saying what it does. */

import { useCallback, useRef } from "react";

import { request } from "../../api";
import type { QueueSwitch, SwitchMode } from "../../api";
import { useText } from "../../i18n";
import type { Translate } from "../../i18n";
import { tellProblem } from "../../ui/problems";
import { momentOf } from "../campaigns/moment";

export const MODES: SwitchMode[] = ["closed", "diverted", "message"];

/** For how long, seconds; the first is taken unless another is chosen. */
export const TIMES_S = [1800, 900, 3600, 7200, 14_400, 86_400];

export interface Wish {
  mode: SwitchMode;
  for_s: number;
  target?: string;
  prompt?: string;
}

/** Switch a queue, or end that (null); a refusal is told in the corner. True: it is done. */
export function useSwitch(queue: string): (wish: Wish | null) => Promise<boolean> {
  const t = useText();
  const busy = useRef(false);
  return useCallback(
    async (wish) => {
      if (busy.current) return false;
      busy.current = true;
      const path = { queue };
      try {
        if (wish) await request("POST /api/v1/queues/{queue}/switch", { path, body: wish });
        else await request("DELETE /api/v1/queues/{queue}/switch", { path });
        return true;
      } catch (error) {
        tellProblem(t, error);
        return false;
      } finally {
        busy.current = false;
      }
    },
    [queue, t],
  );
}

/** What a switch that is on does, and until when. */
export function switchText(t: Translate, queue: string, on: QueueSwitch): string {
  const time = momentOf(on.until, t.language);
  const { target = "", prompt = "" } = on;
  if (on.mode === "diverted") return t("switch.is.diverted", { queue, target, time });
  return t(on.mode === "closed" ? "switch.is.closed" : "switch.is.message", {
    queue,
    prompt,
    time,
  });
}
