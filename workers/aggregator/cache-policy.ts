/** What clients and caches in front of us are told of how long they may keep something. Pure. */
import { type Lifetime, lifetimeSeconds } from "../../shared/cache/lifetime.ts";
import type { EpochTiming } from "../../shared/protocol/epoch.ts";

/** `Cache-Control` of a blob. */
export function cacheControl(lifetime: Lifetime, timing: EpochTiming, nowMs: number): string {
  const seconds = lifetimeSeconds(lifetime, timing, nowMs);
  const immutable = lifetime.endEpoch === null ? "" : ", immutable";
  return `public, max-age=${seconds}${immutable}`;
}
