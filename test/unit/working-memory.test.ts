/** The permit of working memory, and that what is asked for covers what the codec takes. */
import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Codec,
  createCodec,
  decodingWorkingBytes,
  encodingWorkingBytes,
  metadataWorkingBytes,
} from "../../shared/codec/index.ts";
import {
  IN_MEMORY_BLOB_BYTES_MAX,
  IN_MEMORY_METADATA_BLOB_BYTES_MAX,
  ISOLATE_WORKING_SET_BYTES,
} from "../../shared/limits.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import { compileKernel } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { valueOf } from "../support/results.ts";

describe("working memory", () => {
  test("is handed out first come, first served, within its bytes", async () => {
    const memory = new WorkingMemory(10);
    const order: string[] = [];
    const first = await memory.acquire(8);
    const second = memory.acquire(5).then((release) => (order.push("second"), release));
    const third = memory.acquire(6).then((release) => (order.push("third"), release));
    await Promise.resolve();
    expect(order).toEqual([]);
    expect(memory.waitingCount).toBe(2);
    first();
    first();
    expect(memory.waitingCount).toBe(1);
    (await second)();
    (await third)();
    expect(order).toEqual(["second", "third"]);
    expect(memory.bytesTaken).toBe(0);
  });

  test("lets who is small go before a large one that waits, and keeps that one's room", async () => {
    const memory = new WorkingMemory(10);
    const large = await memory.acquire(6);
    const nextLarge = memory.acquire(6);
    const small = await memory.acquire(3);
    const other = await memory.acquire(1);
    // There is no room beside the one that waits, though there will be some before it is granted.
    const late = memory.acquire(1);
    expect([memory.bytesTaken, memory.waitingCount]).toEqual([10, 2]);
    small();
    (await late)();
    expect([memory.bytesTaken, memory.waitingCount]).toEqual([7, 1]);
    large();
    (await nextLarge)();
    other();
    expect([memory.bytesTaken, memory.waitingCount]).toEqual([0, 0]);
  });

  test("tells what is to spare: nothing while somebody waits", async () => {
    const memory = new WorkingMemory(10);
    const giveBack = await memory.acquire(4);
    expect([memory.hasSpare(6), memory.hasSpare(7)]).toEqual([true, false]);
    const waiting = memory.acquire(8);
    expect(memory.hasSpare(0)).toBe(false);
    giveBack();
    (await waiting)();
    expect(memory.hasSpare(10)).toBe(true);
  });

  test("takes the whole at once, and refuses more than there is", async () => {
    const memory = new WorkingMemory(10);
    (await memory.acquire(10))();
    for (const byteCount of [11, -1, Number.NaN]) {
      await expect(memory.acquire(byteCount)).rejects.toThrow(RangeError);
    }
  });

  test("is given back when the work fails", async () => {
    const memory = new WorkingMemory(10);
    const failing = memory.with(10, () => {
      throw new Error("bad work");
    });
    const waiting = memory.with(10, async () => memory.bytesTaken);
    await expect(failing).rejects.toThrow("bad work");
    expect(await waiting).toBe(10);
    expect(memory.bytesTaken).toBe(0);
  });

  test("is not taken by who gave up waiting, and those behind move up", async () => {
    const memory = new WorkingMemory(10);
    const holder = await memory.acquire(6);
    const giveUp = new AbortController();
    const first = memory.acquire(8, giveUp.signal);
    const second = memory.acquire(4);
    const reason = new Error("gone");
    giveUp.abort(reason);
    await expect(first).rejects.toBe(reason);
    (await second)();
    holder();
    expect(memory.bytesTaken).toBe(0);
    await expect(memory.acquire(1, giveUp.signal)).rejects.toBe(reason);
    expect(memory.bytesTaken).toBe(0);
  });

  test("never exceeds its bytes and ends empty, whatever the order of events", async () => {
    const requests = fc.array(
      fc.record({
        byteCount: fc.integer({ min: 0, max: 10 }),
        turns: fc.nat(5),
        aborts: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(requests, async (works) => {
        const memory = new WorkingMemory(10);
        const started: number[] = [];
        const running = new Map<number, number>();
        await Promise.allSettled(
          works.map(async ({ byteCount, turns, aborts }, index) => {
            const giveUp = new AbortController();
            const work = memory.with(
              byteCount,
              async () => {
                started.push(index);
                running.set(index, byteCount);
                const taken = [...running.values()].reduce((sum, bytes) => sum + bytes, 0);
                expect(taken).toBeLessThanOrEqual(memory.bytesTaken);
                expect(memory.bytesTaken).toBeLessThanOrEqual(10);
                for (let turn = 0; turn < turns; turn++) await Promise.resolve();
                running.delete(index);
              },
              giveUp.signal,
            );
            if (aborts) giveUp.abort();
            await work;
          }),
        );
        // Whoever did not give up has had its turn, whoever else came meanwhile.
        expect(new Set(started).size).toBe(started.length);
        const stayed = works.flatMap(({ aborts }, index) => (aborts ? [] : [index]));
        expect(started).toEqual(expect.arrayContaining(stayed));
        expect(memory.bytesTaken).toBe(0);
        expect(memory.waitingCount).toBe(0);
      }),
    );
  });
});

describe("what the codec asks for", () => {
  let codec: Codec;
  let kernels: WebAssembly.Memory[] = [];
  const takenBytes = () => kernels.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

  beforeAll(async () => {
    codec = createCodec(await compileKernel());
  });

  beforeEach(async () => {
    codec = createCodec(await compileKernel());
    kernels = [];
    const { Memory } = WebAssembly;
    vi.stubGlobal("WebAssembly", {
      Instance: WebAssembly.Instance,
      Memory: class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          super(descriptor);
          kernels.push(this);
        }
      },
    });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each([0, 1, 300_000, 1_000_000, 9_000_000, IN_MEMORY_BLOB_BYTES_MAX])(
    "covers encoding and decoding %i bytes at 1,000 shards",
    (byteCount) => {
      const blob = seededBytes(byteCount, 5);
      const encoded = valueOf(codec.encode(blob, 1000));
      const asked = encodingWorkingBytes(byteCount);
      expect(takenBytes()).toBeLessThanOrEqual(asked);
      const indices = Array.from({ length: 334 }, (_, index) => index + 7);
      const primaries = [...encoded.slivers(indices)].map((pair) => pair.primary);
      expect(takenBytes()).toBeLessThanOrEqual(asked);
      encoded.release();
      kernels = [];
      const decoded = valueOf(codec.decode(primaries, encoded.metadata));
      const slivers = primaries.reduce((sum, { data }) => sum + data.length, 0);
      const held = takenBytes() + slivers + decoded.length;
      expect(held).toBeLessThanOrEqual(decodingWorkingBytes(byteCount));
    },
  );

  test.each([0, 1, 300_000, 9_000_000, 13_000_000, 20_000_000])(
    "covers the metadata of %i bytes at 1,000 shards",
    (byteCount) => {
      valueOf(codec.metadata(seededBytes(byteCount, 6), 1000));
      expect(takenBytes()).toBeLessThanOrEqual(metadataWorkingBytes(byteCount));
    },
  );

  test("fits the isolate for the largest blob in memory", () => {
    const most = metadataWorkingBytes(IN_MEMORY_METADATA_BLOB_BYTES_MAX);
    expect(most).toBeLessThanOrEqual(ISOLATE_WORKING_SET_BYTES);
    for (const need of [encodingWorkingBytes, decodingWorkingBytes]) {
      expect(need(IN_MEMORY_BLOB_BYTES_MAX)).toBeLessThanOrEqual(ISOLATE_WORKING_SET_BYTES);
    }
  });
});

describe("an object that may be killed", () => {
  test("has what its earlier life held or waited for given back, whoever waits behind it", async () => {
    const memory = new WorkingMemory(10);
    const [first, second, third] = [{}, {}, {}];
    await memory.acquireAs({ name: "a", life: first }, 8);
    void memory.acquireAs({ name: "b", life: first }, 9);
    const behind = memory.acquire(2);
    expect([memory.bytesTaken, memory.waitingCount]).toEqual([8, 2]);
    // Both are killed; their next lives come in the other order.
    const again = memory.acquireAs({ name: "b", life: second }, 8);
    (await behind)();
    await memory.acquireAs({ name: "a", life: third }, 1);
    (await again)();
    expect([memory.bytesTaken, memory.waitingCount]).toEqual([1, 0]);
  });

  test("may hold several of one life, and gives each back once", async () => {
    const memory = new WorkingMemory(10);
    const holder = { name: "a", life: {} };
    const one = await memory.acquireAs(holder, 3);
    const two = await memory.acquireAs(holder, 3);
    one();
    one();
    expect(memory.bytesTaken).toBe(3);
    two();
    expect(memory.bytesTaken).toBe(0);
  });
});
