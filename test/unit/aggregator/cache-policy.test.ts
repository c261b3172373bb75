import { describe, expect, test } from "vitest";
import type { EpochTiming } from "../../../shared/protocol/epoch.ts";
import { epochEndMs, epochStartMs, lifetimeSeconds } from "../../../shared/cache/lifetime.ts";
import { cacheControl } from "../../../workers/aggregator/cache-policy.ts";

const DAY_MS = 86_400_000;
const TIMING: EpochTiming = {
  epoch: 5,
  phase: { kind: "change-done", startMs: 0 },
  epochDurationMs: DAY_MS,
  firstEpochStartMs: 0,
};
const UNPROVEN = { endEpoch: null };

describe("how long a blob may be kept", () => {
  test.each([
    ["an hour while the epoch is young", UNPROVEN, TIMING, 0, 3_600],
    ["to the end of the epoch when that is nearer", UNPROVEN, TIMING, DAY_MS - 90_500, 90],
    ["a minute when the epoch is late", UNPROVEN, TIMING, DAY_MS + 1, 60],
    [
      "a minute while the epoch is changing",
      UNPROVEN,
      { ...TIMING, phase: { kind: "change-sync", syncedWeight: 0 } as const },
      0,
      60,
    ],
    ["to the end of a lease in its last epoch", { endEpoch: 6 }, TIMING, 0, 86_400],
    ["over the epochs a lease still has", { endEpoch: 8 }, TIMING, 0, 3 * 86_400],
    ["a year at most", { endEpoch: 5_000 }, TIMING, 0, 31_536_000],
  ])("%s", (_, lifetime, timing, nowMs, seconds) => {
    expect(lifetimeSeconds(lifetime, timing, nowMs)).toBe(seconds);
  });

  test("only a known end makes it immutable", () => {
    expect(cacheControl(UNPROVEN, TIMING, 0)).toBe("public, max-age=3600");
    expect(cacheControl({ endEpoch: 6 }, TIMING, 0)).toBe("public, max-age=86400, immutable");
  });

  test.each([
    [6, DAY_MS],
    [8, 3 * DAY_MS],
  ])("epoch %i is due to begin at %i", (epoch, startMs) => {
    expect(epochStartMs(epoch, TIMING)).toBe(startMs);
  });

  test("before the first epoch the end is its start", () => {
    expect(epochEndMs({ ...TIMING, epoch: 0, firstEpochStartMs: 77 })).toBe(77);
  });
});
