/**
 * How many KV writes one isolate may make: a bucket that refills over the hour. Pure.
 *
 * KV writes are the one tier that costs money by the piece, and readers decide what is read twice: a
 * crawl over many blobs must not buy a write for each.
 */
import type { Clock } from "../../shared/ports.ts";

const HOUR_MS = 60 * 60_000;

/** What is left. */
export interface WriteBudget {
  /** Takes one write; `false` when none is left. */
  take(): boolean;
}

/** A bucket of `writesPerHour`, full at first. */
export function createWriteBudget(clock: Clock, writesPerHour: number): WriteBudget {
  let left = writesPerHour;
  let filledAtMs = clock.nowMs();
  return {
    take() {
      const nowMs = clock.nowMs();
      const refilled = (Math.max(0, nowMs - filledAtMs) * writesPerHour) / HOUR_MS;
      left = Math.min(writesPerHour, left + refilled);
      filledAtMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
