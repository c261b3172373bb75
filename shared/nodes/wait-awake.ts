/** Waiting for silence that is the node's and not this isolate's own. */
import { callAfter } from "../call-after.ts";
import { AWAKE_NAPS_MAX } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";

/** Naps a wait is made of. */
const NAPS = 8;

/**
 * Calls `action` after `durationMs` in which this isolate was not too busy to hear an answer, unless
 * the function it returns is called first: a nap that ended much too late does not count, since the
 * answer may lie there unread. Without a clock every nap counts, and there is but one.
 *
 * It costs what `callAfter` does where it is called off within the first nap, as most are.
 */
export function callAwake(
  timer: Timer,
  clock: Clock | undefined,
  durationMs: number,
  action: () => void,
): () => void {
  if (clock === undefined) return callAfter(timer, durationMs, action);
  const napMs = durationMs / NAPS;
  let counted = 0;
  let slept = 0;
  let callOff: () => void;
  const nap = (): void => {
    const startMs = clock.nowMs();
    callOff = callAfter(timer, napMs, () => {
      slept++;
      if (clock.nowMs() - startMs < 2 * napMs) counted++;
      if (counted >= NAPS || slept >= AWAKE_NAPS_MAX) action();
      else nap();
    });
  };
  nap();
  return () => callOff();
}

/**
 * As `callAwake`, for those who wait.
 *
 * @throws The signal's reason when it is aborted.
 */
export function waitAwake(
  timer: Timer,
  clock: Clock | undefined,
  durationMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      callOff();
      reject(signal.reason as Error);
    };
    const callOff = callAwake(timer, clock, durationMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
