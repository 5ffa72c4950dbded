import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { fakeServer, json, problem } from "../testing";
import { ProblemError, request, tellWhenSignedOut } from ".";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Waits out every pause between tries. */
async function outcome<T>(asked: Promise<T>): Promise<T | ProblemError> {
  const ended = asked.catch((error: unknown) => error as ProblemError);
  await vi.runAllTimersAsync();
  return ended;
}

const READY = "POST /api/v1/agents/me/ready";

describe("a request", () => {
  it("puts path, query and body where they belong", async () => {
    const asked = fakeServer({
      "GET /api/v1/campaigns/spring%202026%2Fb/attempts?limit=5": () => json({ attempts: [] }),
      "POST /api/v1/agents/me/not-ready": (body) => json(body),
    });

    await request("GET /api/v1/campaigns/{campaign}/attempts", {
      path: { campaign: "spring 2026/b" },
      query: { limit: 5, cursor: undefined },
    });
    await request("POST /api/v1/agents/me/not-ready", { body: { reason: "lunch" } });

    expect(asked[0]?.headers.has("Idempotency-Key")).toBe(false);
    expect(asked[1]?.body).toEqual({ reason: "lunch" });
    expect(asked[1]?.headers.get("Content-Type")).toBe("application/json");
    expect(asked[1]?.headers.get("Idempotency-Key")).toMatch(/^[\w-]{36}$/);
  });

  it("sends a file as it is", async () => {
    const sent: unknown[] = [];
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      sent.push(init.body, new Headers(init.headers).get("Content-Type"));
      return json({});
    });
    const file = new Blob(["number\n+15551234567\n"], { type: "text/csv" });

    await request("POST /api/v1/campaigns/{campaign}/contacts", {
      path: { campaign: "spring" },
      query: { list: "a", dry_run: true },
      body: file,
    });

    expect(sent).toEqual([file, "text/csv"]);
    vi.unstubAllGlobals();
  });

  it("that got no answer is tried again under the same key, so that it is done once", async () => {
    let tries = 0;
    const asked = fakeServer({
      [READY]: () => {
        tries += 1;
        if (tries === 1) throw new TypeError("network");
        return tries === 2 ? problem(503, "overloaded", { "Retry-After": "1" }) : json({ id: "ana" });
      },
    });

    expect(await outcome(request(READY))).toEqual({ id: "ana" });
    expect(new Set(asked.map(({ headers }) => headers.get("Idempotency-Key"))).size).toBe(1);
  });

  it("is given up after three tries", async () => {
    const asked = fakeServer({ [READY]: () => problem(503, "unavailable") });

    const refused = await outcome(request(READY));

    expect(refused).toMatchObject({ problem: "unavailable", status: 503 });
    expect(asked.length).toBe(3);
  });

  it.each([
    ["a refusal", () => problem(409, "conflict"), "conflict"],
    ["a long wait", () => problem(503, "unavailable", { "Retry-After": "60" }), "unavailable"],
  ])("is not tried again after %s", async (_, answer, name) => {
    const asked = fakeServer({ [READY]: answer });

    expect(await outcome(request(READY))).toMatchObject({ problem: name });
    expect(asked.length).toBe(1);
  });

  it("that only reads is not tried again: whoever asked does that", async () => {
    const asked = fakeServer({ "GET /api/v1/me": () => problem(503, "unavailable") });

    await outcome(request("GET /api/v1/me"));

    expect(asked.length).toBe(1);
  });

  it("says what was refused, why, and when to come again", async () => {
    fakeServer({ "POST /api/v1/session": () => problem(429, "too-many", { "Retry-After": "30" }) });

    const refused = await outcome(
      request("POST /api/v1/session", { body: { login: "ana", password: "x" } }),
    );

    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({
      problem: "too-many",
      detail: "why: too-many",
      retryAfterS: 30,
    });
  });

  it("understands that no answer came, and answers that are not the server's own", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    expect(await outcome(request("GET /api/v1/me"))).toMatchObject({ problem: "offline" });

    vi.stubGlobal("fetch", async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
    expect(await outcome(request("GET /api/v1/me"))).toMatchObject({ problem: "unavailable" });
    vi.unstubAllGlobals();
  });

  it("tells when the session is over", async () => {
    const listener = vi.fn<() => void>();
    tellWhenSignedOut(listener);
    fakeServer({
      "GET /api/v1/me": () => problem(401, "not-signed-in"),
      "POST /api/v1/session": () => problem(401, "wrong-sign-in"),
    });

    await outcome(request("POST /api/v1/session", { body: { login: "a", password: "b" } }));
    expect(listener).not.toHaveBeenCalled();
    await outcome(request("GET /api/v1/me"));
    expect(listener).toHaveBeenCalledOnce();
  });
});
