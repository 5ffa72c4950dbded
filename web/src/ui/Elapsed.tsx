/** Time that ticks: from a moment of the server until now, as m:ss. */

import { useLayoutEffect, useRef } from "react";

import { duration } from "../format/time";
import { useLiveClient } from "../live/hooks";
import { onTick } from "../live/ticker";

interface Props {
  /** A moment by the server's clock, UTC seconds; 0: not yet, nothing is shown. */
  since: number;
  /** Count down to that moment instead of up from it. */
  until?: boolean;
  /** From so many seconds on it is marked `data-late`. */
  lateAfterS?: number;
  className?: string;
}

/** The text is changed in place, without drawing the page anew: a thousand of them may tick. While
 * the connection is lost it stands still: what was true then is not known now. */
export function Elapsed({ since, until = false, lateAfterS, className }: Props) {
  const client = useLiveClient();
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const show = () => {
      const span = place.current;
      if (!span || (client.connection.status === "reconnecting" && span.textContent)) return;
      const seconds = until ? Math.ceil(since - client.serverNow) : client.serverNow - since;
      const text = since === 0 ? "" : duration(seconds);
      if (span.textContent !== text) span.textContent = text;
      const late = lateAfterS !== undefined && since !== 0 && seconds >= lateAfterS;
      if (late !== "late" in span.dataset) span.toggleAttribute("data-late", late);
    };
    show();
    return onTick(show);
  }, [client, since, until, lateAfterS]);
  return <span ref={place} className={className ? `number ${className}` : "number"} />;
}
