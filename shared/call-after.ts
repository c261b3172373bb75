/** A timer that is called off more often than not, over the `Timer` port. Pure but for the port. */
import type { Timer } from "./ports.ts";

/** Why a sleep ends unused; made once, since an error costs a stack trace. */
const CALLED_OFF = new Error("called off");

/**
 * Calls `action` after `durationMs` unless the function it returns is called first.
 *
 * The time-outs of 2,200 requests were a fifth of what a store takes of its isolate while each had
 * an AbortController, a listener and a rejected promise to end it.
 */
export function callAfter(timer: Timer, durationMs: number, action: () => void): () => void {
  if (timer.after !== undefined) return timer.after(durationMs, action);
  const sleeping = new AbortController();
  timer.sleep(durationMs, sleeping.signal).then(action, () => {
    // Called off.
  });
  return () => sleeping.abort(CALLED_OFF);
}
