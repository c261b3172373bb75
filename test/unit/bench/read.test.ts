/** The bench of reads in small, so that it cannot rot: 12 nodes, 16 shards, a sample a side. */
import { expect, test } from "vitest";
import { sectionOf } from "../../bench/page.ts";
import { run, section } from "../../bench/read.ts";

test("the bench of reads measures both sides, cold and cached, and the nodes' share", async () => {
  const report = await run({
    nodeCount: 12,
    shardCount: 16,
    rounds: 1,
    sizes: { "1 KiB": 1_024 },
    cachedBlocks: 1,
    streamedBytes: 2 * 1024 ** 2,
    latenciesMs: [0],
  });
  expect(report.cases.map(({ name }) => name)).toEqual([
    "read cold 1 KiB, 0 ms latency",
    "read cached 1 MiB",
    "read cached 1 MiB, 8 at once",
  ]);
  for (const { ours, peer } of report.cases) {
    expect(ours).toBeGreaterThan(0);
    expect(peer).toBeGreaterThan(0);
  }
  const figures = new Map(report.figures?.map(({ name, value }) => [name, value]));
  // Metadata, the row, and who says how long it is paid for.
  expect(figures.get("read cold 1 KiB, 0 ms latency: node requests")).toBeGreaterThanOrEqual(2);
  expect(figures.get("read cached 1 MiB: ratio of a block, median")).toBeGreaterThan(0);
  expect(sectionOf("read", section, report, 0)).toContain("| read cached 1 MiB |");
});
