/** The one WebSocket of a page: subscribes, resumes, comes back by itself, knows the server's
 * time. */

import { CLOSED } from "./frames";
import type { Card, ClientMessage, Topic } from "../api";
import type { Frame } from "./frames";
import { LiveStore } from "./store";

const BACKOFF_S_MIN = 0.5;
const BACKOFF_S_MAX = 15; // so long at most until a page sees that the service is back
const HELLO_DEADLINE_S = 8; // a connection that does not greet by then is given up
const SETTLED_S = 10; // a connection that held so long was a good one: the next wait is short again

export type Status =
  | "connecting" // never connected yet
  | "live"
  | "reconnecting"
  | "ended"; // signed out, or closed by us

export interface Connection {
  status: Status;
  /** When the last frame came, by this machine's clock, ms; 0: never. */
  heardAt: number;
}

/** What the client needs of the browser; tests bring their own. */
export interface Surroundings {
  open: () => WebSocket;
  now: () => number;
  chance: () => number;
  /** Told when the server closed because of the session (`CLOSED`), or refused a connection. */
  onSession: (code: number) => void;
}

export class LiveClient {
  readonly store = new LiveStore();
  private socket: WebSocket | undefined;
  private readonly wanted = new Map<Topic, number>();
  private readonly subscribed = new Set<Topic>();
  private readonly listeners = new Set<() => void>();
  private state: Connection = { status: "connecting", heardAt: 0 };
  private lastCard: Card | null = null;
  private offsetS = 0;
  private failures = 0;
  private openedAt = 0;
  private greeted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private helloTimer: ReturnType<typeof setTimeout> | undefined;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private syncing = false;
  /** A ping went out, and nothing came since. */
  private pinged = false;

  constructor(private readonly world: Surroundings) {}

  // --- what pages read ---------------------------------------------------------------------------

  get connection(): Connection {
    return this.state;
  }

  /** The last card that came; null before the first. */
  get card(): Card | null {
    return this.lastCard;
  }

  /** The server's time now, UTC seconds, by the offset that its frames have shown. */
  get serverNow(): number {
    return this.world.now() / 1000 + this.offsetS;
  }

  /** Be told of every change; returns the way to stop that. */
  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  // --- what pages want ---------------------------------------------------------------------------

  /** Watch a topic until the returned function is called. Several may watch the same. */
  watch(topic: Topic): () => void {
    this.wanted.set(topic, (this.wanted.get(topic) ?? 0) + 1);
    this.syncSoon();
    return () => {
      this.wanted.set(topic, (this.wanted.get(topic) ?? 1) - 1);
      this.syncSoon();
    };
  }

  /** Tell the server that a card is on the screen. */
  tellShown(call: string): void {
    this.send({ shown: { call, at_ms: this.world.now() } });
  }

  // --- the connection ----------------------------------------------------------------------------

  /** Connect, also again after a stop. */
  start(): void {
    this.state = { ...this.state, status: "connecting" };
    this.connect();
  }

  /** Try at once: the network is back, or somebody looks at the page again. */
  hurry(): void {
    if (this.state.status === "ended" || this.socket) return;
    clearTimeout(this.retry);
    this.connect();
  }

  stop(): void {
    clearTimeout(this.retry);
    this.forgetTimers();
    const socket = this.socket;
    this.socket = undefined;
    this.become("ended");
    socket?.close(1000);
  }

  private connect(): void {
    this.greeted = false;
    const socket = this.world.open();
    this.socket = socket;
    socket.addEventListener("message", (event: MessageEvent) => {
      if (this.socket === socket) this.hear(JSON.parse(String(event.data)) as Frame);
    });
    socket.addEventListener("close", (event: CloseEvent) => {
      if (this.socket === socket) this.lost(event.code);
    });
    this.helloTimer = setTimeout(() => {
      if (this.socket === socket && !this.greeted) {
        socket.close();
        this.lost(1006);
      }
    }, HELLO_DEADLINE_S * 1000);
  }

