/**
 * Readers of several blobs while nodes of f shards fail in ways that change and mix: every one of them
 * gets the right bytes, of all of a blob or a part, whoever else leaves meanwhile. Decided by a seed.
 */
import "./web-crypto.ts";
import { expect, test } from "vitest";
import { seededBytes } from "../support/contents.ts";
import { FAKE_FAULTS } from "../support/fake-nodes.ts";
import { Isolate, SHARD_COUNT } from "./isolate.ts";

const FAULTY_NODES = Math.floor((SHARD_COUNT - 1) / 3);
const FAULTS = [null, ...FAKE_FAULTS];
const SIZES = [1, 27, 28, 900, 2_000, 9_000];
/** Half of what the cache is asked for is cold again. */
const FORGETS = 0.5;
const READS = 40;
const RUN_MS = 120_000;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

interface History {
  /** What went wrong, and of which read. */
  readonly failures: readonly string[];
  readonly requests: readonly string[];
}

async function run(seed: number): Promise<History> {
  const isolate = new Isolate({ seed, stepMs: 20, forgets: FORGETS, patienceMs: 0 });
  const { scheduler, nodes } = isolate;
  const below = (count: number) => scheduler.someMs(count - 1);
  const blobs = SIZES.map((byteCount, index) => {
    const content = seededBytes(byteCount, index + 1);
    return { content, blobId: nodes.store(content) };
  });
  const first = below(SHARD_COUNT);
  for (let node = 0; node < FAULTY_NODES; node++) {
    const index = (first + 3 * node) % SHARD_COUNT;
    const change = (): void => {
      nodes.setFault([index], FAULTS[below(FAULTS.length)] ?? null);
      scheduler.after(scheduler.someMs(10_000), change);
    };
    change();
  }
  const failures: string[] = [];
  let over = 0;
  for (let read = 0; read < READS; read++) {
    const { blobId, content } = blobs[below(blobs.length)]!;
    const start = below(2) * below(content.length);
    const range = { start, end: content.length - below(2) * below(content.length - start) };
    const client = new AbortController();
    scheduler.after(scheduler.someMs(RUN_MS), () => {
      if (below(4) === 0) {
        scheduler.after(scheduler.someMs(2_000), () => client.abort(new Error("left")));
      }
      isolate
        .read(blobId, content, client.signal, range)
        .catch((error: unknown) => {
          const what = `bytes ${range.start} to ${range.end} of ${content.length}`;
          if (!client.signal.aborted) failures.push(`read ${read}, ${what}: ${String(error)}`);
        })
        .finally(() => over++);
    });
  }
  await scheduler.run(() => over === READS);
  return { failures, requests: nodes.requests };
}

test.each(SEEDS)("nobody misses a byte while nodes of f shards fail, seed %d", async (seed) => {
  expect((await run(seed)).failures).toEqual([]);
});

test("the same seed is the same history, another one is another", async () => {
  const [one, again, other] = await Promise.all([run(1), run(1), run(2)]);
  expect(again).toEqual(one);
  expect(other.requests).not.toEqual(one.requests);
});
