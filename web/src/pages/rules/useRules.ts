/** The rules, their versions and the text being written. */

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { request } from "../../api";
import type { VersionView } from "../../api";
import { useHasRole } from "../../app/session";

const ASK_AGAIN_MS = 5_000; // others publish too, and callers come and go
const VERSIONS = 30; // of one page
const DRAFT = ["rules", "draft"];

/** A text that is not published yet. */
export interface Draft {
  text: string;
  /** The version it was begun with. */
  basedOn: number;
}

/** Whether the person may publish. */
export function useIsEditor(): boolean {
  return useHasRole("supervisor", "manager", "administrator");
}

export function usePublished() {
  return useQuery({
    queryKey: ["rules", "published"],
    queryFn: ({ signal }) => request("GET /api/v1/rules", { signal }),
    refetchInterval: ASK_AGAIN_MS,
  });
}

/** The newest first, page by page. */
export function useVersions() {
  return useInfiniteQuery({
    queryKey: ["rules", "versions"],
    queryFn: ({ signal, pageParam }) =>
      request("GET /api/v1/rules/versions", {
        query: { limit: VERSIONS, before: pageParam },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next || undefined,
  });
}

/** One version with its text: it never changes. */
export function useVersion(version: number | null) {
  return useQuery({
    queryKey: ["rules", "version", version],
    queryFn: ({ signal }) =>
      request("GET /api/v1/rules/versions/{version}", {
        path: { version: String(version) },
        signal,
      }),
    enabled: version !== null,
    staleTime: Infinity,
  });
}

/** What is wrong with a text; null: it needs no look. */
export function useCheck(text: string | null) {
  return useQuery({
    queryKey: ["rules", "check", text],
    queryFn: ({ signal }) => request("POST /api/v1/rules/check", { body: { text: text ?? "" }, signal }),
    enabled: text !== null,
    placeholderData: text === null ? undefined : keepPreviousData,
    gcTime: 0,
  });
}

/** Whom a text would touch now; null: do not ask. */
export function usePreview(text: string | null) {
  return useQuery({
    queryKey: ["rules", "preview", text],
    queryFn: ({ signal }) =>
      request("POST /api/v1/rules/preview", { body: { text: text ?? "" }, signal }),
    enabled: text !== null,
    refetchInterval: ASK_AGAIN_MS,
    gcTime: 0,
  });
}

/** The text being written: kept while the person looks at other pages, until they sign out. Null:
 * nothing was changed. */
export function useDraft(): [Draft | null, (draft: Draft | null) => void] {
  const queries = useQueryClient();
  // The cache tells of changes a moment later, and a text area must have its text at once.
  const [draft, setDraft] = useState<Draft | null>(() => queries.getQueryData(DRAFT) ?? null);
  const keep = useCallback(
    (changed: Draft | null) => {
      setDraft(changed);
      queries.setQueryDefaults(DRAFT, { gcTime: Infinity });
      queries.setQueryData(DRAFT, changed);
    },
    [queries],
  );
  return [draft, keep];
}

/** Look again at what is published and which versions there are. */
export function useRefresh(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    const keys = ["published", "versions"];
    await Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: ["rules", key] })));
  }, [queries]);
}

/** When calls began to be treated by a version; of a draft, when it was written. */
export function momentOfVersion(version: VersionView): number {
  return version.published_at || version.created_at;
}
