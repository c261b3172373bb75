/**
 * When to ask a node again, and after how long. Pure but for the timer it is handed.
 *
 * The curve is the official client's: delay i = min(max, min·2^i + jitter) (`walrus-utils
 * backoff.rs`), with fewer attempts, because a round of the fan-out is itself repeated.
 */
import { FAN_OUT_ROUNDS_MAX } from "../limits.ts";
import type { Random, Timer } from "../ports.ts";
import type { Result } from "../result.ts";
import type { NodeFailure } from "./failure.ts";

/** A backoff curve. */
export interface RetryPolicy {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** A random part of up to this much is added to each delay. */
  readonly jitterMs: number;
  /** Attempts in all, the first included. */
  readonly attemptCountMax: number;
}

/** A node that refuses connections or answers 5xx. */
export const TRANSIENT_RETRY: RetryPolicy = {
  delayMinMs: 500,
  delayMaxMs: 8_000,
  jitterMs: 500,
  attemptCountMax: 3,
};

/**
 * A node that has not seen the registration yet: it follows the chain by a fraction of a second on
 * a good day, by tens of seconds on a bad one.
 */
export const REGISTRATION_RETRY: RetryPolicy = {
  delayMinMs: 100,
  delayMaxMs: 2_000,
  jitterMs: 100,
  attemptCountMax: 16,
};

/**
 * A node that follows the chain by an epoch change: between two rounds of a fan-out, since it answers
 * at once and would be through with all of them in a moment.
 */
export const NODE_BEHIND_RETRY: RetryPolicy = {
  delayMinMs: 4_000,
  delayMaxMs: 20_000,
  jitterMs: 4_000,
  attemptCountMax: FAN_OUT_ROUNDS_MAX,
};

/** What a retry needs of the world. */
export interface RetryPorts {
  readonly timer: Timer;
  readonly random: Random;
}

/** Milliseconds to wait after failed attempt `attemptIndex` (0 is the first). */
export function retryDelayMs(policy: RetryPolicy, attemptIndex: number, random: Random): number {
  const exponential = policy.delayMinMs * 2 ** Math.min(attemptIndex, 30);
  return Math.min(policy.delayMaxMs, exponential + random.unit() * policy.jitterMs);
}

/** The curve that fits a failure of a write; `null` when asking again cannot help. */
export function retryPolicyFor(failure: NodeFailure): RetryPolicy | null {
  switch (failure.kind) {
    case "unreachable":
      return TRANSIENT_RETRY;
    case "refused":
      // MISSING_SLIVERS follows a confirmation that overtook the last sliver on another replica;
      // METADATA_NOT_FOUND a sliver that overtook the metadata.
      if (failure.reason === "NOT_REGISTERED") return REGISTRATION_RETRY;
      if (failure.reason === "MISSING_SLIVERS" || failure.reason === "METADATA_NOT_FOUND") {
        return TRANSIENT_RETRY;
      }
      return failure.status === 429 || failure.status >= 500 ? TRANSIENT_RETRY : null;
    case "timed-out":
    case "aborted":
    case "malformed-answer":
    case "answer-too-large":
      return null;
  }
}

/**
 * Repeats `attempt` as its failures deserve; each curve counts its own attempts.
 *
 * @returns The first success, or the failure that ended it. An aborted wait returns the failure
 *   that was being waited on.
 */
export async function withRetry<T>(
  ports: RetryPorts,
  attempt: () => Promise<Result<T, NodeFailure>>,
  signal?: AbortSignal,
): Promise<Result<T, NodeFailure>> {
  const failureCounts = new Map<RetryPolicy, number>();
  for (;;) {
    const result = await attempt();
    if (result.ok) return result;
    const policy = retryPolicyFor(result.failure);
    if (policy === null) return result;
    const failureCount = (failureCounts.get(policy) ?? 0) + 1;
    if (failureCount >= policy.attemptCountMax) return result;
    failureCounts.set(policy, failureCount);
    const delayMs = Math.max(
      retryDelayMs(policy, failureCount - 1, ports.random),
      Math.min(retryAfterMs(result.failure), policy.delayMaxMs),
    );
    try {
      await ports.timer.sleep(delayMs, signal);
    } catch {
      return result;
    }
  }
}

function retryAfterMs(failure: NodeFailure): number {
  return failure.kind === "refused" ? (failure.retryAfterSeconds ?? 0) * 1000 : 0;
}
