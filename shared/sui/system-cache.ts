/**
 * How long a system state may be reused. A small pure policy over a clock.
 *
 * The value is a hint that may live in an isolate's memory: whoever must be sure asks for a fresh
 * one. During an epoch change nothing is reused.
 */
import { SYSTEM_STATE_RENEWAL_MS, SYSTEM_STATE_STALE_MS, SYSTEM_STATE_TTL_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { reusableUntilMs } from "../protocol/epoch.ts";
import type { SystemState } from "./chain.ts";

/** Keeps one system state while the epoch rules allow it. */
export interface SystemCache {
  get(): SystemState | null;
  /** An older one whose epoch surely goes on, for whoever has asked in vain for a new one. */
  last(): SystemState | null;
  put(state: SystemState): void;
}

/** Makes an empty cache; plain data, so it may outlive the invocation that filled it. */
export function createSystemCache(clock: Clock, ttlMs: number = SYSTEM_STATE_TTL_MS): SystemCache {
  let kept: SystemState | null = null;
  /** Until when somebody else is taken to be reading a new one. */
  let renewedUntilMs = 0;
  return {
    get() {
      if (kept === null) return null;
      const nowMs = clock.nowMs();
      const untilMs = reusableUntilMs(kept.timing, kept.readAtMs, ttlMs);
      if (nowMs < untilMs) return kept;
      // Hundreds may come at once: one reads, the others go on with what was true a moment ago.
      if (nowMs < renewedUntilMs && nowMs < reusableUntilMs(kept.timing, nowMs, ttlMs)) return kept;
      renewedUntilMs = nowMs + SYSTEM_STATE_RENEWAL_MS;
      return null;
    },
    last() {
      if (kept === null) return null;
      const untilMs = reusableUntilMs(kept.timing, kept.readAtMs, SYSTEM_STATE_STALE_MS);
      return clock.nowMs() < untilMs ? kept : null;
    },
    put(state) {
      kept = state;
      renewedUntilMs = 0;
    },
  };
}
