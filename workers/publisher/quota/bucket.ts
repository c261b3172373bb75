/**
 * The token bucket behind the rate limits. Pure: a state, a time and a wish in, a state out.
 *
 * A bucket holds `quota` units and fills up again evenly within `windowMs`. So within any time `t`
 * at most `quota * (1 + t / windowMs)` units are taken. The state is what has been taken and not
 * yet been filled up.
 */

/** How many units are allowed, and in which time. */
export interface QuotaPolicy {
  readonly name: "requests" | "bytes";
  /** Units; at least 1. */
  readonly quota: number;
  readonly windowMs: number;
}

/** One bucket at one moment. */
export interface Bucket {
  /** Units taken and not filled up again; above `quota` where more came than was asked for. */
  readonly used: number;
  readonly atMs: number;
}

export const FULL_BUCKET: Bucket = { used: 0, atMs: 0 };

/**
 * How far sums of fractions may be off: a part of the quota, since a double has 52 bits below its
 * first, and seven of them are spared for the sums.
 */
const ROUNDING_SHARE = 2 ** -45;

/** The bucket as it is later; a clock that goes back fills nothing up and empties nothing. */
export function bucketAt({ quota, windowMs }: QuotaPolicy, bucket: Bucket, nowMs: number): Bucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const used = Math.max(0, bucket.used - (elapsedMs * quota) / windowMs);
  return { used, atMs: Math.max(nowMs, bucket.atMs) };
}

/** Milliseconds until `units` can be taken; 0 when they can be now. */
export function waitMs({ quota, windowMs }: QuotaPolicy, { used }: Bucket, units: number): number {
  const missing = used + Math.min(units, quota) - quota;
  return missing <= quota * ROUNDING_SHARE ? 0 : Math.ceil((missing * windowMs) / quota);
}

/** Milliseconds until the bucket is full. */
export function fullInMs({ quota, windowMs }: QuotaPolicy, { used }: Bucket): number {
  return Math.ceil((used * windowMs) / quota);
}

/** Takes the units, whether they are there or not. */
export function withTaken(bucket: Bucket, units: number): Bucket {
  return { ...bucket, used: bucket.used + units };
}

/** Whole units that are left. */
export function remainingUnits({ quota }: QuotaPolicy, { used }: Bucket): number {
  return Math.max(0, Math.floor(quota - used + quota * ROUNDING_SHARE));
}
