/** The rehearsal that the person has asked for: kept while they look at other pages. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { newKey, request } from "../../api";
import type { RehearsalView } from "../../api";

const LOOK_AGAIN_MS = 1_000;
const ASKED = ["rules", "rehearsal"];

interface Asked {
  id: string;
  text: string;
}

export interface Rehearsed {
  view: RehearsalView | undefined;
  /** The text that was rehearsed. */
  rehearsed: string;
  error: unknown;
  /** A wish is on its way. */
  isAsking: boolean;
  start: (text: string) => Promise<void>;
  cancel: () => Promise<void>;
}

export function useRehearsal(): Rehearsed {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | undefined>(() => queries.getQueryData(ASKED));
  const [refusal, setRefusal] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const id = asked?.id ?? "";
  const found = useQuery({
    queryKey: [...ASKED, id],
    queryFn: ({ signal }) =>
      request("GET /api/v1/rules/rehearsals/{rehearsal}", { path: { rehearsal: id }, signal }),
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
  const start = (text: string) =>
    act(async () => {
      const body = { text };
      const begun = await request("POST /api/v1/rules/rehearsals", { body, key: newKey() });
      queries.setQueryDefaults(ASKED, { gcTime: Infinity });
      queries.setQueryData([...ASKED, begun.id], begun);
      queries.setQueryData(ASKED, { id: begun.id, text });
      setAsked({ id: begun.id, text });
    });
  const cancel = () =>
    act(async () => {
      const path = { rehearsal: id };
      const ended = await request("DELETE /api/v1/rules/rehearsals/{rehearsal}", { path, key: newKey() });
      queries.setQueryData([...ASKED, id], ended);
    });
  return {
    view: found.data,
    rehearsed: asked?.text ?? "",
    error: refusal ?? (found.data ? null : found.error),
    isAsking,
    start,
    cancel,
  };
}
