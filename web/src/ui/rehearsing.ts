/** A rehearsal that the person has asked for: kept while they look at other pages. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

const LOOK_AGAIN_MS = 1_000;

interface Asked<Wish> {
  id: string;
  wish: Wish;
}

export interface Rehearsing<View, Wish> {
  view: View | undefined;
  /** What was rehearsed. */
  rehearsed: Wish | undefined;
  error: unknown;
  /** A wish is on its way. */
  isAsking: boolean;
  start: (wish: Wish) => Promise<void>;
  cancel: () => Promise<void>;
}

interface Server<View, Wish> {
  start: (wish: Wish) => Promise<View>;
  look: (id: string, signal: AbortSignal) => Promise<View>;
  cancel: (id: string) => Promise<View>;
}

/** `key` names what is rehearsed; each has one rehearsal at a time. */
export function useRehearsing<View extends { id: string; state: string }, Wish>(
  key: readonly string[],
  server: Server<View, Wish>,
): Rehearsing<View, Wish> {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked<Wish> | undefined>(() => queries.getQueryData(key));
  const [refusal, setRefusal] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const id = asked?.id ?? "";
  const found = useQuery({
    queryKey: [...key, id],
    queryFn: ({ signal }) => server.look(id, signal),
    enabled: id !== "",
    refetchInterval: ({ state }) => (state.data?.state === "running" ? LOOK_AGAIN_MS : false),
    staleTime: LOOK_AGAIN_MS,
    gcTime: Infinity,
  });
  const act = useCallback(async (ask: () => Promise<void>) => {
    setAsking(true);
    setRefusal(null);
    try {
      await ask();
    } catch (error) {
      setRefusal(error);
    } finally {
      setAsking(false);
    }
  }, []);
  const start = (wish: Wish) =>
    act(async () => {
      const begun = await server.start(wish);
      queries.setQueryDefaults(key, { gcTime: Infinity });
      queries.setQueryData([...key, begun.id], begun);
      queries.setQueryData(key, { id: begun.id, wish });
      setAsked({ id: begun.id, wish });
    });
  const cancel = () =>
    act(async () => {
      queries.setQueryData([...key, id], await server.cancel(id));
    });
  return {
    view: found.data,
    rehearsed: asked?.wish,
    error: refusal ?? (found.data ? null : found.error),
    isAsking,
    start,
    cancel,
  };
}
