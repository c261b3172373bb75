/** Work that is waited for no longer than so long. Pure but for the `Timer` port. */
import { callAfter } from "./call-after.ts";
import type { Timer } from "./ports.ts";

/**
 * What `work` ends with, or `late` where that takes longer than `durationMs`. Rejects as the work does
 * in time; what becomes of it later is nobody's business, and it is for the caller to stop it.
 */
export async function inTime<T, Late>(
  timer: Timer,
  durationMs: number,
  work: Promise<T>,
  late: Late,
): Promise<T | Late> {
  const passed = Promise.withResolvers<Late>();
  const callOff = callAfter(timer, durationMs, () => passed.resolve(late));
  try {
    return await Promise.race([work, passed.promise]);
  } finally {
    callOff();
  }
}
