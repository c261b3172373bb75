/** What the kernel's inner loops take by themselves: what a change of the kernel is judged by. */
import { Kernel } from "../../../shared/codec/kernel/kernel.ts";
import type { BenchFigure } from "../report.ts";

const NODE_COUNT = 1000;
const DIGEST_BYTES = 32;
const TRANSFORM_SIZE = 512;
const SYMBOL_COUNT = 334;
const WIDTH_BYTES = 384;
const CALLS_PER_SAMPLE = 50;

/** Figures of one build; `samples` timings each, of which the median counts. */
export function kernelFigures(
  build: string,
  module: WebAssembly.Module,
  samples: number,
): BenchFigure[] {
  const kernel = new Kernel(module);
  const nodes = kernel.reserve((2 * NODE_COUNT + 1) * DIGEST_BYTES);
  const parents = kernel.reserve(NODE_COUNT * DIGEST_BYTES);
  const work = { address: kernel.reserve(TRANSFORM_SIZE * WIDTH_BYTES), width: WIDTH_BYTES };
  kernel.clear(nodes, 2 * NODE_COUNT * DIGEST_BYTES);
  kernel.clear(work.address, TRANSFORM_SIZE * WIDTH_BYTES);
  const nsPerNode = (callMs: number) => (callMs * 1e6) / NODE_COUNT;
  const gbPerSecond = (callMs: number) => (TRANSFORM_SIZE * WIDTH_BYTES) / (callMs * 1e6);
  const measure = (body: () => void) => medianCallMs(samples, body);
  return [
    {
      name: `${build}: BLAKE2b compression of an inner node`,
      unit: "ns",
      value: nsPerNode(
        measure(() => kernel.hashPairs(parents, nodes, nodes + DIGEST_BYTES, NODE_COUNT, 64)),
      ),
    },
    {
      name: `${build}: BLAKE2b compression of a leaf of 38 bytes`,
      unit: "ns",
      value: nsPerNode(measure(() => kernel.hashLeaves(parents, nodes, NODE_COUNT, 38, 38))),
    },
    {
      name: `${build}: forward transform of 512 positions`,
      unit: "GB/s",
      value: gbPerSecond(
        measure(() =>
          kernel.forwardTransform(work, TRANSFORM_SIZE, TRANSFORM_SIZE, TRANSFORM_SIZE),
        ),
      ),
    },
    {
      name: `${build}: inverse transform of 512 positions, 334 given`,
      unit: "GB/s",
      value: gbPerSecond(
        measure(() => kernel.inverseTransform(work, TRANSFORM_SIZE, 0, SYMBOL_COUNT)),
      ),
    },
  ];
}

function medianCallMs(samples: number, body: () => void): number {
  // Enough calls for the engine to have optimised the code.
  for (let call = 0; call < CALLS_PER_SAMPLE; call++) body();
  const taken = Array.from({ length: samples }, () => {
    const started = performance.now();
    for (let call = 0; call < CALLS_PER_SAMPLE; call++) body();
    return (performance.now() - started) / CALLS_PER_SAMPLE;
  }).sort((a, b) => a - b);
  return taken[Math.floor((samples - 1) / 2)] ?? Number.NaN;
}
