/** What an agent can ask for, one wish at a time; refusals are told in the corner. */

import { useCallback, useRef } from "react";

import { request } from "../../api";
import type { CallbackView, PromisedCall } from "../../api";
import { useText } from "../../i18n";
import { useConnection, useLiveClient } from "../../live/hooks";
import { tellProblem } from "../../ui/problems";

export interface WithDisposition {
  callback?: PromisedCall;
  /** In hundredths of the center's currency. */
  amount_cents?: number;
}

export interface Acts {
  /** Whether the server can be asked. */
  isAble: boolean;
  ready: () => void;
  takeBreak: (reason: string) => void;
  signOut: () => void;
  hangUp: () => void;
  /** A disposition, and what goes with it: another call that was promised, what a sale came to. */
  dispose: (call: string, code: string, more?: WithDisposition) => void;
  /** Work for this campaign, and for others at the same time. */
  join: (campaign: string, also?: string[]) => void;
  /** Have the person on this card dialed. */
  dial: (preview: string) => void;
  /** Do not call the person on this card now. */
  skip: (preview: string) => void;
  /** Make this promised call so many seconds later. */
  putOff: (callback: CallbackView, seconds: number) => void;
  /** The person was reached otherwise. */
  finish: (callback: CallbackView) => void;
}

/** `onDisposed` is told of a disposition that the server has taken. */
export function useActs(onDisposed: (call: string, code: string) => void): Acts {
  const t = useText();
  const client = useLiveClient();
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
    dispose: (call, code, more) =>
      void ask(async () => {
        const body = { call, code, ...more };
        await request("POST /api/v1/agents/me/disposition", { body });
        onDisposed(call, code);
      }),
    join: (campaign, also = []) =>
      void ask(() => request("POST /api/v1/agents/me/campaign", { body: { campaign, also } })),
    dial: (preview) =>
      void ask(() => request("POST /api/v1/agents/me/preview/dial", { body: { preview } })),
    skip: (preview) =>
      void ask(() => request("POST /api/v1/agents/me/preview/skip", { body: { preview } })),
    putOff: ({ id, at, agent }, seconds) =>
      void ask(() =>
        request("PUT /api/v1/callbacks/{callback}", {
          path: { callback: id },
          body: { at: Math.max(at, client.serverNow) + seconds, agent },
        }),
      ),
    finish: ({ id }) =>
      void ask(() =>
        request("POST /api/v1/callbacks/{callback}/done", { path: { callback: id } }),
      ),
  };
}
