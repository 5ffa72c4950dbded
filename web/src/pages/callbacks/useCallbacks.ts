/** Callbacks as they come over the live connection, the people's names, and what may be asked. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useSyncExternalStore } from "react";

import { request } from "../../api";
import type { CallbackView } from "../../api";
import { useText } from "../../i18n";
import { useLive, useLiveClient } from "../../live/hooks";
import { onTick } from "../../live/ticker";
import { tellProblem } from "../../ui/problems";
import { rowsOf } from "./rows";
import type { Row } from "./rows";

const LOOK_EVERY_S = 5; // what becomes late meanwhile
const NO_NAMES: Readonly<Record<string, string>> = {};

/** All of them, the earliest first; undefined until they came. */
export function useRows(): Row[] | undefined {
  const callbacks = useLive("callbacks", "callbacks");
  const names = useNames(callbacks);
  const now = useNow();
  return useMemo(
    () => callbacks && rowsOf(callbacks, names, now),
    [callbacks, names, now],
  );
}

/** By the callbacks' ids. They are asked for when a new callback comes: the live connection has
 * none, for the machine knows none. */
function useNames(callbacks: Readonly<Record<string, CallbackView>> | undefined) {
  const all = Object.values(callbacks ?? {});
  const newest = all.reduce((latest, one) => Math.max(latest, one.created_at), 0);
  const { data } = useQuery({
    queryKey: ["callback-names", newest, all.length],
    queryFn: ({ signal }) => request("GET /api/v1/callbacks", { signal }),
    enabled: all.length > 0,
    placeholderData: keepPreviousData,
  });
  return data?.names ?? NO_NAMES;
}

/** The server's time, in steps: drawn anew when one is over, not at every tick. */
function useNow(): number {
  const client = useLiveClient();
  const listen = useCallback(
    (tell: () => void) => {
      const leave = [onTick(tell), client.listen(tell)];
      return () => leave.forEach((stop) => stop());
    },
    [client],
  );
  return useSyncExternalStore(
    listen,
    () => Math.floor(client.serverNow / LOOK_EVERY_S) * LOOK_EVERY_S,
  );
}

/** Move and cancel; a refusal is told in the corner. True: done. */
export function useChanges() {
  const t = useText();
  const ask = useCallback(
    async (wish: Promise<unknown>): Promise<boolean> => {
      try {
        await wish;
        return true;
      } catch (error) {
        tellProblem(t, error);
        return false;
      }
    },
    [t],
  );
  return useMemo(
    () => ({
      move: (callback: string, at: number, agent: string) =>
        ask(
          request("PUT /api/v1/callbacks/{callback}", { path: { callback }, body: { at, agent } }),
        ),
      cancel: (callback: string) =>
        ask(request("DELETE /api/v1/callbacks/{callback}", { path: { callback } })),
    }),
    [ask],
  );
}
