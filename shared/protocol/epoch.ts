/**
 * Where the network stands in its epoch, and which committee serves what. Pure.
 *
 * Sources: Move `staking/staking_inner.move` (states), walrus-sui
 * `types/move_structs.rs::earliest_state_transition_time`, walrus-sdk
 * `active_committees.rs::read_committee`, `write_committee`.
 */
import type { Committee } from "./committee.ts";

/** The state of the staking contract within its epoch; times are milliseconds since 1970. */
export type EpochPhase =
  /** Shards are moving to their new owners; nodes of `syncedWeight` shards have reported so far. */
  | { readonly kind: "change-sync"; readonly syncedWeight: number }
  | { readonly kind: "change-done"; readonly startMs: number }
  | { readonly kind: "next-parameters-selected"; readonly startMs: number };

/** The committees a client may need, and the phase that decides between them. */
export interface EpochState {
  readonly epoch: number;
  readonly phase: EpochPhase;
  readonly current: Committee;
  /** Committee of `epoch - 1`, with the current addresses and keys; `null` in the first epoch. */
  readonly previous: Committee | null;
}

/** Whether shards are moving: reads of older blobs then go to the previous committee. */
export function isEpochChanging(state: EpochState): boolean {
  return state.phase.kind === "change-sync";
}

/** The committee that takes slivers and signs confirmations. */
export function writeCommittee(state: EpochState): Committee {
  return state.current;
}

/** Committees to read from, in the order in which they are asked. */
export type Committees = readonly [Committee, ...Committee[]];

/**
 * Whom to ask for a blob whose epoch of certification is not known. While shards are moving, blobs
 * certified before are still at the previous committee, and new ones at the current one.
 */
export function readCommittees(state: EpochState): Committees {
  return isEpochChanging(state) && state.previous !== null
    ? [state.previous, state.current]
    : [state.current];
}

/** What decides how long a state read from the chain may be used. */
export interface EpochTiming {
  readonly epoch: number;
  readonly phase: EpochPhase;
  readonly epochDurationMs: number;
  /** When epoch 1 starts; until then the epoch is 0. */
  readonly firstEpochStartMs: number;
}

/**
 * The earliest time at which the state may change, in milliseconds since 1970. During a change that
 * is any moment, so the state must not be reused at all (returns 0).
 */
export function earliestTransitionMs(timing: EpochTiming): number {
  if (timing.epoch === 0) return timing.firstEpochStartMs;
  switch (timing.phase.kind) {
    case "change-sync":
      return 0;
    case "change-done":
      return timing.phase.startMs + Math.floor(timing.epochDurationMs / 2);
    case "next-parameters-selected":
      return timing.phase.startMs + timing.epochDurationMs;
  }
}

/** Until when a state read at `readAtMs` may be reused. */
export function reusableUntilMs(timing: EpochTiming, readAtMs: number, ttlMs: number): number {
  return Math.min(readAtMs + ttlMs, earliestTransitionMs(timing));
}
