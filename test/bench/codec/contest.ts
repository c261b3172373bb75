/** Lets both sides of each case take turns, in Node and in workerd, and compares what they took. */
import { createHash } from "node:crypto";
import { createCodec } from "../../../shared/codec/index.ts";
import { type BenchCase, caseOf } from "../report.ts";
import { type CodecCase, prepare } from "./cases.ts";
import type { BenchWorker } from "./workerd.ts";

/** Faster cases are repeated within one sample: a sample must outlast clocks and requests. */
const SHORT_CASE_MS = 20;
const SHORT_CASE_REPEAT = 50;

type Side = "ours" | "peer";

/** Takes one sample of a side: milliseconds for one time of `repeat`. */
type Sampler = (side: Side, repeat: number) => Promise<number>;

/** A case that has taken so long, with `ROUNDS_MIN` samples a side, is done: a run takes minutes. */
const CASE_MS_MAX = 12_000;
const ROUNDS_MIN = 3;

/** How thorough to be. */
export interface ContestOptions {
  /** Most samples of each side. */
  readonly rounds: number;
  readonly shardCount: number;
}

/** One case in this process. */
export async function contestInNode(
  each: CodecCase,
  kernel: WebAssembly.Module,
  options: ContestOptions,
): Promise<BenchCase> {
  const { contest, memoryBytes } = prepare(each, () => createCodec(kernel), options.shardCount);
  const results: Record<Side, string> = { ours: "", peer: "" };
  const { ours, peer } = await alternate(options.rounds, (side, repeat) => {
    let result: Uint8Array = new Uint8Array(0);
    const started = performance.now();
    for (let left = repeat; left > 0; left--) result = contest[side]();
    const elapsed = performance.now() - started;
    results[side] = createHash("sha256").update(result).digest("hex");
    return Promise.resolve(elapsed / repeat);
  });
  assertSame(each.name, results);
  return caseOf({ name: each.name, runtime: "node", ours, peer, memoryBytes });
}

/**
 * One case in workerd. What a request costs by itself is measured with requests that do nothing and
 * taken off.
 */
export async function contestInWorkerd(
  each: CodecCase,
  worker: BenchWorker,
  options: ContestOptions,
): Promise<BenchCase> {
  const { name } = each;
  const { shardCount } = options;
  const results: Record<Side, string> = { ours: "", peer: "" };
  // The first request prepares the case.
  const { memoryBytes } = await worker.run({ name, side: "ours", repeat: 0, shardCount });
  const { ours, peer } = await alternate(options.rounds, async (side, repeat) => {
    const idle = await worker.run({ name, side, repeat: 0, shardCount });
    const busy = await worker.run({ name, side, repeat, shardCount });
    results[side] = busy.result;
    return Math.max(0, busy.elapsedMs - idle.elapsedMs) / repeat;
  });
  assertSame(name, results);
  return caseOf({ name, runtime: "workerd", ours, peer, memoryBytes });
}

/**
 * Ours, the peer, ours, the peer …; the first sample of each side warms it up and decides on
 * repetition.
 */
async function alternate(rounds: number, sample: Sampler): Promise<Record<Side, number[]>> {
  const sides = ["ours", "peer"] as const;
  const samples: Record<Side, number[]> = { ours: [], peer: [] };
  const repeats: Record<Side, number> = { ours: 1, peer: 1 };
  for (const side of sides) {
    if ((await sample(side, 1)) < SHORT_CASE_MS) repeats[side] = SHORT_CASE_REPEAT;
  }
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= ROUNDS_MIN && performance.now() - started > CASE_MS_MAX) break;
    for (const side of sides) samples[side].push(await sample(side, repeats[side]));
  }
  return samples;
}

/** A contest that is won with other bytes is no contest. */
function assertSame(name: string, results: Record<Side, string>): void {
  if (results.ours !== results.peer) throw new Error(`${name}: the peer computed something else`);
}
