import { describe, expect, it } from "vitest";

import type { TopicFrame } from "./frames";
import { LiveStore, merge } from "./store";

const frame = (type: "snapshot" | "delta", seq: number, data: TopicFrame["data"]): TopicFrame => ({
  type,
  topic: "board",
  seq,
  at: 1_000 + seq,
  data,
});

function storeWith(data: TopicFrame["data"]): LiveStore {
  const store = new LiveStore();
  store.begin("run-1");
  store.take(frame("snapshot", 5, data));
  return store;
}

describe("the live store", () => {
  it("shows a snapshot, then what changed in it", () => {
    const store = storeWith({ agents: { ana: { state: "ready" }, ben: { state: "talking" } } });

    store.take(frame("delta", 6, { agents: { ana: { state: "talking" } } }));

    expect(store.get("board")).toEqual({
      seq: 6,
      at: 1_006,
      data: { agents: { ana: { state: "talking" }, ben: { state: "talking" } } },
    });
  });

  it("takes out what is gone", () => {
    const store = storeWith({ calls: { c1: { id: "c1" }, c2: { id: "c2" } } });

    store.take(frame("delta", 6, { calls: { c1: null } }));

    expect(store.get("board")?.data.calls).toEqual({ c2: { id: "c2" } });
  });

  it("keeps what did not change the same object, so that it is not drawn again", () => {
    const before = { agents: { ana: { state: "ready" }, ben: {} }, calls: { c1: {} } };

    const after = merge(before, { agents: { ana: { state: "talking" } } });

    expect(after.calls).toBe(before.calls);
    expect(after.agents?.ben).toBe(before.agents.ben);
    expect(after.agents).not.toBe(before.agents);
    expect(before.agents.ana).toEqual({ state: "ready" });
  });

  it("replaces an entry whole, so that a field that is gone does not linger", () => {
    const store = storeWith({ agents: { ana: { state: "ready", reason: "lunch" } } });

    store.take(frame("delta", 6, { agents: { ana: { state: "ready" } } }));

    expect(store.get("board")?.data.agents).toEqual({ ana: { state: "ready" } });
  });

  it("takes in sections that were not there before", () => {
    const store = storeWith({ agents: {} });

    store.take(frame("delta", 6, { campaigns: { spring: { id: "spring" } } }));

    expect(store.get("board")?.data.campaigns).toEqual({ spring: { id: "spring" } });
  });

  it.each([5, 4])("takes a delta in once: number %d again changes nothing", (seq) => {
    const store = storeWith({ calls: { c1: {} } });

    expect(store.take(frame("delta", seq, { calls: { c1: null } }))).toBe(false);
    expect(store.get("board")?.data.calls).toEqual({ c1: {} });
  });

  it("does not show a delta without the snapshot it belongs to", () => {
    const store = new LiveStore();

    expect(store.take(frame("delta", 6, { calls: { c1: {} } }))).toBe(false);
    expect(store.get("board")).toBeUndefined();
  });

  it("takes a snapshot of a new run although its number is lower", () => {
    const store = storeWith({ calls: { c1: {} } });

    store.begin("run-2");
    expect(store.seq).toBe(0);
    expect(store.get("board")?.data.calls).toEqual({ c1: {} }); // shown until the new one is there
    store.take(frame("snapshot", 1, { calls: { c9: {} } }));

    expect(store.get("board")?.data.calls).toEqual({ c9: {} });
  });

  it("resumes from the highest number of all topics", () => {
    const store = storeWith({ calls: {} });
    store.take({ ...frame("snapshot", 9, { agent: {} }), topic: "me" });

    expect(store.seq).toBe(9);
    store.forget("me");
    expect(store.seq).toBe(5);
    store.clear();
    expect(store.seq).toBe(0);
  });
});
