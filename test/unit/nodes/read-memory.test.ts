/** Rebuilding a blob asks the isolate for memory: it waits its turn, and not for ever. */
import { describe, expect, test } from "vitest";
import { decodingWorkingBytes } from "../../../shared/codec/index.ts";
import { READ_MEMORY_WAIT_MS } from "../../../shared/limits.ts";
import type { ReadFailure } from "../../../shared/nodes/read-failure.ts";
import { readMetadata } from "../../../shared/nodes/read-metadata.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import type { Result } from "../../../shared/result.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createFakeNodes } from "../../support/fake-nodes.ts";
import { valueOf } from "../../support/results.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
const BLOB = seededBytes(300, 1);

/** A reader of the first row, whose owner is among the nodes that are down, and its permit. */
async function setUp() {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer);
  const memory = new WorkingMemory(decodingWorkingBytes(BLOB.length));
  const ports = {
    client: nodes.client,
    codec,
    timer,
    random: seededRandom(1),
    workingMemory: memory,
  };
  const blobId = nodes.store(BLOB);
  const metadata = valueOf(await readMetadata(ports, [nodes.committee], blobId));
  const reader = valueOf(openRows(ports, [nodes.committee], metadata));
  const rowCount = reader.geometry.contentRowCount;
  nodes.setFault([0, 1, 2], "down");
  async function read(signal?: AbortSignal): Promise<Result<Uint8Array, ReadFailure>[]> {
    const parts: Result<Uint8Array, ReadFailure>[] = [];
    const span = { firstRow: 0, rowCount };
    for await (const part of reader.rows(span, signal)) parts.push(part);
    return parts;
  }
  return { read, memory, timer, rowCount };
}

describe("a read that rebuilds", () => {
  test("waits for the memory, then takes it, then gives it back", async () => {
    const { read, memory, rowCount } = await setUp();
    const giveBack = await memory.acquire(1);
    const reading = read();
    while (memory.waitingCount === 0) await new Promise(setImmediate);
    giveBack();
    const parts = await reading;
    expect(parts.every((part) => part.ok)).toBe(true);
    expect(parts).toHaveLength(rowCount);
    expect(memory.bytesTaken).toBe(0);
  });

  test("does without, by symbols, when the memory does not come in time", async () => {
    const { read, memory, timer, rowCount } = await setUp();
    await memory.acquire(1);
    const parts = await read();
    expect(parts.every((part) => part.ok)).toBe(true);
    expect(parts).toHaveLength(rowCount);
    expect(timer.nowMs()).toBeGreaterThanOrEqual(READ_MEMORY_WAIT_MS);
    expect(memory.waitingCount).toBe(0);
    expect(memory.bytesTaken).toBe(1);
  });

  test("leaves the queue when its client leaves", async () => {
    const { read, memory, timer } = await setUp();
    await memory.acquire(1);
    const client = new AbortController();
    const reading = read(client.signal);
    while (memory.waitingCount === 0) await new Promise(setImmediate);
    client.abort();
    expect((await reading).at(-1)).toMatchObject({ ok: false });
    expect(memory.waitingCount).toBe(0);
    expect(timer.nowMs()).toBeLessThan(READ_MEMORY_WAIT_MS);
  });
});
