/** A committee that the chain has replaced since: what its nodes do not give is asked of the new one. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { columnShape } from "../../../shared/nodes/read-columns.ts";
import type { NetworkView } from "../../../workers/aggregator/network-view.ts";
import { blobBytes } from "../../../workers/aggregator/blob-bytes.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { openQuilt } from "../../../workers/aggregator/quilt-columns.ts";
import { collect } from "../../../workers/aggregator/representation.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { readWorld } from "../../support/read-world.ts";

const codec = await loadCodec();
const { columnCount, columnBytes } = columnShape(1_000, 10);
/** Fills its matrix, as a quilt does. */
const BLOB = seededBytes(columnCount * columnBytes, 1);
const STOP = new AbortController().signal;

/** The blob, opened under a view whose nodes have since gone or (`isMoved` false) are simply down. */
async function setUp(isMoved: boolean) {
  const world = readWorld(codec);
  const blobId = world.nodes.store(BLOB);
  const now = await world.services.views.current();
  if (!now.ok) throw new Error(now.failure.kind);
  const opened = await openBlob(world.services, blobId);
  if (!opened.ok) throw new Error(opened.failure.kind);
  const { current } = now.value;
  const members = current.members.map((member, index) => ({
    ...member,
    // These know of no sliver.
    baseUrl: `http://gone-${index}.test`,
  }));
  const view: NetworkView = { ...now.value, current: { ...current, members } };
  const counts = { refreshes: 0 };
  const services = {
    ...world.services,
    views: {
      current: () => Promise.resolve({ ok: true, value: view } as const),
      refresh: () => {
        counts.refreshes++;
        return Promise.resolve({ ok: true, value: isMoved ? now.value : view } as const);
      },
    },
  };
  const blob = { ...opened.value, view, committees: [view.current] as const };
  return { services, blob, counts };
}

describe("rows", () => {
  const read = async ({ services, blob }: Awaited<ReturnType<typeof setUp>>) =>
    collect(blobBytes(services, blob, { start: 0, end: BLOB.length }, STOP));

  test("come from the new committee, which is looked up once", async () => {
    const world = await setUp(true);
    const parts = await read(world);
    expect(parts.ok && concatBytes(...parts.value)).toEqual(BLOB);
    expect(world.counts.refreshes).toBe(1);
  });

  test("are missed once where nothing has changed", async () => {
    const world = await setUp(false);
    expect((await read(world)).ok).toBe(false);
    expect(world.counts.refreshes).toBe(1);
  });
});

describe("columns", () => {
  const read = async ({ services, blob }: Awaited<ReturnType<typeof setUp>>) => {
    const quilt = openQuilt(services, blob);
    if (!quilt.ok) throw new Error(quilt.failure.kind);
    return quilt.value.read(0, 1, STOP);
  };

  test("come from the new committee", async () => {
    const world = await setUp(true);
    const columns = await read(world);
    expect(columns.ok && columns.value.columns[0]?.length).toBe(columnBytes);
    expect(world.counts.refreshes).toBe(1);
  });

  test("are missed once where nothing has changed, and hold no memory", async () => {
    const world = await setUp(false);
    expect((await read(world)).ok).toBe(false);
    expect(world.counts.refreshes).toBe(1);
    expect(world.services.workingMemory.bytesTaken).toBe(0);
  });
});
