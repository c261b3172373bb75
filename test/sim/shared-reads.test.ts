/**
 * Many read one cold blob at once, in an isolate of which every step takes a time that the seed
 * draws: the storage nodes get at most twice the requests that one reader makes, also when the first
 * reader leaves.
 */
import "./web-crypto.ts";
import { describe, expect, test } from "vitest";
import { seededBytes } from "../support/contents.ts";
import { Isolate } from "./isolate.ts";

const READERS = 20;
/** Longest way to a cache, an object or a node, and longest way back: idle, busy, and hardly alive. */
const STEPS_MS = [2, 200, 2_000];
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
/** Nodes are as slow as the isolate here: that is no reason to ask another one. */
const PATIENCE_MS = 60_000;
const BLOB = seededBytes(2_000, 1);

interface Settings {
  readonly seed: number;
  readonly stepMs: number;
  readonly readers: number;
  /** The first reader leaves while it reads. */
  readonly leaves: boolean;
}

/** Paths asked of the nodes. */
async function requestsOf(settings: Settings): Promise<readonly string[]> {
  const isolate = new Isolate({ ...settings, forgets: 0, patienceMs: PATIENCE_MS });
  const { scheduler, nodes } = isolate;
  const blobId = nodes.store(BLOB);
  const leaver = new AbortController();
  let over = 0;
  const failures: unknown[] = [];
  for (let reader = 0; reader < settings.readers; reader++) {
    const { signal } = reader === 0 ? leaver : new AbortController();
    scheduler.after(scheduler.someMs(settings.stepMs), () => {
      isolate
        .read(blobId, BLOB, signal)
        .catch((error: unknown) => failures.push(error))
        .finally(() => over++);
    });
  }
  if (settings.leaves) {
    scheduler.after(scheduler.someMs(20 * settings.stepMs), () => leaver.abort(new Error("left")));
  }
  await scheduler.run(() => over === settings.readers);
  expect(failures).toEqual([]);
  return nodes.requests;
}

const ALONE = { seed: 0, stepMs: 2, readers: 1, leaves: false };
const MANY = { readers: READERS, leaves: false };

describe.each(STEPS_MS)("steps of up to %d ms", (stepMs) => {
  test.each([
    { what: "all stay", leaves: false },
    { what: "the first leaves", leaves: true },
  ])("$what: the nodes get at most twice what one reader asks", async ({ leaves }) => {
    const one = await requestsOf(ALONE);
    for (const seed of SEEDS) {
      const all = await requestsOf({ ...MANY, seed, stepMs, leaves });
      expect(all.length, `seed ${seed}: ${all.join(" ")}`).toBeLessThanOrEqual(2 * one.length);
    }
  });
});

test("the same seed is the same history, another one is another", async () => {
  const [first, second, other] = await Promise.all(
    [1, 1, 2].map((seed) => requestsOf({ ...MANY, seed, stepMs: 200 })),
  );
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
});
