/** Who is signed in. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { navigate } from "wouter/use-browser-location";

import { ProblemError, request, tellWhenSignedOut } from "../api";
import type { Me, Role } from "../api";

const ME = ["me"];

interface Session {
  /** Null: nobody; undefined: not known yet. */
  me: Me | null | undefined;
  /** Why it is not known, if the server does not answer. */
  problem: ProblemError | null;
  /** True when a session ended by itself, not by a click. */
  wasOver: boolean;
  signIn: (login: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
  /** Ask the server again who is signed in. */
  check: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [wasOver, setWasOver] = useState(false);
  const hasLeft = useRef(false); // by a click
  const { data, error, refetch } = useQuery({
    queryKey: ME,
    queryFn: readMe,
    staleTime: Infinity,
    // While the server is away, ask now and then; signed out, wait for a sign-in.
    refetchInterval: (query) => (query.state.status === "error" ? 3_000 : false),
  });

  /** Whoever signs in next must not see what the one before saw. */
  const become = useCallback(
    (me: Me | null) => {
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
      queries.setQueryData(ME, me);
    },
    [queries],
  );

  useEffect(() => {
    tellWhenSignedOut(() => {
      if (queries.getQueryData(ME)) setWasOver(true);
      become(null);
    });
    return () => tellWhenSignedOut(() => {});
  }, [queries, become]);

  const signIn = useCallback(
    async (login: string, password: string) => {
      const me = await request("POST /api/v1/session", { body: { login, password } });
      setWasOver(false);
      become(me);
    },
    [become],
  );
  const signOut = useCallback(async () => {
    hasLeft.current = true; // the live connection may hear of it before this is answered
    try {
      await request("DELETE /api/v1/session");
    } catch (problem) {
      if (!(problem instanceof ProblemError && problem.status === 401)) {
        hasLeft.current = false;
        throw problem;
      }
    }
    setWasOver(false);
    become(null);
  }, [become]);
  useEffect(() => {
    if (data !== null || !hasLeft.current) return;
    hasLeft.current = false;
    navigate("/", { replace: true }); // whoever signs in next begins on a page of their own
  }, [data]);
  const check = useCallback(() => {
    if (!hasLeft.current) void refetch(); // its answer may be older than the sign-out's
  }, [refetch]);

  const session = useMemo(
    () => ({
      me: data,
      problem: data === undefined && error instanceof ProblemError ? error : null,
      wasOver,
      signIn,
      signOut,
      check,
    }),
    [data, error, wasOver, signIn, signOut, check],
  );
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

async function readMe(): Promise<Me | null> {
  try {
    return await request("GET /api/v1/me");
  } catch (error) {
    if (error instanceof ProblemError && error.problem === "not-signed-in") return null;
    throw error;
  }
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession: no SessionProvider above");
  return session;
}

/** The signed-in person; for everything inside the shell, where there is one. */
export function useMe(): Me {
  const { me } = useSession();
  if (!me) throw new Error("useMe: nobody is signed in");
  return me;
}

/** Whether the signed-in person has one of these roles. */
export function useHasRole(...roles: Role[]): boolean {
  const { me } = useSession();
  return roles.some((role) => me?.roles.includes(role));
}
