/** One clock for everything that ticks on a page. */

const EVERY_MS = 250; // a second's change is seen at most a quarter late

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Be called four times a second until the returned function is called. */
export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, EVERY_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
