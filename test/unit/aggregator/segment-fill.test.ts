/** Many callers of one segment: each row is fetched once, whoever comes and goes. */
import { describe, expect, test } from "vitest";
import type { BlobGeometry, RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { blobGeometry } from "../../../shared/nodes/read-geometry.ts";
import type { ReadFailure } from "../../../shared/nodes/read-failure.ts";
import { FILL_FRAME_BYTES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { rowsOf, sendRows } from "../../../workers/aggregator/fill/frames.ts";
import { SegmentFill } from "../../../workers/aggregator/fill/segment-fill.ts";

const GEOMETRY = blobGeometry(5_000, 10);
const MEMORY_BYTES = 64 * 1024 * 1024;
const FAILURE: ReadFailure = { kind: "blob-inconsistent", what: "row", rowIndex: 2 };

function setUp(options: { failsAt?: number; gate?: Promise<void> } = {}) {
  const memory = new WorkingMemory(MEMORY_BYTES);
  const fill = new SegmentFill(memory);
  const fetched: number[] = [];
  const signals: AbortSignal[] = [];
  async function* rows(span: RowSpan, signal?: AbortSignal) {
    if (signal !== undefined) signals.push(signal);
    for (let index = span.firstRow; index < span.firstRow + span.rowCount; index++) {
      await options.gate;
      if (signal?.aborted === true) return;
      fetched.push(index);
      yield index === options.failsAt ? err(FAILURE) : ok(Uint8Array.of(index));
      if (index === options.failsAt) return;
    }
  }
  const read = (span: RowSpan, geometry: BlobGeometry = GEOMETRY) =>
    fill.rows(() => ok({ geometry, rows }), geometry, span);
  return { fill, memory, fetched, signals, read };
}

/** Sends rows through a pipe as the platform's: a write ends when the reader has the bytes. */
function framesOf(rows: Parameters<typeof sendRows>[0]): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void sendRows(rows, writable);
  return readable;
}

async function all(rows: AsyncGenerator<Result<Uint8Array, unknown>>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const row of rows) read.push(row.ok ? row.value[0] : row.failure);
  return read;
}

describe("a segment", () => {
  test("is fetched once for all who want it at the same time", async () => {
    const { read, fetched, memory } = setUp();
    const callers = Array.from({ length: 20 }, () => all(read({ firstRow: 0, rowCount: 4 })));
    expect(await Promise.all(callers)).toEqual(callers.map(() => [0, 1, 2, 3]));
    expect(fetched).toEqual([0, 1, 2, 3]);
    expect(memory.bytesTaken).toBe(0);
  });

  test("is fetched only as far as somebody wants it", async () => {
    const { read, fetched } = setUp();
    const both = [all(read({ firstRow: 1, rowCount: 2 })), all(read({ firstRow: 2, rowCount: 2 }))];
    expect(await Promise.all(both)).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(fetched.toSorted((left, right) => left - right)).toEqual([1, 2, 3]);
  });

  test("goes on when the first caller leaves, and stops with the last", async () => {
    const gate = Promise.withResolvers<void>();
    const { read, fill, fetched, signals, memory } = setUp({ gate: gate.promise });
    const leaver = read({ firstRow: 0, rowCount: 4 });
    const left = leaver.next();
    const other = all(read({ firstRow: 0, rowCount: 4 }));
    while (fill.callerCount < 2) await new Promise(setImmediate);
    gate.resolve();
    await left;
    await leaver.return(undefined);
    expect(await other).toEqual([0, 1, 2, 3]);
    expect(fetched).toEqual([0, 1, 2, 3]);
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    expect(fill.callerCount).toBe(0);
    expect(memory.bytesTaken).toBe(0);
  });

  test("fails for all who wait for it, and is asked anew by who comes later", async () => {
    const { read, fetched } = setUp({ failsAt: 2 });
    const both = [all(read({ firstRow: 0, rowCount: 4 })), all(read({ firstRow: 0, rowCount: 4 }))];
    expect(await Promise.all(both)).toEqual([
      [0, 1, FAILURE],
      [0, 1, FAILURE],
    ]);
    expect(await all(read({ firstRow: 2, rowCount: 1 }))).toEqual([FAILURE]);
    expect(fetched).toEqual([0, 1, 2, 2]);
  });

  test("waits for memory, and takes none when its callers are gone", async () => {
    const { read, memory, fetched } = setUp();
    const giveBack = await memory.acquire(MEMORY_BYTES);
    const waiting = all(read({ firstRow: 0, rowCount: 2 }));
    while (memory.waitingCount === 0) await new Promise(setImmediate);
    expect(fetched).toEqual([]);
    giveBack();
    expect(await waiting).toEqual([0, 1]);
    expect(memory.bytesTaken).toBe(0);
  });
});

describe("rows on their way", () => {
  test("arrive as they left, a failure last", async () => {
    const { read } = setUp({ failsAt: 3 });
    const stream = framesOf(read({ firstRow: 0, rowCount: 4 }));
    expect(await all(rowsOf(stream))).toEqual([0, 1, 2, FAILURE]);
  });

  test("end for the sender when the receiver leaves", async () => {
    const { read, fill } = setUp();
    const received = rowsOf(framesOf(read({ firstRow: 0, rowCount: 4 })));
    await received.next();
    await received.return(undefined);
    while (fill.callerCount > 0) await new Promise(setImmediate);
    expect(fill.callerCount).toBe(0);
  });

  test("end for the sender when the receiver leaves before it has read anything", async () => {
    const { read, fill, memory } = setUp();
    const stream = framesOf(read({ firstRow: 0, rowCount: 4 }));
    expect(fill.callerCount).toBe(1);
    await stream.cancel();
    while (fill.callerCount > 0) await new Promise(setImmediate);
    expect(memory.bytesTaken).toBe(0);
  });

  test("are bounded: one at the bound arrives, one above it is refused by its header", async () => {
    async function* one(byteCount: number) {
      yield ok(new Uint8Array(byteCount).fill(7));
    }
    for await (const row of rowsOf(framesOf(one(FILL_FRAME_BYTES_MAX)))) {
      expect(row.ok && row.value.length).toBe(FILL_FRAME_BYTES_MAX);
    }
    const header = new Uint8Array(5);
    new DataView(header.buffer).setUint32(1, FILL_FRAME_BYTES_MAX + 1, true);
    const above = new Response(header).body ?? new ReadableStream();
    await expect(all(rowsOf(above))).rejects.toThrow(RangeError);
  });

  test("that break off are an error, not an end", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Uint8Array.of(0, 9, 0, 0, 0, 1));
        controller.close();
      },
    });
    await expect(all(rowsOf(stream))).rejects.toThrow("ended after 1 of 9");
  });
});
