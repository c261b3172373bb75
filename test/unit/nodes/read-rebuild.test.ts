/** A row that its owner does not give is rebuilt the way that moves fewer bytes, counted on the wire. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pairIndexOfShard, symbolBytesFor } from "../../../shared/codec/index.ts";
import { ISOLATE_WORKING_SET_BYTES } from "../../../shared/limits.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { createPermit } from "../../../shared/nodes/permit.ts";
import { blobGeometry, bytesOfRows, type RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { readMetadata } from "../../../shared/nodes/read-metadata.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import { cheaperWay } from "../../../shared/nodes/read-store.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createFakeNodes } from "../../support/fake-nodes.ts";
import { valueOf } from "../../support/results.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
const SHARDS = 40;

type Way = "parity" | "symbols";

/** Reads `span` of a blob of which `missing` are at no owner; counts what it took. */
async function read(
  byteCount: number,
  span: RowSpan,
  missing: readonly number[],
  only: Way | null,
): Promise<{ readonly bytes: number; readonly ways: readonly Way[] }> {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer, { shardCount: SHARDS, memberCount: SHARDS });
  const blob = seededBytes(byteCount, 1);
  const blobId = nodes.store(blob);
  const counted = { parity: 0, symbols: 0 };
  const permit = createPermit(async (request) => {
    const isOfSymbols = request.url.includes("/recoverySymbols");
    if (isOfSymbols && only === "parity") return new Response(null, { status: 500 });
    const response = await nodes.fetch(request);
    const body = await response.arrayBuffer();
    if (response.ok) counted[isOfSymbols ? "symbols" : "parity"] += body.byteLength;
    return new Response(body, response);
  });
  const ports = {
    client: createNodeClient({ permit, timer, lane: "test" }),
    codec,
    timer,
    random: seededRandom(1),
    workingMemory: new WorkingMemory(only === "symbols" ? 1 : ISOLATE_WORKING_SET_BYTES),
  };
  const metadata = valueOf(await readMetadata(ports, [nodes.committee], blobId));
  const owners = Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) =>
    missing.includes(pairIndexOfShard(shard, blobId, SHARDS)),
  );
  nodes.setFault(owners, "not-found");
  Object.assign(counted, { parity: 0, symbols: 0 });
  const reader = valueOf(openRows(ports, [nodes.committee], metadata));
  let rowIndex = span.firstRow;
  for await (const row of reader.rows(span)) {
    const { start, end } = bytesOfRows(reader.geometry, { firstRow: rowIndex++, rowCount: 1 });
    expect(valueOf(row)).toEqual(blob.subarray(start, end));
  }
  const { rowBytes } = reader.geometry;
  const given = span.rowCount - missing.length;
  const rebuiltFromRows = counted.parity > given * (rowBytes + 64);
  const ways: Way[] = [
    ...(rebuiltFromRows ? (["parity"] as const) : []),
    ...(counted.symbols > 0 ? (["symbols"] as const) : []),
  ];
  return { bytes: counted.parity + counted.symbols, ways };
}

const ROWS = blobGeometry(300_000, SHARDS).contentRowCount;

test.each<[string, number, RowSpan, readonly number[], Way]>([
  ["the last row of a whole blob", 300_000, { firstRow: 0, rowCount: ROWS }, [ROWS - 1], "parity"],
  ["three rows of a whole blob", 300_000, { firstRow: 0, rowCount: ROWS }, [5, 8, 9], "parity"],
  ["one row of a large blob", 300_000, { firstRow: 3, rowCount: 1 }, [3], "symbols"],
  ["one row of a small blob", 700, { firstRow: 3, rowCount: 1 }, [3], "parity"],
])("%s", async (_, byteCount, span, missing, expected) => {
  const chosen = await read(byteCount, span, missing, null);
  const parity = await read(byteCount, span, missing, "parity");
  const symbols = await read(byteCount, span, missing, "symbols");
  expect([chosen.ways, parity.ways, symbols.ways]).toEqual([[expected], ["parity"], ["symbols"]]);
  expect(chosen.bytes).toBe(Math.min(parity.bytes, symbols.bytes));
  expect(parity.bytes < symbols.bytes ? "parity" : "symbols").toBe(expected);
});

/** Bytes on the wire, counted one message after the other: what is fetched for nothing but rebuilding. */
function naiveBytes(byteCount: number, shardCount: number, missing: number, free: number) {
  const faultyMax = Math.floor((shardCount - 1) / 3);
  const [primaryCount, secondaryCount] = [shardCount - 2 * faultyMax, shardCount - faultyMax];
  const cells = primaryCount * secondaryCount;
  let symbolBytes = Math.max(1, Math.ceil(byteCount / cells));
  if (symbolBytes % 2 === 1) symbolBytes++;
  let levels = 0;
  while (2 ** levels < shardCount) levels++;
  let rows = 0;
  let symbols = 0;
  for (let at = 0, index = 0; at < byteCount; at += secondaryCount * symbolBytes, index++) {
    if (index >= free) rows += secondaryCount * symbolBytes;
  }
  for (let row = 0; row < missing; row++) {
    // Each symbol with two lengths and two indices, and a tag and a hash a level.
    for (let cell = 0; cell < secondaryCount; cell++) symbols += symbolBytes + 16 + 33 * levels;
  }
  return { rows, symbols };
}

test("the way is that of fewer bytes, whatever the sizes and however many rows are missing", () => {
  const counts = fc.record({
    shardCount: fc.integer({ min: 4, max: 1_000 }),
    byteCount: fc.integer({ min: 1, max: 40_000_000 }),
    missing: fc.integer({ min: 1, max: 334 }),
    free: fc.integer({ min: 0, max: 334 }),
  });
  const property = fc.property(counts, ({ shardCount, byteCount, missing, free }) => {
    fc.pre(symbolBytesFor(byteCount, shardCount).ok);
    const { rows, symbols } = naiveBytes(byteCount, shardCount, missing, free);
    const way = cheaperWay(blobGeometry(byteCount, shardCount), missing, free);
    expect(way).toBe(rows <= symbols ? "rows" : "symbols");
  });
  fc.assert(property, { numRuns: 2_000, seed: 1 });
});
