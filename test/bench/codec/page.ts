/** Writes a run of the codec bench as the page `docs/benchmarks.md`. Pure. */
import type { BenchCase, BenchReport } from "../report.ts";

const MIB = 1024 * 1024;

/** How a run was made. */
export interface RunNotes {
  /** Samples a side. */
  readonly rounds: number;
  /** Processes that wanted a processor, averaged over the last 15 minutes. */
  readonly load: number;
}

/** The page. */
export function benchmarksPage(report: BenchReport, { rounds, load }: RunNotes): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return `# Benchmarks

Written by \`npm run bench -- codec\`; do not edit. Machine: ${report.machine}; load average
${load.toFixed(1)}, where more than one for each processor means that others were at work. Versions:
${versions.join(", ")}.

## The codec against the official encoder

At 1,000 shards, pseudo-random blobs. Both sides take turns in one process and their results are
compared. Samples a side: ${rounds}; medians are shown, with the quartiles of ours. Cases under 20 ms
are repeated 50 times in a sample. In workerd (Miniflare) a sample is one HTTP request timed from
outside, less a request that does nothing. Times on a shared machine vary by a tenth and more;
ratios much less.

- **metadata**: blob in memory to blob ID, root and 2,000 sliver hashes.
- **encode**: the same and all 2,000 slivers in BCS form. Ours hands them out pair by pair.
- **decode … one missing**: primary slivers 1 … 334, so sliver 0 has to be computed.
- **decode … spread**: every second primary sliver, so half of the source is missing.
- **degraded read**: decode with one missing and the default consistency check. Ours hashes the 334
  source rows and compares; the peer encodes the blob again.
- **memory**: high-water mark of our kernel's WebAssembly memory, the blob included.

${(["node", "workerd"] as const).map((runtime) => section(runtime, report.cases)).join("\n")}
## The kernel by itself

| figure | |
|---|---|
${(report.figures ?? []).map(({ name, value, unit }) => `| ${name} | ${value.toFixed(1)} ${unit} |`).join("\n")}
`;
}

function section(runtime: BenchCase["runtime"], cases: readonly BenchCase[]): string {
  const rows = cases.filter((each) => each.runtime === runtime).map(row);
  return `### In ${runtime === "node" ? "Node" : "workerd"}

| case | peer ms | ours ms | quartiles | ratio | memory MiB |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function row({ name, peer, ours, ratio, quartiles, memoryBytes }: BenchCase): string {
  const [low, high] = quartiles ?? [ours, ours];
  const memory = memoryBytes === undefined ? "" : (memoryBytes / MIB).toFixed(1);
  const range = `${low.toFixed(1)} … ${high.toFixed(1)}`;
  return `| ${name} | ${peer.toFixed(1)} | ${ours.toFixed(1)} | ${range} | **${ratio.toFixed(1)}×** | ${memory} |`;
}
