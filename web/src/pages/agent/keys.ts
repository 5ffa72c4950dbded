/** Single keys beside the buttons. They never take a letter from a text being typed. */

import { useEffect, useRef } from "react";

/** What each key does; a key without an action is not taken. */
export type Keys = Readonly<Record<string, (() => void) | undefined>>;

const ELSEWHERE = "input, textarea, select, [contenteditable], [role=menu], [role=listbox], [role=dialog]";
const NO_TEXT = ["button", "checkbox", "radio", "range", "reset", "submit"];

/** Whether a key pressed there is meant for what has the focus. */
export function isMeantForFocus(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const there = target.closest(ELSEWHERE);
  if (!there) return false;
  return !(there instanceof HTMLInputElement && NO_TEXT.includes(there.type));
}

/** Listen to these keys while the component is shown. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.isComposing) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isMeantForFocus(event.target)) return;
      const action = latest.current[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
