/**
 * For how long what is known of a blob may be kept. Pure.
 *
 * A blob whose end epoch is known is immutable until then; an unproven one is kept to the end of the
 * current epoch and for an hour at most.
 */
import {
  CLIENT_TTL_SECONDS_MAX,
  EPOCH_CHANGE_TTL_SECONDS,
  UNPROVEN_TTL_SECONDS,
} from "../limits.ts";
import type { EpochTiming } from "../protocol/epoch.ts";

const MS_PER_SECOND = 1_000;

/** What is known of a lease. */
export interface Lifetime {
  readonly endEpoch: number | null;
}

/** When the current epoch is due to end; `null` while it is changing or not begun. */
export function epochEndMs(timing: EpochTiming): number | null {
  if (timing.epoch === 0) return timing.firstEpochStartMs;
  switch (timing.phase.kind) {
    case "change-sync":
      return null;
    case "change-done":
    case "next-parameters-selected":
      return timing.phase.startMs + timing.epochDurationMs;
  }
}

/** When `epoch` is due to begin; `null` while the current one is changing or not begun. */
export function epochStartMs(epoch: number, timing: EpochTiming): number | null {
  const nextMs = epochEndMs(timing);
  return nextMs === null ? null : nextMs + (epoch - timing.epoch - 1) * timing.epochDurationMs;
}

/** Seconds, from `nowMs`, for which the blob may be kept. */
export function lifetimeSeconds(lifetime: Lifetime, timing: EpochTiming, nowMs: number): number {
  const endMs = epochEndMs(timing);
  const epochSeconds =
    endMs === null || endMs <= nowMs
      ? EPOCH_CHANGE_TTL_SECONDS
      : Math.floor((endMs - nowMs) / MS_PER_SECOND);
  if (lifetime.endEpoch === null) return Math.min(UNPROVEN_TTL_SECONDS, epochSeconds);
  const laterEpochs = Math.max(0, lifetime.endEpoch - timing.epoch - 1);
  const laterSeconds = Math.floor((laterEpochs * timing.epochDurationMs) / MS_PER_SECOND);
  return Math.min(CLIENT_TTL_SECONDS_MAX, epochSeconds + laterSeconds);
}
