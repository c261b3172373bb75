/** Waiting for silence that is the node's and not this isolate's own. */
import type { Timer } from "../ports.ts";
import type { NodeHealthHints } from "./node-health.ts";

/** Naps a wait is made of. */
const NAPS = 8;

/**
 * Waits for `durationMs` in which this isolate was not too busy to hear an answer: a nap that ended
 * much too late does not count, since the answer may lie there unread. Without a clock (`health`) it
 * is a plain sleep.
 *
 * @throws The signal's reason when it is aborted.
 */
export async function waitAwake(
  timer: Timer,
  health: Pick<NodeHealthHints, "nowMs"> | undefined,
  durationMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (health === undefined) return timer.sleep(durationMs, signal);
  const napMs = durationMs / NAPS;
  for (let naps = 0; naps < NAPS;) {
    const startMs = health.nowMs();
    await timer.sleep(napMs, signal);
    if (health.nowMs() - startMs < 2 * napMs) naps++;
  }
}
