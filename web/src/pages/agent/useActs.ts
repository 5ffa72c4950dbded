/** What an agent can ask for, one wish at a time; refusals are told in the corner. */

import { useCallback, useRef } from "react";

import { request } from "../../api";
import { useText } from "../../i18n";
import { useConnection } from "../../live/hooks";
import { tellProblem } from "../../ui/problems";

export interface Acts {
  /** Whether the server can be asked. */
  isAble: boolean;
  ready: () => void;
  takeBreak: (reason: string) => void;
  signOut: () => void;
  hangUp: () => void;
  dispose: (call: string, code: string) => void;
  /** Work for this campaign, and for others at the same time. */
  join: (campaign: string, also?: string[]) => void;
  /** Have the person on this card dialed. */
  dial: (preview: string) => void;
  /** Do not call the person on this card now. */
  skip: (preview: string) => void;
}

/** `onDisposed` is told of a disposition that the server has taken. */
export function useActs(onDisposed: (call: string, code: string) => void): Acts {
  const t = useText();
  const isAble = useConnection() === "live";
  const busy = useRef(false); // two presses may come before a state does
  const ask = useCallback(
    async (wish: () => Promise<unknown>) => {
      if (busy.current) return;
      busy.current = true;
      try {
        await wish();
      } catch (error) {
        tellProblem(t, error);
      } finally {
        busy.current = false;
      }
    },
    [t],
  );
  return {
    isAble,
    ready: () => void ask(() => request("POST /api/v1/agents/me/ready")),
    takeBreak: (reason) =>
      void ask(() => request("POST /api/v1/agents/me/not-ready", { body: { reason } })),
    signOut: () => void ask(() => request("POST /api/v1/agents/me/sign-out")),
    hangUp: () => void ask(() => request("POST /api/v1/agents/me/hang-up")),
    dispose: (call, code) =>
      void ask(async () => {
        await request("POST /api/v1/agents/me/disposition", { body: { call, code } });
        onDisposed(call, code);
      }),
    join: (campaign, also = []) =>
      void ask(() => request("POST /api/v1/agents/me/campaign", { body: { campaign, also } })),
    dial: (preview) =>
      void ask(() => request("POST /api/v1/agents/me/preview/dial", { body: { preview } })),
    skip: (preview) =>
      void ask(() => request("POST /api/v1/agents/me/preview/skip", { body: { preview } })),
  };
}
