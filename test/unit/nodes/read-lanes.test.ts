/** Rows through lanes: the same rows, in order, whatever becomes of a lane. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import {
  ISOLATE_WORKING_SET_BYTES,
  READ_LANE_BYTES_MAX,
  READ_LANE_ROWS_MAX,
  READ_LANES_MAX,
} from "../../../shared/limits.ts";
import { blobGeometry } from "../../../shared/nodes/read-geometry.ts";
import {
  askLanes,
  laneBytes,
  type RowLane,
  type RowLaneJob,
  runRowLane,
} from "../../../shared/nodes/read-lanes.ts";
import type { NodeClient } from "../../../shared/nodes/client.ts";
import { readMetadata, type ReadPorts } from "../../../shared/nodes/read-metadata.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import { err } from "../../../shared/result.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { expectSameBytes } from "../../support/answers.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createFakeNodes, type FakeFault } from "../../support/fake-nodes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
/** n = 100: P = 34, so that there are more rows than one invocation fetches. */
const SHARDS = 100;
const BLOB = seededBytes(60_000, 1);

async function setUp({ shardCount = SHARDS, memberCount = 20, blob = BLOB } = {}) {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer, { shardCount, memberCount });
  const ports: ReadPorts = {
    client: nodes.client,
    codec,
    timer,
    random: seededRandom(1),
    workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
  };
  const metadata = await readMetadata(ports, [nodes.committee], nodes.store(blob));
  if (!metadata.ok) throw new Error(metadata.failure.kind);
  const jobs: RowLaneJob[] = [];
  const honest: RowLane = {
    fetchRows(job, report) {
      jobs.push(job);
      return runRowLane(ports, job, report);
    },
  };
  async function read(lane: RowLane, signal?: AbortSignal): Promise<Uint8Array> {
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    const reader = openRows(ports, [nodes.committee], metadata.value, { lane });
    if (!reader.ok) throw new Error(reader.failure.kind);
    const { contentRowCount } = reader.value.geometry;
    const parts: Uint8Array[] = [];
    const span = { firstRow: 0, rowCount: contentRowCount };
    for await (const row of reader.value.rows(span, signal)) {
      if (!row.ok) throw new Error(row.failure.kind);
      parts.push(row.value);
    }
    return concatBytes(...parts);
  }
  nodes.requests.length = 0;
  return { nodes, ports, metadata: metadata.value, jobs, honest, read };
}

describe("more than a dozen rows", () => {
  test("of which a third are missing are decoded once, not recovered one by one", async () => {
    // As on mainnet: symbols for one row have 40 times its bytes. Too large to be kept whole.
    const blob = seededBytes(4_500_000, 2);
    const { nodes, honest, read } = await setUp({ shardCount: 1_000, memberCount: 100, blob });
    nodes.setFault(
      Array.from({ length: 33 }, (_, index) => 3 * index),
      "not-found",
    );
    expectSameBytes(await read(honest), blob);
    const asked = (kind: string) => nodes.requests.filter((path) => path.includes(kind)).length;
    const rowCount = 334;
    // Those that were missed before it was known how many there are.
    expect(asked("/recoverySymbols")).toBeLessThan(10 * 100);
    expect(asked("/slivers/")).toBeLessThan(4 * rowCount);
  }, 120_000);

  test("are asked of nobody for a reader who has gone already", async () => {
    const { nodes, jobs, honest, read } = await setUp();
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(read(honest, gone)).rejects.toThrow();
    expect([jobs.length, nodes.requests.length]).toEqual([0, 0]);
  });

  test("are dealt to lanes, each row once, the first ones first", async () => {
    const { read, honest, jobs, nodes } = await setUp();
    expect(await read(honest)).toEqual(BLOB);
    expect(jobs.length).toBeGreaterThan(1);
    expect(jobs.length).toBeLessThanOrEqual(READ_LANES_MAX);
    const rows = jobs.flatMap(({ rowIndices }) => rowIndices);
    expect(new Set(rows).size).toBe(rows.length);
    expect(jobs.map(({ rowIndices }) => rowIndices[0])).toEqual(jobs.map((_, index) => index));
    expect(nodes.requests).toHaveLength(rows.length);
  });

  test("come all the same when the lanes are lost, before or after some rows", async () => {
    const { read, honest } = await setUp();
    expect(await read({ fetchRows: () => Promise.reject(new Error("gone")) })).toEqual(BLOB);
    const half: RowLane = {
      async fetchRows(job, report) {
        const rowIndices = job.rowIndices.slice(0, 2);
        await honest.fetchRows({ ...job, rowIndices }, report);
        throw new Error("gone");
      },
    };
    expect(await read(half)).toEqual(BLOB);
  });

  test.each(["down", "corrupt", "silent", "not-found"] satisfies FakeFault[])(
    "come while nodes of f shards are %s",
    async (fault) => {
      const { read, honest, nodes } = await setUp();
      nodes.setFault([0, 1, 2, 3, 4, 5], fault);
      expect(await read(honest)).toEqual(BLOB);
    },
  );
});

