/** How pages use the live connection. */

import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { ReactNode } from "react";

import type { Card, Topic } from "../api";
import { LiveClient } from "./client";
import type { Connection } from "./client";
import type { Entries, EntryOf, Section } from "./frames";

const BROWSER = {
  open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`),
  now: () => Date.now(),
  chance: () => Math.random(),
};

const LiveContext = createContext<LiveClient | null>(null);

interface Props {
  children: ReactNode;
  /** Told when the server closed the connection or refused one: the session is to be looked at. */
  onSession: (code: number) => void;
}

/** Holds the page's one connection open while it is shown. */
export function LiveProvider({ children, onSession }: Props) {
  const client = useMemo(() => new LiveClient({ ...BROWSER, onSession }), [onSession]);
  useEffect(() => {
    const hurry = () => {
      if (document.visibilityState === "visible") client.hurry();
    };
    client.start();
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    return () => {
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      client.stop();
    };
  }, [client]);
  return <LiveFrom client={client}>{children}</LiveFrom>;
}

/** Uses a client that somebody else starts and stops: tests. */
export function LiveFrom({ client, children }: { client: LiveClient; children: ReactNode }) {
  return <LiveContext.Provider value={client}>{children}</LiveContext.Provider>;
}

/** The page's connection itself, for what has no hook of its own. */
export function useLiveClient(): LiveClient {
  const client = useContext(LiveContext);
  if (!client) throw new Error("useLiveClient: no LiveProvider above");
  return client;
}

/**
 * One section of a topic, subscribed while the component is shown; undefined until it came. The
 * same object until something in it changes; so is each entry.
 */
export function useLive<T extends Topic, S extends Section<T>>(
  topic: T,
  section: S,
): Entries<EntryOf<T, S>> | undefined {
  const client = useLiveClient();
  useEffect(() => client.watch(topic), [client, topic]);
  return useSyncExternalStore(
    client.listen,
    () => client.store.get(topic)?.data[section] as Entries<EntryOf<T, S>> | undefined,
  );
}

/** One entry of a section; drawn anew only when that one changes. Undefined: there is none. */
export function useLiveEntry<T extends Topic, S extends Section<T>>(
  topic: T,
  section: S,
  key: string,
): EntryOf<T, S> | undefined {
  const client = useLiveClient();
  useEffect(() => client.watch(topic), [client, topic]);
  return useSyncExternalStore(
    client.listen,
    () => client.store.get(topic)?.data[section]?.[key] as EntryOf<T, S> | undefined,
  );
}

/** The first entry of a section: for `me`, whose sections hold one at most. */
export function useLiveOne<T extends Topic, S extends Section<T>>(
  topic: T,
  section: S,
): EntryOf<T, S> | undefined {
  const entries = useLive(topic, section);
  return entries && Object.values(entries)[0];
}

/** How the connection is. */
export function useConnection(): Connection["status"] {
  const client = useLiveClient();
  return useSyncExternalStore(client.listen, () => client.connection.status);
}

/** The last card that came. It belongs to a call: compare before showing it. */
export function useCard(): Card | null {
  const client = useLiveClient();
  return useSyncExternalStore(client.listen, () => client.card);
}
