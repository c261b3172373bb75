import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bucket,
  bucketAt,
  FULL_BUCKET,
  fullInMs,
  type QuotaPolicy,
  remainingUnits,
  waitMs,
  withTaken,
} from "../../../../workers/publisher/quota/bucket.ts";

const policies = fc.record({
  name: fc.constantFrom("requests" as const, "bytes" as const),
  quota: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 40 })),
  windowMs: fc.integer({ min: 1, max: 86_400 }).map((seconds) => seconds * 1_000),
});

/** Asks as a fraction of the quota, each some time after the one before. */
const asks = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 })),
    share: fc.double({ min: 0, max: 1.5, noNaN: true }),
  }),
  { maxLength: 40 },
);

function askAll(policy: QuotaPolicy, wishes: readonly { afterMs: number; share: number }[]) {
  let bucket: Bucket = FULL_BUCKET;
  let nowMs = 1_800_000_000_000;
  const taken: { atMs: number; units: number }[] = [];
  for (const { afterMs, share } of wishes) {
    nowMs += afterMs;
    bucket = bucketAt(policy, bucket, nowMs);
    const units = Math.min(policy.quota, Math.ceil(share * policy.quota));
    if (waitMs(policy, bucket, units) > 0) continue;
    bucket = withTaken(bucket, units);
    taken.push({ atMs: nowMs, units });
  }
  return { taken, bucket, nowMs };
}

describe("the token bucket", () => {
  test("within any time t at most quota * (1 + t / window) units are taken", () => {
    fc.assert(
      fc.property(policies, asks, (policy, wishes) => {
        const { taken } = askAll(policy, wishes);
        for (const [first, { atMs: fromMs }] of taken.entries()) {
          let sum = 0;
          for (const { atMs, units } of taken.slice(first)) {
            sum += units;
            const allowed = policy.quota * (1 + (atMs - fromMs) / policy.windowMs);
            expect(sum).toBeLessThanOrEqual(allowed * (1 + 1e-9) + 1e-3);
          }
        }
      }),
    );
  });

  test("what is refused is allowed after exactly the time it was told, and not a second before", () => {
    fc.assert(
      fc.property(
        policies,
        asks,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, wishes, share) => {
          const { bucket, nowMs } = askAll(policy, wishes);
          const units = Math.ceil(share * policy.quota);
          const wait = waitMs(policy, bucket, units);
          expect(waitMs(policy, bucketAt(policy, bucket, nowMs + wait), units)).toBe(0);
          if (wait <= 1_000) return;
          const early = bucketAt(policy, bucket, nowMs + wait - 1_000);
          expect(waitMs(policy, early, units)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test("an untouched bucket is full again after its window, and what is left can be taken", () => {
    fc.assert(
      fc.property(policies, asks, (policy, wishes) => {
        const { bucket, nowMs } = askAll(policy, wishes);
        expect(fullInMs(policy, bucket)).toBeLessThanOrEqual(policy.windowMs + 1);
        const left = remainingUnits(policy, bucket);
        expect(waitMs(policy, bucket, left)).toBe(0);
        const later = bucketAt(policy, bucket, nowMs + policy.windowMs);
        expect(remainingUnits(policy, later)).toBe(policy.quota);
      }),
    );
  });

  test("large quotas lose no unit to rounding", () => {
    const policy = { name: "bytes", quota: 791_673_436_429, windowMs: 30_000 } as const;
    // One unit in the last place above the quota, as sums of fractions may come out.
    const bucket = { used: policy.quota + 2 ** -13, atMs: 0 };
    expect(remainingUnits(policy, bucketAt(policy, bucket, policy.windowMs))).toBe(policy.quota);
    expect(waitMs(policy, { used: 2 ** -13, atMs: 0 }, policy.quota)).toBe(0);
  });

  test("a clock that goes back changes nothing", () => {
    const policy = { name: "requests", quota: 10, windowMs: 10_000 } as const;
    const bucket = { used: 4, atMs: 50_000 };
    expect(bucketAt(policy, bucket, 1_000)).toEqual(bucket);
  });

  test("more than the quota needs a full bucket, and a debt is paid off first", () => {
    const policy = { name: "bytes", quota: 100, windowMs: 10_000 } as const;
    expect(waitMs(policy, FULL_BUCKET, 1_000)).toBe(0);
    expect(waitMs(policy, { used: 1, atMs: 0 }, 1_000)).toBe(100);
    const indebted = withTaken(withTaken(FULL_BUCKET, 100), 100);
    expect(remainingUnits(policy, indebted)).toBe(0);
    expect(waitMs(policy, indebted, 1)).toBe(10_100);
  });
});