describe("how many rows are under way", () => {
  test.each([
    [1, 1],
    [READ_LANE_ROWS_MAX, 1],
    [READ_LANE_ROWS_MAX + 1, 2],
    [READ_LANES_MAX * READ_LANE_ROWS_MAX, READ_LANES_MAX],
    [READ_LANES_MAX * READ_LANE_ROWS_MAX + 1, READ_LANES_MAX],
  ])("%d rows go to %d lanes", async (rowCount, laneCount) => {
    const { metadata, nodes } = await setUp();
    const dealt: (readonly number[])[] = [];
    const lane: RowLane = {
      fetchRows({ rowIndices }) {
        dealt.push(rowIndices);
        return Promise.resolve();
      },
    };
    const rowIndices = Array.from({ length: rowCount }, (_, index) => index);
    askLanes(lane, { metadata, committees: [nodes.committee], rowIndices }, 2, () => undefined);
    expect(dealt).toHaveLength(laneCount);
    expect(dealt.flat().toSorted((left, right) => left - right)).toEqual(rowIndices);
  });

  /** S = 67 and P = 34 at 100 shards: a row of symbols of `symbolBytes`. */
  const ROW_SYMBOLS = 67;
  const ROWS = 34;
  /** The largest even symbol of which `rowCount` rows fit into a lane. */
  const symbolOf = (rowCount: number) =>
    2 * Math.floor(READ_LANE_BYTES_MAX / rowCount / ROW_SYMBOLS / 2);

  test.each([
    { what: "small rows", symbolBytes: 2, width: READ_LANE_ROWS_MAX },
    { what: "a dozen rows at the bound", symbolBytes: symbolOf(12), width: READ_LANE_ROWS_MAX },
    { what: "rows just above a twelfth", symbolBytes: symbolOf(12) + 2, width: 11 },
    { what: "two halves", symbolBytes: symbolOf(2), width: 2 },
    { what: "rows just above a half", symbolBytes: symbolOf(2) + 2, width: 1 },
    { what: "a row above the bound", symbolBytes: symbolOf(1) + 2, width: 1 },
  ])("one lane has $width at once: $what", async ({ symbolBytes, width }) => {
    const { ports, metadata, nodes } = await setUp();
    const unencodedBytes = symbolBytes * ROW_SYMBOLS * ROWS;
    const stop = Promise.withResolvers<void>();
    let begun = 0;
    const client: NodeClient = {
      ...ports.client,
      async getSliver({ nodeId }) {
        begun++;
        await stop.promise;
        return err({ kind: "aborted", nodeId, route: "get-sliver" });
      },
    };
    const rowIndices = Array.from({ length: ROWS }, (_, index) => index);
    const job: RowLaneJob = {
      metadata: { ...metadata, unencodedBytes },
      committees: [nodes.committee],
      rowIndices,
    };
    const run = runRowLane({ ...ports, client }, job, () => false);
    await new Promise(setImmediate);
    expect(begun).toBe(width);
    stop.resolve();
    await run;
    const geometry = blobGeometry(unencodedBytes, SHARDS);
    expect(laneBytes(geometry, READ_LANE_ROWS_MAX)).toBe(2 * width * geometry.rowBytes);
  });
});