  private hear(frame: Frame): void {
    const now = this.world.now();
    this.state = { ...this.state, heardAt: now };
    this.pinged = false;
    switch (frame.type) {
      case "hello":
        this.forgetTimers();
        this.heartbeat = setInterval(() => this.beat(), frame.heartbeat_s * 1000);
        this.greeted = true;
        this.openedAt = now;
        this.offsetS = frame.at - now / 1000;
        this.store.begin(frame.stream);
        this.subscribed.clear();
        this.state = { status: "live", heardAt: now };
        this.resume();
        break;
      case "snapshot":
      case "delta":
        // A frame is never early: of all offsets seen the largest had the least delay in it.
        this.offsetS = Math.max(this.offsetS, frame.at - now / 1000);
        this.store.take(frame);
        break;
      case "pong":
        this.offsetS = Math.max(this.offsetS, frame.at - now / 1000);
        break;
      case "card":
        this.lastCard = frame;
        break;
      case "problem":
        break; // a message of ours was refused: a fault of the page, which the server has logged
    }
    this.tell();
  }

  /** Ask whether the line is alive. When nothing at all was heard since it was asked last, it is
   * dead, which a browser would notice only after minutes. */
  private beat(): void {
    const socket = this.socket;
    if (this.pinged) {
      this.lost(1006);
      socket?.close();
      return;
    }
    this.pinged = true;
    this.send({ ping: true });
  }

  private forgetTimers(): void {
    clearTimeout(this.helloTimer);
    clearInterval(this.heartbeat);
  }

  private lost(code: number): void {
    this.forgetTimers();
    this.socket = undefined;
    this.subscribed.clear();
    const settled = this.greeted && this.world.now() - this.openedAt > SETTLED_S * 1000;
    this.failures = settled ? 0 : this.failures + 1;
    if (code === CLOSED.signedOut) {
      this.become("ended");
      this.world.onSession(code);
      return;
    }
    if (code === CLOSED.tooSlow) this.store.clear(); // what was missed would be too much again
    // A refused upgrade tells no reason: the session may be over.
    if (code === CLOSED.accountChanged || !this.greeted) this.world.onSession(code);
    if (this.state.status === "ended") return;
    this.become(this.state.heardAt ? "reconnecting" : "connecting");
    const waitS = Math.min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** Math.max(0, this.failures - 1));
    const spread = 0.5 + this.world.chance(); // so that a thousand pages do not come back at once
    this.retry = setTimeout(() => this.connect(), waitS * spread * 1000);
  }

  /** After a greeting: what was had is resumed, what was not is asked for anew. */
  private resume(): void {
    const wanted = this.wantedTopics();
    const had = wanted.filter((topic) => (this.store.get(topic)?.seq ?? 0) > 0);
    if (had.length > 0) {
      const resume = { stream: this.store.stream, seq: this.store.seq };
      this.send({ subscribe: had, resume });
      for (const topic of had) this.subscribed.add(topic);
    }
    this.sync();
  }

  private syncSoon(): void {
    if (this.syncing) return;
    this.syncing = true;
    queueMicrotask(() => {
      this.syncing = false;
      this.sync();
    });
  }

  /** Bring what is subscribed in line with what is wanted. */
  private sync(): void {
    if (!this.greeted || !this.socket) return;
    const wanted = this.wantedTopics();
    const subscribe = wanted.filter((topic) => !this.subscribed.has(topic));
    const unsubscribe = [...this.subscribed].filter((topic) => !wanted.includes(topic));
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    for (const topic of subscribe) this.subscribed.add(topic);
    for (const topic of unsubscribe) {
      this.subscribed.delete(topic);
      this.store.forget(topic);
    }
    this.send({
      ...(subscribe.length > 0 && { subscribe }),
      ...(unsubscribe.length > 0 && { unsubscribe }),
    });
  }

  private wantedTopics(): Topic[] {
    return [...this.wanted].filter(([, count]) => count > 0).map(([topic]) => topic);
  }

  private send(message: ClientMessage): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  private become(status: Status): void {
    this.state = { ...this.state, status };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
