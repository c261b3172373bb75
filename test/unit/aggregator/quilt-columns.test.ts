/** Columns of a quilt reserve what they hold of the isolate's memory. */
import { describe, expect, test } from "vitest";
import { QUILT_VERSION_1 } from "../../../shared/codec/quilt/layout.ts";
import { PATCH_BYTES_MAX } from "../../../shared/limits.ts";
import { columnShape } from "../../../shared/nodes/read-columns.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { openQuilt, readIndex } from "../../../workers/aggregator/quilt-columns.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { readWorld } from "../../support/read-world.ts";

const codec = await loadCodec();
const { columnCount, columnBytes } = columnShape(1_000, 10);
const STOP = new AbortController().signal;

async function setUp() {
  const { services, nodes } = readWorld(codec);
  const opened = await openBlob(services, nodes.store(seededBytes(columnCount * columnBytes, 1)));
  if (!opened.ok) throw new Error(opened.failure.kind);
  const quilt = openQuilt(services, opened.value);
  if (!quilt.ok) throw new Error(quilt.failure.kind);
  return { services, nodes, blob: opened.value, quilt: quilt.value };
}

describe("columns that were read", () => {
  test("are reserved with what is taken out of them, until they are given back", async () => {
    const { services, quilt } = await setUp();
    const { workingMemory } = services;
    const read = await quilt.read(1, 3, STOP);
    if (!read.ok) throw new Error(read.failure.kind);
    expect(workingMemory.bytesTaken).toBe(2 * 2 * columnBytes);
    read.value.held.hasPassed();
    expect(workingMemory.bytesTaken).toBe(2 * columnBytes);
    read.value.held.release();
    expect(workingMemory.bytesTaken).toBe(0);
  });

  test("are refused when there is no memory for them in time, and no node is asked", async () => {
    const { services, nodes, quilt } = await setUp();
    await services.workingMemory.acquire(services.workingMemory.bytesMax);
    nodes.requests.length = 0;
    expect(await quilt.read(1, 3, STOP)).toEqual({ ok: false, failure: { kind: "overloaded" } });
    expect(nodes.requests).toEqual([]);
  });

  test("hold nothing after a failure, nor after an index that is none", async () => {
    const { services, nodes, quilt } = await setUp();
    expect((await readIndex(quilt, STOP)).ok).toBe(false);
    expect(services.workingMemory.bytesTaken).toBe(0);
    nodes.setFault([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "down");
    expect((await quilt.read(1, 3, STOP)).ok).toBe(false);
    expect(services.workingMemory.bytesTaken).toBe(0);
  });

  test("are not asked for beyond the blob's last one, whatever the head of an index claims", async () => {
    const { services, nodes } = readWorld(codec);
    const claiming = new Uint8Array(columnCount * columnBytes);
    const view = new DataView(claiming.buffer);
    view.setUint8(0, QUILT_VERSION_1);
    view.setUint32(1, columnCount * columnBytes, true);
    const opened = await openBlob(services, nodes.store(claiming));
    if (!opened.ok) throw new Error(opened.failure.kind);
    const quilt = openQuilt(services, opened.value);
    if (!quilt.ok) throw new Error(quilt.failure.kind);
    expect(await readIndex(quilt.value, STOP)).toEqual({
      ok: false,
      failure: { kind: "patch-not-found", what: "not-a-quilt" },
    });
    expect(services.workingMemory.bytesTaken).toBe(0);
  });

  test("are no more than a patch may be, whatever an index claims", async () => {
    const { services, blob, nodes } = await setUp();
    const shardCount = 1_000;
    const shape = columnShape(200_000_000, shardCount);
    const unencodedBytes = shape.columnCount * shape.columnBytes;
    const large = { ...blob, entry: { ...blob.entry, shardCount, unencodedBytes } };
    const quilt = openQuilt(services, large);
    if (!quilt.ok) throw new Error(quilt.failure.kind);
    nodes.requests.length = 0;
    const most = Math.floor(PATCH_BYTES_MAX / shape.columnBytes);
    expect(await quilt.value.read(0, most + 1, STOP)).toEqual({
      ok: false,
      failure: { kind: "patch-too-large", patchBytes: (most + 1) * shape.columnBytes },
    });
    expect(nodes.requests).toEqual([]);
  });
});
