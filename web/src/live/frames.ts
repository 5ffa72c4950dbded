/** The WebSocket's frames. Their fields stand in `api/types.ts`, their order in
 * `callcenter/api/frames.py`. */

import type { Card, Hello, LiveEntries, Pong, Topic, Trouble } from "../api";

export type Entries<T> = Readonly<Record<string, T>>;
export type Section<T extends Topic> = keyof LiveEntries[T] & string;
export type EntryOf<T extends Topic, S extends Section<T>> = LiveEntries[T][S];

/** A topic's data, as the store keeps it: `{section: {key: entry}}`. */
export type Data = Readonly<Record<string, Entries<unknown>>>;

export interface TopicFrame {
  type: "snapshot" | "delta";
  topic: Topic;
  seq: number;
  at: number;
  data: Data;
}

export type Frame = Hello | TopicFrame | Card | Pong | Trouble;

/** The server's reasons to close a connection. */
export const CLOSED = { signedOut: 4001, accountChanged: 4002, tooSlow: 4003, tooMany: 4004 };
