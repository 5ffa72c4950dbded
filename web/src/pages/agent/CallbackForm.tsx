/** When a person of a campaign is to be called again, and by whom: asked beside the disposition. */

import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { PromisedCall } from "../../api";
import { useText } from "../../i18n";
import { useLiveClient } from "../../live/hooks";
import classes from "./Desk.module.css";
import { isMeantForFocus } from "./keys";

const IN_S = 3600;
const STEP_S = 900; // people say "at quarter past", not "at 15:07"

interface Props {
  isAble: boolean;
  onPromise: (promised: PromisedCall) => void;
}

export function CallbackForm({ isAble, onPromise }: Props) {
  const t = useText();
  const client = useLiveClient();
  const [when, setWhen] = useState(() => inputOf(proposed(client.serverNow)));
  const [isOwn, setOwn] = useState(true);
  const at = momentOfInput(when);
  const isPast = at !== null && at <= client.serverNow;
  const can = isAble && at !== null && !isPast;
  const input = useRef<HTMLInputElement>(null);
  // The next thing to say, unless something is being written elsewhere.
  useEffect(() => {
    if (!isMeantForFocus(document.activeElement)) input.current?.focus();
  }, []);
  return (
    <form
      className={classes.callbackForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (can) onPromise({ at, own: isOwn });
      }}
    >
      <TextInput
        type="datetime-local"
        label={t("agent.callback.when")}
        value={when}
        error={isPast && t("agent.callback.past")}
        ref={input}
        onChange={(event) => setWhen(event.currentTarget.value)}
      />
      <SegmentedControl
        aria-label={t("agent.callback.who")}
        value={isOwn ? "own" : "team"}
        data={[
          { value: "own", label: t("agent.callback.own") },
          { value: "team", label: t("agent.callback.team") },
        ]}
        onChange={(who) => setOwn(who === "own")}
      />
      <Button type="submit" color="violet" data-disabled={!can || undefined}>
        {t("agent.callback.promise")}
      </Button>
    </form>
  );
}

/** In about an hour, on a quarter. UTC seconds. */
export function proposed(now: number): number {
  return Math.ceil((now + IN_S) / STEP_S) * STEP_S;
}

/** As a field for date and time takes it: local, without a zone. */
export function inputOf(at: number): string {
  const date = new Date(at * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** UTC seconds; null while the field is not filled. */
export function momentOfInput(text: string): number | null {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? null : at / 1000;
}
