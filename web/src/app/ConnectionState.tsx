/** How the live connection is, and how old the page is when there is none. */

import { useSyncExternalStore } from "react";

import { duration } from "../format/time";
import { useText } from "../i18n";
import { useConnection, useLiveClient } from "../live/hooks";
import { onTick } from "../live/ticker";
import classes from "./Shell.module.css";

const STALE_AFTER_S = 3; // shorter gaps are not worth a banner that moves the page

export function ConnectionState() {
  const t = useText();
  const status = useConnection();
  return (
    <span className={classes.connection} data-status={status} role="status">
      <span className={classes.dot} aria-hidden />
      {t(`connection.${status}`)}
    </span>
  );
}

/** Says that what is shown is old, and how old. */
export function StaleBanner() {
  const t = useText();
  const age = useAge();
  if (age === null || age < STALE_AFTER_S) return null;
  return (
    <div className={classes.stale}>
      {t("connection.reconnectingAge", { age: duration(age) })} {t("state.offlineNext")}
    </div>
  );
}

/** Seconds since the last word of the server, while the connection is lost; null while it is not. */
export function useAge(): number | null {
  const client = useLiveClient();
  return useSyncExternalStore(onTick, () => {
    const { status, heardAt } = client.connection;
    return status === "reconnecting" ? Math.floor((Date.now() - heardAt) / 1000) : null;
  });
}
