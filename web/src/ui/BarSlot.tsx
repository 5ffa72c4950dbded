/** Puts a page's own things into the middle of the bar on top, e.g. an agent's state. */

import { createContext, useContext } from "react";
import type { ReactNode } from "react";
import { createPortal } from "react-dom";

/** The place in the bar; the shell gives it. */
export const BarContext = createContext<HTMLElement | null>(null);

export function BarSlot({ children }: { children: ReactNode }) {
  const slot = useContext(BarContext);
  return slot && createPortal(children, slot);
}
