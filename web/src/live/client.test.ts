import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { fakeLive } from "../testing";
import { CLOSED } from "./frames";

const board = (seq: number, agents: Record<string, unknown> = {}, type = "snapshot") => ({
  type,
  topic: "board",
  seq,
  at: Date.now() / 1000,
  data: { agents },
});

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** Lets what was put off to the end of the task happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function connected() {
  const onSession = vi.fn<(code: number) => void>();
  const live = fakeLive({ onSession });
  const unwatch = live.client.watch("board");
  live.client.start();
  live.socket.greet();
  live.socket.say(board(5));
  await settle();
  return { ...live, onSession, unwatch, current: () => live.socket };
}

describe("the live connection", () => {
  it("subscribes once to a topic that several watch, and until the last one leaves", async () => {
    const { client, current, unwatch } = await connected();
    const second = client.watch("board");
    await settle();

    unwatch();
    await settle();
    expect(current().sent).toEqual([{ subscribe: ["board"] }]);
    second();
    await settle();

    expect(current().sent.at(-1)).toEqual({ unsubscribe: ["board"] });
    expect(client.store.has("board")).toBe(false);
  });

  it("asks for topics only after the greeting", async () => {
    const live = fakeLive();
    live.client.start();
    live.client.watch("queues");
    await settle();
    expect(live.socket.sent).toEqual([]);

    live.socket.greet();

    expect(live.socket.sent).toEqual([{ subscribe: ["queues"] }]);
  });

  it("resumes what it had, and asks anew for what it had not", async () => {
    const { client, current } = await connected();
    current().drop();
    client.watch("queues");
    await vi.advanceTimersByTimeAsync(1_000);

    current().greet();

    expect(current().sent).toEqual([
      { subscribe: ["board"], resume: { stream: "run-1", seq: 5 } },
      { subscribe: ["queues"] },
    ]);
  });

  it("asks for fresh snapshots when the server was started again", async () => {
    const { client, current } = await connected();
    current().drop();
    await vi.advanceTimersByTimeAsync(1_000);

    current().greet("run-2");

    expect(current().sent).toEqual([{ subscribe: ["board"] }]);
    current().say(board(1, { ana: {} }));
    expect(client.store.get("board")?.data.agents).toEqual({ ana: {} });
  });

  it("keeps what it knew while it is away, and says so", async () => {
    const { client, current } = await connected();
    current().say(board(6, { ana: { state: "ready" } }, "delta"));
    vi.advanceTimersByTime(4_000);

    current().drop();

    expect(client.connection).toEqual({ status: "reconnecting", heardAt: 1_000_000 });
    expect(client.store.get("board")?.data.agents).toEqual({ ana: { state: "ready" } });
  });

  it("comes back later and later, at most every 15 s apart from the spread", async () => {
    const live = fakeLive();
    live.client.start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const opened = live.sockets.length;
      live.socket.drop();
      const from = Date.now();
      while (live.sockets.length === opened) vi.advanceTimersByTime(100);
      waits.push((Date.now() - from) / 1000);
    }

    expect(waits).toEqual([0.5, 1, 2, 4, 8, 15, 15, 15]);
  });

  it("spreads the return of many pages over time", () => {
    const waits = [0, 0.5, 0.99].map((chance) => {
      const live = fakeLive({ chance: () => chance });
      live.client.start();
      live.socket.drop();
      const from = Date.now();
      while (live.sockets.length === 1) vi.advanceTimersByTime(10);
      return Date.now() - from;
    });

    expect(waits).toEqual([250, 500, 750]);
  });

  it("waits briefly again after a connection that held", async () => {
    const { sockets, current } = await connected();
    for (let i = 0; i < 3; i += 1) {
      current().drop();
      vi.advanceTimersByTime(10_000);
    }
    current().greet();
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(9_000);
      current().say({ type: "pong", at: Date.now() / 1000 });
    }
    const opened = sockets.length;

    current().drop();
    vi.advanceTimersByTime(500);

    expect(sockets.length).toBe(opened + 1);
  });

  it("tries at once when the network is back", async () => {
    const { client, sockets, current } = await connected();
    current().drop();

    client.hurry();
    client.hurry();

    expect(sockets.length).toBe(2);
    current().greet();
    expect(client.connection.status).toBe("live");
  });

  it("gives up a connection that does not greet", async () => {
    const live = fakeLive();
    live.client.start();

    await vi.advanceTimersByTimeAsync(8_500);

    expect(live.sockets[0]?.closed).toBe(true);
    expect(live.sockets.length).toBe(2);
  });

  it("notices a line that is dead though nobody closed it", async () => {
    const { client, sockets, current } = await connected();
    vi.advanceTimersByTime(10_000);
    expect(current().sent.at(-1)).toEqual({ ping: true });

    vi.advanceTimersByTime(10_000);

    expect(sockets[0]?.closed).toBe(true);
    expect(client.connection.status).toBe("reconnecting");
  });

  it("stays with a quiet line that answers", async () => {
    const { client, current } = await connected();
    for (let i = 0; i < 5; i += 1) {
      vi.advanceTimersByTime(10_000);
      current().say({ type: "pong", at: Date.now() / 1000 });
    }

    expect(client.connection.status).toBe("live");
  });

  it("ends when the session is over, and does not come back", async () => {
    const { client, sockets, current, onSession } = await connected();

    current().drop(CLOSED.signedOut);
    vi.advanceTimersByTime(60_000);

    expect(client.connection.status).toBe("ended");
    expect(onSession).toHaveBeenCalledWith(CLOSED.signedOut);
    expect(sockets.length).toBe(1);
  });

  it("has the session looked at when a connection is refused", () => {
    const onSession = vi.fn<(code: number) => void>();
    const live = fakeLive({ onSession });
    live.client.start();

    live.socket.drop();

    expect(onSession).toHaveBeenCalledOnce();
    expect(live.client.connection.status).toBe("connecting");
  });

  it("asks for a snapshot instead of what it was too slow for", async () => {
    const { current } = await connected();
    current().drop(CLOSED.tooSlow);
    await vi.advanceTimersByTimeAsync(1_000);

    current().greet();

    expect(current().sent).toEqual([{ subscribe: ["board"] }]);
  });

  it("knows the server's time, by the frame that was least delayed", async () => {
    const live = fakeLive();
    live.client.start();
    live.socket.greet("run-1", 5_000); // this machine says 1,000: it is 4,000 s late
    expect(live.client.serverNow).toBe(5_000);

    vi.advanceTimersByTime(2_000);
    live.socket.say({ ...board(1), at: 5_001 }); // one second old: no reason to go back
    expect(live.client.serverNow).toBe(5_002);

    live.socket.say({ type: "pong", at: 5_002.5 }); // the greeting had been half a second late
    expect(live.client.serverNow).toBe(5_002.5);
  });

  it("hands on cards and tells when they were shown", async () => {
    const { client, current } = await connected();
    const listener = vi.fn<() => void>();
    const stop = client.listen(listener);

    current().say({ type: "card", call: "c1", number: "+15551234567" });
    client.tellShown("c1");

    expect(client.card?.call).toBe("c1");
    expect(listener).toHaveBeenCalledOnce();
    expect(current().sent.at(-1)).toEqual({ shown: { call: "c1", at_ms: Date.now() } });
    stop();
    current().say({ type: "card", call: "c2" });
    expect(listener).toHaveBeenCalledOnce();
  });

  it("is silent after it was stopped, and works again after a start", async () => {
    const { client, sockets, current } = await connected();

    client.stop();
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBe(1);
    expect(sockets[0]?.closed).toBe(true);

    client.start();
    current().greet();
    expect(client.connection.status).toBe("live");
  });
});
