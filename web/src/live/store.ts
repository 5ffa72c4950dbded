/** What is known of each topic: a snapshot, and the deltas after it. No socket here. */

import type { Topic } from "../api";
import type { Data, TopicFrame } from "./frames";

export interface TopicState {
  seq: number;
  /** The server's time of the last frame, UTC seconds. */
  at: number;
  data: Data;
}

export class LiveStore {
  /** The run of the server that `seq` belongs to. */
  stream = "";
  private readonly topics = new Map<Topic, TopicState>();

  get(topic: Topic): TopicState | undefined {
    return this.topics.get(topic);
  }

  has(topic: Topic): boolean {
    return this.topics.has(topic);
  }

  /** The highest number seen: where to resume from. 0: nothing seen. */
  get seq(): number {
    return Math.max(0, ...[...this.topics.values()].map((state) => state.seq));
  }

  /** The server of this run answers. Numbers of another run mean nothing: resume is over, what is
   * shown stays until the new snapshot replaces it. */
  begin(stream: string): void {
    if (stream !== this.stream) {
      this.stream = stream;
      for (const [topic, state] of this.topics) this.topics.set(topic, { ...state, seq: 0 });
    }
  }

  /** Take in a frame; false when it changed nothing here. */
  take(frame: TopicFrame): boolean {
    const before = this.topics.get(frame.topic);
    if (frame.type === "snapshot") {
      this.topics.set(frame.topic, { seq: frame.seq, at: frame.at, data: frame.data });
      return true;
    }
    // A delta without its snapshot, or one that was taken in before.
    if (!before || frame.seq <= before.seq) return false;
    const data = merge(before.data, frame.data);
    this.topics.set(frame.topic, { seq: frame.seq, at: frame.at, data });
    return true;
  }

  forget(topic: Topic): void {
    this.topics.delete(topic);
  }

  clear(): void {
    this.topics.clear();
    this.stream = "";
  }
}

/** Data with a delta taken in. Sections and entries that did not change stay the same objects. */
export function merge(data: Data, changes: TopicFrame["data"]): Data {
  const merged: Record<string, Record<string, unknown>> = { ...data };
  for (const [section, entries] of Object.entries(changes)) {
    const changed = { ...merged[section] };
    for (const [key, entry] of Object.entries(entries)) {
      if (entry === null) delete changed[key];
      else changed[key] = entry;
    }
    merged[section] = changed;
  }
  return merged;
}
