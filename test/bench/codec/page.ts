/** What the codec bench says of itself in `docs/benchmarks.md`. Pure. */
import { casesTable, type SectionText } from "../page.ts";
import type { BenchReport } from "../report.ts";

export const codecSection: SectionText = {
  title: "The codec against the official encoder",
  about: `
At 1,000 shards, pseudo-random blobs. Both sides take turns in one process and their results are
compared. The first run of each side only warms up; then three to five samples of each, as time
allows. Medians are shown, with the quartiles of ours. Cases under 20 ms are repeated 50 times in a
sample. In workerd (Miniflare) a sample is one HTTP request timed from outside, less a request that
does nothing. Times on a shared machine vary by a tenth and more; ratios much less.

- **metadata**: blob in memory to blob ID, root and 2,000 sliver hashes.
- **encode**: the same and all 2,000 slivers in BCS form. Ours hands them out pair by pair.
- **decode … one missing**: primary slivers 1 … 334, so sliver 0 has to be computed.
- **decode … spread**: every second primary sliver, so half of the source is missing.
- **degraded read**: decode with one missing and the default consistency check. Ours hashes the 334
  source rows and compares; the peer encodes the blob again.
- **memory**: high-water mark of our kernel's WebAssembly memory, the blob included.
`,
  results: (report) => `
${section("In Node", report, "node")}
${section("In workerd", report, "workerd")}
### The kernel by itself

| figure | |
|---|---|
${(report.figures ?? []).map(({ name, value, unit }) => `| ${name} | ${value.toFixed(1)} ${unit} |`).join("\n")}
`,
};

function section(title: string, report: BenchReport, runtime: "node" | "workerd"): string {
  const cases = report.cases.filter((each) => each.runtime === runtime);
  return `### ${title}\n\n${casesTable({ cases })}\n`;
}
