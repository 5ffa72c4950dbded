/** What tests of pages share: a page on a fake server, and a fake WebSocket. */

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, vi } from "vitest";

import type { ClientMessage } from "./api";
import { LanguageProvider } from "./i18n";
import { LiveClient } from "./live/client";
import type { Surroundings } from "./live/client";
import { LiveFrom } from "./live/hooks";
import { theme } from "./theme/theme";

const react = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
react.IS_REACT_ACT_ENVIRONMENT = true;

const leave: (() => void)[] = [];
afterEach(() => {
  for (const undo of leave.splice(0).toReversed()) undo();
});

/** Draws something with everything around it that pages have; returns where it is. */
export async function show(page: ReactNode, live: LiveClient = fakeLive().client) {
  const place = document.createElement("div");
  document.body.append(place);
  const root = createRoot(place);
  leave.push(() => {
    act(() => root.unmount());
    place.remove();
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(async () =>
    root.render(
      <MantineProvider theme={theme} env="test" withCssVariables={false} withGlobalClasses={false}>
        <LanguageProvider>
          <QueryClientProvider client={queries}>
            <LiveFrom client={live}>{page}</LiveFrom>
          </QueryClientProvider>
        </LanguageProvider>
      </MantineProvider>,
    ),
  );
  return place;
}

/** Waits until an assertion holds; with fake timers their time passes meanwhile. */
export async function eventually(check: () => void): Promise<void> {
  react.IS_REACT_ACT_ENVIRONMENT = false; // React works by itself while we wait
  try {
    await vi.waitFor(check, { timeout: 10_000 });
  } finally {
    react.IS_REACT_ACT_ENVIRONMENT = true;
  }
}

/** A WebSocket whose other end is the test. */
export class FakeSocket extends EventTarget {
  readyState = 1;
  readonly sent: ClientMessage[] = [];
  closed = false;

  send(message: string): void {
    this.sent.push(JSON.parse(message) as ClientMessage);
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  /** The server sends a frame. */
  say(frame: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  /** The server's greeting. */
  greet(stream = "run-1", at = Date.now() / 1000): void {
    this.say({ type: "hello", stream, at, account: "sam", heartbeat_s: 10 });
  }

  /** The server closes, or the network does. */
  drop(code = 1006): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

/** A client on fake sockets; `sockets` holds those it has opened, the last one last. */
export function fakeLive(surroundings: Partial<Surroundings> = {}) {
  const sockets: FakeSocket[] = [];
  const client = new LiveClient({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    now: () => Date.now(),
    chance: () => 0.5,
    onSession: () => {},
    ...surroundings,
  });
  leave.push(() => client.stop());
  return {
    client,
    sockets,
    get socket(): FakeSocket {
      const last = sockets.at(-1);
      if (!last) throw new Error("no socket was opened");
      return last;
    },
  };
}

/** Answers requests by `METHOD /path`; whatever is not named gets 404. Returns what was asked. */
export function fakeServer(answers: Record<string, (body: unknown) => Response>) {
  const asked: { operation: string; body: unknown; headers: Headers }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const operation = `${init.method} ${url}`;
    const { body: sent } = init;
    const body: unknown = typeof sent === "string" ? JSON.parse(sent) : (sent ?? undefined);
    asked.push({ operation, body, headers: new Headers(init.headers) });
    return answers[operation]?.(body) ?? problem(404, "not-found");
  });
  leave.push(() => vi.unstubAllGlobals());
  return asked;
}

export function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { status: 200 });
}

export function problem(status: number, name: string, headers: Record<string, string> = {}) {
  const body = {
    type: `urn:callcenter:problem:${name}`,
    title: name,
    status,
    detail: `why: ${name}`,
    errors: [],
    incident: "",
  };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Write into a field as a person does, so that React notices. */
export async function type(field: Element | null, text: string): Promise<void> {
  const kind = [HTMLInputElement, HTMLTextAreaElement].find((one) => field instanceof one);
  if (!field || !kind) throw new Error("there is no such field");
  await act(async () => {
    const set = Object.getOwnPropertyDescriptor(kind.prototype, "value")?.set;
    set?.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export async function click(button: Element | null): Promise<void> {
  if (!(button instanceof HTMLElement)) throw new Error("there is no such button");
  await act(async () => button.click());
}
