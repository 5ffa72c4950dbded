/** Requests to the API: JSON in and out, refusals as `Problem`, writes with an Idempotency-Key. */

import type { FieldError, Operations, Problem, ProblemType } from "./types";

const DEADLINE_MS = 20_000; // the server gives up on a request after 15 s
const TRIES = 3; // of one write, under one key: it is done once
const RETRY_WAIT_MS_MAX = 3_000; // longer waits are told to the person instead

export type ProblemName =
  | (ProblemType extends `urn:callcenter:problem:${infer Name}` ? Name : never)
  /** No answer at all. */
  | "offline";

/** A request that was refused or got no answer. */
export class ProblemError extends Error {
  constructor(
    readonly problem: ProblemName,
    readonly status: number,
    /** What is wrong in this case and how to mend it, as the server says it. */
    readonly detail = "",
    readonly errors: FieldError[] = [],
    /** Seconds to wait before the next try; 0: not said. */
    readonly retryAfterS = 0,
    /** The number under which the server's log tells more. */
    readonly incident = "",
  ) {
    super(detail || problem);
  }
}

type Part<K extends keyof Operations, Name extends "path" | "query" | "body"> =
  Operations[K][Name] extends undefined ? object : { [N in Name]: Operations[K][N] };

/** What a request carries: what its route takes, and how it is sent. */
export type Wish<K extends keyof Operations> = Part<K, "path"> &
  Part<K, "query"> &
  Part<K, "body"> & {
    /** Names this wish: sent again under the same key it is still done once. */
    key?: string;
    signal?: AbortSignal;
    /** For what may take longer than an ordinary request, e.g. a file; milliseconds. */
    deadlineMs?: number;
  };

type Arguments<K extends keyof Operations> = object extends Wish<K>
  ? [wish?: Wish<K>]
  : [wish: Wish<K>];

let onSignedOut: () => void = () => {};

/** Be told when the server says that the session is over. */
export function tellWhenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** A key for one wish, to be kept while the same wish is tried again. */
export function newKey(): string {
  return crypto.randomUUID();
}

/** Ask the server. Throws `ProblemError`. Writes that got no answer are tried again, done once. */
export async function request<K extends keyof Operations>(
  operation: K,
  ...[wish]: Arguments<K>
): Promise<Operations[K]["answer"]> {
  const { path, query, body, key, signal, deadlineMs } = (wish ?? {}) as AnyWish;
  const [method = "", pattern = ""] = operation.split(" ");
  const url = fill(pattern, path) + queryString(query);
  const headers: Record<string, string> = { Accept: "application/json" };
  const writes = method !== "GET";
  if (writes) headers["Idempotency-Key"] = key ?? newKey();
  let payload: BodyInit | undefined;
  if (body instanceof Blob) {
    payload = body; // a file, sent as it is
    headers["Content-Type"] = body.type;
  } else if (body !== undefined) {
    payload = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try waits for the end of the one before
      return await once(url, { method, headers, body: payload }, signal, deadlineMs);
    } catch (error) {
      const again = writes && error instanceof ProblemError && isWorthAnotherTry(error);
      if (!again || attempt >= TRIES) throw error;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await pause(Math.max(error.retryAfterS * 1000, 300 * attempt));
    }
  }
}

interface AnyWish {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  key?: string;
  signal?: AbortSignal;
  deadlineMs?: number;
}

function fill(pattern: string, path: AnyWish["path"]): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path?.[name] ?? ""),
  );
}

async function once<T>(
  url: string,
  init: RequestInit,
  signal?: AbortSignal,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const deadline = AbortSignal.timeout(deadlineMs);
  let response: Response;
  try {
    response = await fetch(url, {
      ...init,
      credentials: "same-origin",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ProblemError("offline", 0);
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const problem = await readProblem(response);
  if (problem.problem === "not-signed-in") onSignedOut();
  throw problem;
}

function isWorthAnotherTry(problem: ProblemError): boolean {
  return (
    (problem.status === 0 || problem.status === 502 || problem.status === 503) &&
    problem.retryAfterS * 1000 <= RETRY_WAIT_MS_MAX
  );
}

async function readProblem(response: Response): Promise<ProblemError> {
  const retryAfterS = Number(response.headers.get("Retry-After") ?? 0) || 0;
  try {
    const told = (await response.json()) as Problem;
    const name = told.type.replace("urn:callcenter:problem:", "") as ProblemName;
    return new ProblemError(
      name,
      response.status,
      told.detail,
      told.errors,
      retryAfterS,
      told.incident,
    );
  } catch {
    // Not ours: a proxy's own page.
    return new ProblemError("unavailable", response.status, "", [], retryAfterS);
  }
}

function queryString(query: AnyWish["query"]): string {
  const given = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
