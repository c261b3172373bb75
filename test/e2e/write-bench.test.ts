/** The bench of stores in small, so that it cannot rot: 12 nodes, 16 shards, a store of each side. */
import { expect, test } from "vitest";
import { sectionOf } from "../bench/page.ts";
import { run, section } from "../bench/write.ts";

/** How often one node may be asked for one confirmation here. */
const CONFIRMATION_ASKS_MAX = 5;

test("the bench of stores measures both sides, the floor, requests and a 202", async () => {
  const report = await run({ nodeCount: 12, shardCount: 16, rounds: 1 });
  const names = ["write 1 MiB, 0 ms latency", "write 1 MiB, 50 ms latency"];
  expect(report.cases.map(({ name }) => name)).toEqual(names);
  for (const { ours, peer } of report.cases) {
    expect(ours).toBeGreaterThan(0);
    expect(peer).toBeGreaterThan(0);
  }
  const figures = new Map(report.figures?.map(({ name, value }) => [name, value]));
  for (const name of names) {
    expect(figures.get(`${name}: the network's floor`)).toBeGreaterThan(0);
    expect(figures.get(`${name}: until a durable 202`)).toBeGreaterThan(0);
    // Of each node: its metadata, two slivers a shard, its confirmation; and that one again while the
    // node has not seen the registration yet.
    const requests = figures.get(`${name}: node requests, ours`);
    expect(requests).toBeGreaterThanOrEqual(12 + 2 * 16 + 12);
    expect(requests).toBeLessThanOrEqual(12 + 2 * 16 + 12 * CONFIRMATION_ASKS_MAX);
    expect(figures.get(`${name}: transactions, ours`)).toBe(2);
  }
  const page = sectionOf("write", section, report, 0);
  for (const name of names) expect(page).toContain(`| ${name} |`);
}, 120_000);
