/** Waiting until nothing goes on behind answers any more: a store's fan-out ends after its answer. */
import { expect, vi } from "vitest";

/** A minute: a busy machine takes its time. */
const WAIT = { timeout: 60_000, interval: 50 };
/** Half a second: requests of a fan-out follow each other faster than that. */
const EQUAL_LOOKS = 10;

/** What `count` says once it has said the same for ten looks in a row, 50 ms apart. */
export async function quietCount(count: () => Promise<number>): Promise<number> {
  let last = -1;
  let equal = 0;
  await vi.waitFor(async () => {
    const now = await count();
    equal = now === last ? equal + 1 : 0;
    last = now;
    expect(equal).toBeGreaterThanOrEqual(EQUAL_LOOKS);
  }, WAIT);
  return last;
}
