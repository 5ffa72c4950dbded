/** The desk of an agent in tests: its page, its server, what is pressed and what is asked for. */

import { act } from "react";
import { vi } from "vitest";

import type { AgentView, CallbackView, CallView, Card } from "../../api";
import { SessionProvider } from "../../app/session";
import { fakeLive, fakeServer, json, show } from "../../testing";
import { campaignWith } from "../campaigns/samples";
import Page from "./index";
import { cardWith, NOW, queueWith } from "./samples";

const CAMPAIGN = campaignWith({
  state: "running",
  silence: "",
  silence_code: "",
  settings: { ...campaignWith().settings, pacing: "preview" },
});

type Asked = ReturnType<typeof fakeServer>;

/** The desk of an agent, with a server that grants everything. */
export async function openDesk(agent: AgentView, call?: CallView) {
  const granted = () => json(agent);
  const asked = fakeServer({
    "GET /api/v1/me": () =>
      json({ account: "ana", name: "Ana Lee", roles: ["agent"], agent: "ana", token: "" }),
    "GET /api/v1/campaigns": () => json({ campaigns: [CAMPAIGN] }),
    ...Object.fromEntries(
      [
        "ready",
        "not-ready",
        "sign-in",
        "sign-out",
        "hang-up",
        "disposition",
        "campaign",
        "preview/dial",
        "preview/skip",
      ].map((wish) => [`POST /api/v1/agents/me/${wish}`, granted]),
    ),
    "PUT /api/v1/callbacks/cb-1": () => json({}),
    "POST /api/v1/callbacks/cb-1/done": () => json({}),
  });
  const live = fakeLive();
  live.client.start();
  const place = await show(
    <SessionProvider>
      <Page />
    </SessionProvider>,
    live.client,
  );
  let seq = 0;
  /** The server sends frames, and time passes. */
  const say = async (...frames: object[]) =>
    act(async () => {
      for (const frame of frames) live.socket.say(frame);
    });
  const tellOf = async (now: AgentView, its?: CallView, ...promised: CallbackView[]) => {
    seq += 1;
    const data = {
      agent: { [now.id]: now },
      call: its ? { [its.id]: its } : {},
      callbacks: Object.fromEntries(promised.map((one) => [one.id, one])),
    };
    await say({ type: "snapshot", topic: "me", seq, at: Date.now() / 1000, data });
  };
  await act(async () => live.socket.greet("run-1", NOW));
  await tellOf(agent, call);
  await say({
    type: "snapshot",
    topic: "queues",
    seq: 1,
    at: NOW,
    data: { queues: { cards: queueWith() } },
  });
  return { place, live, asked, say, tellOf };
}

export async function press(key: string, where: EventTarget = document.body): Promise<void> {
  await act(async () => {
    where.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}

export async function pass(ms: number): Promise<void> {
  await act(async () => vi.advanceTimersByTimeAsync(ms));
}

/** A card as the server sends it a moment after the state that the desk knows. */
export function freshCard(changed: Partial<Card> = {}): Card {
  return cardWith({ at: Date.now() / 1000 + 0.01, ...changed });
}

export function writes(asked: Asked): [string, unknown][] {
  return asked
    .filter(({ operation }) => operation.startsWith("POST"))
    .map(({ operation, body }) => [operation.replace("POST /api/v1/agents/me/", ""), body]);
}

/** Before each test: in English, at the samples' time. Returns what puts the clock back. */
export function settle(): () => void {
  localStorage.clear();
  localStorage.setItem("language", "en");
  vi.useFakeTimers({ now: NOW * 1000 });
  return () => vi.useRealTimers();
}
