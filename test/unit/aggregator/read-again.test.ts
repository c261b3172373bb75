/** A Fill object that is asked again, after those it has read for have left. */
import { describe, expect, test } from "vitest";
import { columnKey, segmentKey } from "../../../shared/cache/keys.ts";
import { seal } from "../../../shared/cache/sealed.ts";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { FILL_STORE_LOOK_MS, FILL_STORE_LOOKS } from "../../../shared/limits.ts";
import { columnShape } from "../../../shared/nodes/read-columns.ts";
import { blobGeometry, type RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { ok } from "../../../shared/result.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { columnsAgain, rowsAgain } from "../../../workers/aggregator/fill/read-again.ts";
import { SegmentFill } from "../../../workers/aggregator/fill/segment-fill.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { fakeCommittee } from "../../support/fake-nodes.ts";
import { valueOf } from "../../support/results.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const SHARDS = 10;
const BLOB = seededBytes(5_000, 1);
const GEOMETRY = blobGeometry(BLOB.length, SHARDS);
const WHOLE = { firstRow: 0, rowCount: GEOMETRY.contentRowCount };
const codec = await loadCodec();
const encoded = valueOf(codec.encode(BLOB, SHARDS));
const metadata = valueOf(codec.verifyMetadata(encoded.metadata, encoded.metadata.blobId));
const job = { metadata, committees: [fakeCommittee(SHARDS, 4)] as const, purgeGeneration: 3 };
const keyed = {
  id: formatBlobId(metadata.blobId),
  entry: { shardCount: SHARDS, purgeGeneration: 3 },
};

function setUp() {
  const timer = createVirtualTimer();
  const kept = new Map<string, Uint8Array>();
  const looks: string[] = [];
  const ports = {
    timer,
    random: { unit: () => 1, bytes: (count: number) => new Uint8Array(count) },
    log: { info() {}, warn() {}, error() {} },
    tiers: {
      get(key: string) {
        looks.push(key);
        const value = kept.get(key);
        return Promise.resolve(value === undefined ? null : { value, tier: "edge" as const });
      },
      open: () => Promise.resolve(null),
      put: () => Promise.resolve(),
      evict: () => Promise.resolve(),
    },
  };
  const fetched: number[] = [];
  async function* rows(span: RowSpan) {
    for (let index = span.firstRow; index < span.firstRow + span.rowCount; index++) {
      fetched.push(index);
      yield ok(Uint8Array.of(index));
    }
  }
  const again = (isComing: boolean) =>
    rowsAgain(ports, job, { geometry: GEOMETRY, rows }, isComing);
  return { timer, kept, looks, ports, fetched, again };
}

async function bytesOf(rows: ReturnType<ReturnType<typeof setUp>["again"]>, span: RowSpan) {
  const parts: Uint8Array[] = [];
  for await (const row of rows.rows(span)) parts.push(valueOf(row));
  return concatBytes(...parts);
}

describe("rows", () => {
  test("come from the cache, looked up once, and no node is asked", async () => {
    const { kept, looks, fetched, again } = setUp();
    kept.set(segmentKey(keyed, 0), await seal(BLOB));
    const rows = again(false);
    expect(await bytesOf(rows, WHOLE)).toEqual(BLOB);
    const second = { firstRow: 1, rowCount: 1 };
    const { rowBytes } = GEOMETRY;
    expect(await bytesOf(rows, second)).toEqual(BLOB.slice(rowBytes, 2 * rowBytes));
    expect(fetched).toEqual([]);
    expect(looks).toHaveLength(1);
  });

  test("come from the nodes where nobody has cached them", async () => {
    const { fetched, looks, timer, again } = setUp();
    await bytesOf(again(false), WHOLE);
    expect([fetched, looks.length, timer.nowMs()]).toEqual([[0, 1, 2, 3], 1, 0]);
  });

  test("that are on their way into the cache are waited for, not for ever", async () => {
    const { kept, fetched, timer, again } = setUp();
    const sealed = await seal(BLOB);
    void timer.sleep(2 * FILL_STORE_LOOK_MS).then(() => kept.set(segmentKey(keyed, 0), sealed));
    expect(await bytesOf(again(true), WHOLE)).toEqual(BLOB);
    expect(fetched).toEqual([]);
    kept.clear();
    const before = timer.nowMs();
    await bytesOf(again(true), WHOLE);
    expect(fetched).toEqual([0, 1, 2, 3]);
    expect(timer.nowMs() - before).toBe((FILL_STORE_LOOKS - 1) * FILL_STORE_LOOK_MS);
  });
});

test("what the cache has damaged is given to nobody, who would keep it again as sound", async () => {
  const { kept, ports, fetched, again } = setUp();
  const { columnBytes } = columnShape(BLOB.length, SHARDS);
  for (const [key, bytes] of [
    [segmentKey(keyed, 0), BLOB],
    [columnKey(keyed, 1), seededBytes(columnBytes, 1)],
  ] as const) {
    const sealed = await seal(bytes);
    sealed[5]! ^= 1;
    kept.set(key, sealed);
  }
  await bytesOf(again(false), WHOLE);
  expect(fetched).toEqual([0, 1, 2, 3]);
  expect(await columnsAgain(ports, job, { startIndex: 1, endIndex: 2 })).toBeNull();
});

test("columns come from the cache where it has all of them", async () => {
  const { kept, ports } = setUp();
  const { columnBytes } = columnShape(BLOB.length, SHARDS);
  const span = { startIndex: 1, endIndex: 3 };
  const columns = [1, 2].map((seed) => seededBytes(columnBytes, seed));
  for (const [offset, column] of columns.entries()) {
    expect(await columnsAgain(ports, job, span)).toBeNull();
    kept.set(columnKey(keyed, 1 + offset), await seal(column));
  }
  expect(await columnsAgain(ports, job, span)).toEqual(columns);
});

test("a segment knows how much of it was given to those who have left", async () => {
  const { again } = setUp();
  const fill = new SegmentFill(new WorkingMemory(64 * 1024 * 1024));
  const take = async (span: RowSpan) => {
    for await (const row of fill.rows(() => ok(again(false)), GEOMETRY, span)) valueOf(row);
    return fill.given;
  };
  expect(fill.given).toBe("nothing");
  expect(await take({ firstRow: 1, rowCount: 2 })).toBe("some");
  expect(await take(WHOLE)).toBe("all");
  expect(await take({ firstRow: 1, rowCount: 1 })).toBe("all");
});
