/**
 * `npm run bench -- load`: what a burst of small stores costs in transactions, and what waiting for
 * one another adds to each. In simulated time, so the figures are the same on every machine.
 */
import type { SimScale } from "../sim/network.ts";
import { burst, type BurstReport } from "../sim/load.ts";
import { figureList, type SectionText } from "./page.ts";
import { type BenchFigure, type BenchReport, reportOf } from "./report.ts";

export const section: SectionText = {
  title: "Bursts of small stores",
  about: `
So many stores of 600 bytes within half a second over four addresses, on a network of 12 nodes and
16 shards, in the simulator (\`test/sim\`): messages to nodes and chain take up to some milliseconds
each, drawn from a seed, a transaction no longer than that, and the work of processors no time. So
these figures say what the Wallet's rules add: the window of at most 250 ms, and waiting for the
transaction before. Latency is from staged to certified; added is what is above that of a store on
its own, half and 95 % of the stores less than that. Transactions are all of the ledger's, refills of
addresses included. What a burst makes over HTTP, where two cores do everybody's work, is in
[decision 006](decisions/006-several-addresses.md).
`,
  results: figureList,
};

const COUNTS = [10, 100, 1_000];
const SCALE: SimScale = { nodeCount: 12, shardCount: 16 };
const ADDRESS_COUNT = 4;
const WITHIN_MS = 500;

export async function run(counts: readonly number[] = COUNTS): Promise<BenchReport> {
  const figures: BenchFigure[] = [];
  for (const uploadCount of counts) {
    const report = await burst({
      seed: 1,
      scale: SCALE,
      uploadCount,
      addressCount: ADDRESS_COUNT,
      withinMs: WITHIN_MS,
    });
    figures.push(...figuresOf(uploadCount, report));
  }
  return { ...reportOf([], []), figures };
}

function figuresOf(
  uploadCount: number,
  { transactions, payerCount, aloneMs, medianMs, p95Ms }: BurstReport,
): BenchFigure[] {
  const name = `${uploadCount.toLocaleString("en")} stores`;
  return [
    { name: `${name}: transactions`, unit: "", value: transactions },
    {
      name: `${name}: transactions for 100 blobs`,
      unit: "",
      value: (100 * transactions) / uploadCount,
    },
    { name: `${name}: addresses that paid`, unit: "", value: payerCount },
    { name: `${name}: added latency, median`, unit: "ms", value: medianMs - aloneMs },
    { name: `${name}: added latency, 95 %`, unit: "ms", value: p95Ms - aloneMs },
  ];
}
