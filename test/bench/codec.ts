/** The codec against the official encoder at 1,000 shards, in Node and in workerd. */
import { compileKernel } from "../support/codec.ts";
import { codecCases } from "./codec/cases.ts";
import { contestInNode, contestInWorkerd } from "./codec/contest.ts";
import { kernelFigures } from "./codec/kernel-figures.ts";
import { codecSection } from "./codec/page.ts";
import { startBenchWorker } from "./codec/workerd.ts";
import { type BenchCase, type BenchReport, reportOf } from "./report.ts";

const SHARDS = 1000;
const ROUNDS = 5;
const FIGURE_SAMPLES = 9;

/** What to measure; everything by default. */
export interface CodecBenchOptions {
  readonly rounds?: number;
  readonly shardCount?: number;
  /** Leaves out larger blobs. */
  readonly sizeMax?: number;
  /** Sees each case when it is done. */
  readonly onCase?: (done: BenchCase) => void;
}

export const section = codecSection;

/** Measures everything. */
export function run(): Promise<BenchReport> {
  return measureCodec({
    // The table comes at the end, minutes later; standard output is for that.
    onCase: ({ runtime, name, peer, ours, ratio }) =>
      process.stderr.write(
        `${runtime} ${name}: ${peer.toFixed(0)} / ${ours.toFixed(1)} ms, ${ratio.toFixed(1)}x\n`,
      ),
  });
}

/** Measures every case in both runtimes. */
export async function measureCodec(options: CodecBenchOptions = {}): Promise<BenchReport> {
  const { rounds = ROUNDS, shardCount = SHARDS, sizeMax, onCase } = options;
  const contest = { rounds, shardCount };
  const builds = {
    relaxed: await compileKernel("relaxed"),
    plain: await compileKernel("plain"),
  };
  const figures = Object.entries(builds).flatMap(([build, module]) =>
    kernelFigures(build, module, FIGURE_SAMPLES),
  );
  const cases: BenchCase[] = [];
  const add = (done: BenchCase): void => {
    cases.push(done);
    onCase?.(done);
  };
  for (const each of codecCases(sizeMax)) {
    add(await contestInNode(each, builds.relaxed, contest));
  }
  const worker = await startBenchWorker();
  try {
    for (const each of codecCases(sizeMax)) {
      add(await contestInWorkerd(each, worker, contest));
    }
  } finally {
    await worker.close();
  }
  return { ...reportOf(cases, ["@mysten/walrus-wasm", "miniflare"]), figures };
}
