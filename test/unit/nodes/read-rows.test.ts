/** Reads against nodes that are down, silent, lying: right bytes or a failure in bounded time. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import {
  ISOLATE_WORKING_SET_BYTES,
  READ_METADATA_DEADLINE_MS,
  READ_REBUILD_DEADLINE_MS,
  READ_ROW_TIMEOUT_MS,
} from "../../../shared/limits.ts";
import type { ReadFailure } from "../../../shared/nodes/read-failure.ts";
import { readMetadata, type ReadPorts } from "../../../shared/nodes/read-metadata.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import { createNodeHealth } from "../../../shared/nodes/node-health.ts";
import { createReading } from "../../../shared/nodes/read-sliver.ts";
import { recoverRow } from "../../../shared/nodes/read-rebuild.ts";
import { blobGeometry } from "../../../shared/nodes/read-geometry.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import type { Committees } from "../../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import {
  createFakeNodes,
  FAKE_FAULTS,
  type FakeFault,
  type FakeNodes,
} from "../../support/fake-nodes.ts";
import { tampered, withLength, withOtherHash } from "../../support/inconsistent.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
/** n = 10: f = 3, P = 4, S = 7; one shard for each of ten nodes. */
const FAULTY = [0, 1, 2];
const FAULTS = FAKE_FAULTS.filter((fault) => fault !== "blocked");

function setUp(seed = 1) {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer);
  const ports: ReadPorts = {
    client: nodes.client,
    codec,
    timer,
    random: seededRandom(seed),
    workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
  };
  return { nodes, ports, timer };
}

async function readAll(
  ports: ReadPorts,
  nodes: FakeNodes,
  blobId: Uint8Array,
): Promise<Result<Uint8Array, ReadFailure>> {
  const metadata = await readMetadata(ports, [nodes.committee], blobId);
  if (!metadata.ok) return metadata;
  const reader = openRows(ports, [nodes.committee], metadata.value);
  if (!reader.ok) return reader;
  const parts: Uint8Array[] = [];
  const rowCount = reader.value.geometry.contentRowCount;
  for await (const row of reader.value.rows({ firstRow: 0, rowCount })) {
    if (!row.ok) return err(row.failure);
    parts.push(row.value);
  }
  return ok(concatBytes(...parts));
}

describe("a healthy network", () => {
  test.each([0, 1, 27, 28, 29, 56, 1_000, 50_000])("gives back %i bytes", async (byteCount) => {
    const { nodes, ports } = setUp();
    const blob = seededBytes(byteCount, byteCount);
    const blobId = nodes.store(blob);
    expect(await readAll(ports, nodes, blobId)).toEqual(ok(blob));
  });

  test("is asked for metadata once and for each row that holds content once", async () => {
    const { nodes, ports } = setUp();
    // Rows of 7 symbols of 2 bytes: 20 bytes lie in two of the four rows.
    const blobId = nodes.store(seededBytes(20, 3));
    await readAll(ports, nodes, blobId);
    expect(nodes.requests.filter((path) => path.endsWith("/metadata"))).toHaveLength(1);
    const slivers = nodes.requests.filter((path) => path.includes("/slivers/"));
    expect(slivers).toHaveLength(2);
    expect(new Set(slivers.map((path) => path.split("/slivers/")[1]))).toEqual(
      new Set(["0/primary", "1/primary"]),
    );
  });

  test("never sees more than six requests at once", async () => {
    const { nodes, ports } = setUp();
    nodes.setFault(FAULTY, "down");
    const blobId = nodes.store(seededBytes(9_000, 4));
    await readAll(ports, nodes, blobId);
    expect(nodes.inFlightMax()).toBeLessThanOrEqual(6);
  });

  test("is asked only for the rows of a span", async () => {
    const { nodes, ports } = setUp();
    const blob = seededBytes(10_000, 5);
    const blobId = nodes.store(blob);
    const metadata = await readMetadata(ports, [nodes.committee], blobId);
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    const reader = openRows(ports, [nodes.committee], metadata.value);
    if (!reader.ok) throw new Error(reader.failure.kind);
    nodes.requests.length = 0;
    const { rowBytes } = reader.value.geometry;
    for await (const row of reader.value.rows({ firstRow: 2, rowCount: 1 })) {
      expect(row).toEqual(ok(blob.slice(2 * rowBytes, 3 * rowBytes)));
    }
    expect(nodes.requests.map((path) => path.split("/slivers/")[1])).toEqual(["2/primary"]);
  });
});

describe("while shards are moving", () => {
  /** As the network's committee, but every shard belongs to the next node. */
  function moved({ committee }: FakeNodes): Committee {
    const shift = (index: number) => committee.members.at(index - 1)?.shardIndices ?? [];
    const members = committee.members.map((member, index) => ({
      ...member,
      shardIndices: shift(index),
    }));
    return { ...committee, members };
  }

  test.each(["old", "new"])("a row is asked of whom has it: the %s owner", async (where) => {
    const { nodes, ports } = setUp();
    const blob = seededBytes(300, 6);
    const blobId = nodes.store(blob);
    const committees: Committees =
      where === "old" ? [nodes.committee, moved(nodes)] : [moved(nodes), nodes.committee];
    const metadata = await readMetadata(ports, committees, blobId);
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    const reader = openRows(ports, committees, metadata.value);
    if (!reader.ok) throw new Error(reader.failure.kind);
    nodes.requests.length = 0;
    const { contentRowCount } = reader.value.geometry;
    const parts: Uint8Array[] = [];
    for await (const row of reader.value.rows({ firstRow: 0, rowCount: contentRowCount })) {
      if (row.ok) parts.push(row.value);
    }
    expect(concatBytes(...parts)).toEqual(blob);
    // Nobody is asked for a status, and the second owner only after the first has missed.
    expect(nodes.requests.every((path) => path.includes("/slivers/"))).toBe(true);
    expect(nodes.requests).toHaveLength(where === "old" ? contentRowCount : 2 * contentRowCount);
  });

  test("a blob that neither committee knows does not exist", async () => {
    const { nodes, ports } = setUp();
    const committees: Committees = [moved(nodes), nodes.committee];
    const missing = await readMetadata(ports, committees, new Uint8Array(32));
    expect(missing).toMatchObject({ ok: false, failure: { kind: "blob-not-found" } });
  });
});

describe.each(FAULTS)("nodes that are %s", (fault) => {
  test.each([1, 20, 300, 20_000])(
    "up to f of them: %i bytes come back right",
    async (byteCount) => {
      for (const first of [0, 3, 7]) {
        const { nodes, ports } = setUp(first);
        const blob = seededBytes(byteCount, first + 1);
        const blobId = nodes.store(blob);
        nodes.setFault(
          FAULTY.map((index) => (index + first) % 10),
          fault,
        );
        expect(await readAll(ports, nodes, blobId)).toEqual(ok(blob));
      }
    },
  );

  test("2f + 1 of them: a typed failure within the deadlines, never wrong bytes", async () => {
    const { nodes, ports, timer } = setUp();
    const blob = seededBytes(5_000, 9);
    const blobId = nodes.store(blob);
    nodes.setFault([0, 1, 2, 3, 4, 5, 6], fault);
    const read = await readAll(ports, nodes, blobId);
    // Their symbols carry their own index and proof: a row is recovered from them.
    if (fault === "wrong-index") {
      expect(read).toEqual(ok(blob));
      return;
    }
    expect(read.ok).toBe(false);
    const kind = read.ok ? "" : read.failure.kind;
    expect(["slivers-unavailable", "blob-not-found"]).toContain(kind);
    expect(kind === "blob-not-found").toBe(fault === "not-found");
    expect(timer.nowMs()).toBeLessThanOrEqual(
      READ_METADATA_DEADLINE_MS + READ_ROW_TIMEOUT_MS + READ_REBUILD_DEADLINE_MS + 1_000,
    );
  });
});

describe("metadata", () => {
  test("that does not hash to the blob's ID makes its node a suspect, as silence does", async () => {
    const { nodes, ports } = setUp();
    const blobId = nodes.store(seededBytes(300, 2));
    nodes.setFault(FAULTY, "corrupt");
    const health = createNodeHealth({ suspects: new Map(), usualMs: 0 }, { nowMs: () => 0 });
    for (let seed = 1; seed <= 20; seed++) {
      const read = await readMetadata(
        { ...ports, health, random: seededRandom(seed) },
        [nodes.committee],
        blobId,
      );
      expect(read.ok).toBe(true);
    }
    const suspects = nodes.committee.members.map(({ nodeId }) => health.isSuspect(nodeId));
    expect(suspects.slice(0, 3)).toContain(true);
    expect(suspects.slice(3)).not.toContain(true);
  });

  test("an unknown blob is not found once a quorum says so", async () => {
    const { nodes, ports } = setUp();
    nodes.setFault(FAULTY, "silent");
    expect(await readAll(ports, nodes, new Uint8Array(32).fill(7))).toEqual(
      err({ kind: "blob-not-found" }),
    );
  });

  test("a blob that a quorum blocks is blocked", async () => {
    const { nodes, ports } = setUp();
    const blobId = nodes.store(seededBytes(10, 1));
    nodes.setFault([0, 1, 2, 3, 4, 5, 6], "blocked");
    nodes.setFault([7, 8, 9], "down");
    expect(await readAll(ports, nodes, blobId)).toEqual(err({ kind: "blob-blocked" }));
  });

  test("without a quorum for either, an unknown blob is unavailable, not absent", async () => {
    const { nodes, ports } = setUp();
    nodes.setFault([0, 1, 2, 3], "down");
    const read = await readAll(ports, nodes, new Uint8Array(32).fill(7));
    expect(read).toMatchObject({
      ok: false,
      failure: { kind: "metadata-unavailable", notFoundWeight: 6 },
    });
  });

  test("one honest node is enough", async () => {
    const { nodes, ports } = setUp();
    const blobId = nodes.store(seededBytes(10, 1));
    nodes.setFault([0, 1, 2, 3, 4], "corrupt");
    nodes.setFault([5, 6, 7, 8], "refuse");
    expect(await readMetadata(ports, [nodes.committee], blobId)).toMatchObject({ ok: true });
  });

  test("silent nodes everywhere end in bounded time", async () => {
    const { nodes, ports, timer } = setUp();
    const blobId = nodes.store(seededBytes(10, 1));
    nodes.setFault([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "silent");
    expect(await readAll(ports, nodes, blobId)).toMatchObject({
      ok: false,
      failure: { kind: "metadata-unavailable" },
    });
    expect(timer.nowMs()).toBeLessThanOrEqual(READ_METADATA_DEADLINE_MS);
  });
});

describe("a writer's inconsistent encoding", () => {
  test("padding rows that are not zero are refused before anything is read", async () => {
    const { nodes, ports } = setUp();
    const encoded = tampered(codec, seededBytes(20, 1), 10, withOtherHash(3 * 64));
    const blobId = nodes.storeEncoded(encoded);
    expect(await readAll(ports, nodes, blobId)).toEqual(
      err({ kind: "blob-inconsistent", what: "padding", rowIndex: 3 }),
    );
  });

  test("bytes after the blob's end in its last row are refused", async () => {
    const { nodes, ports } = setUp();
    const encoded = tampered(codec, seededBytes(20, 1), 10, withLength(17));
    const blobId = nodes.storeEncoded(encoded);
    expect(await readAll(ports, nodes, blobId)).toEqual(
      err({ kind: "blob-inconsistent", what: "padding", rowIndex: 1 }),
    );
  });

  test("a row that no node can have is refused once the others decode to something else", async () => {
    const { nodes, ports } = setUp();
    const encoded = tampered(codec, seededBytes(5_000, 1), 10, withOtherHash(2 * 64));
    const blobId = nodes.storeEncoded(encoded);
    expect(await readAll(ports, nodes, blobId)).toEqual(
      err({ kind: "blob-inconsistent", what: "row", rowIndex: 2 }),
    );
  });
});

describe("a row recovered from symbols", () => {
  async function recover(fault: FakeFault | null, members: readonly number[]) {
    const { nodes, ports } = setUp();
    const blob = seededBytes(2_000, 6);
    const blobId = nodes.store(blob);
    const metadata = await readMetadata(ports, [nodes.committee], blobId);
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    nodes.setFault(members, fault);
    const geometry = blobGeometry(blob.length, 10);
    const reading = createReading(ports, [nodes.committee], metadata.value, geometry);
    const row = await recoverRow(reading, 1);
    return { row, expected: blob.slice(geometry.rowBytes, 2 * geometry.rowBytes) };
  }

  test.each([null, "down", "corrupt", "truncate", "silent"] as const)(
    "is right while up to f nodes are %s",
    async (fault) => {
      const { row, expected } = await recover(fault, FAULTY);
      expect(row.ok && row.value.data).toEqual(expected);
    },
  );

  test("is right where the node that has the row offers cells of it the other way round", async () => {
    const timer = createVirtualTimer();
    const nodes = createFakeNodes(codec, timer, { shardCount: 40, memberCount: 2 });
    const { ports } = setUp();
    const blob = seededBytes(9_000, 8);
    const blobId = nodes.store(blob);
    const shared = { ...ports, client: nodes.client };
    const metadata = await readMetadata(shared, [nodes.committee], blobId);
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    const geometry = blobGeometry(blob.length, 40);
    for (let rowIndex = 0; rowIndex < geometry.contentRowCount; rowIndex++) {
      const reading = createReading(shared, [nodes.committee], metadata.value, geometry);
      const row = await recoverRow(reading, rowIndex);
      expect(row).toMatchObject({ ok: true, value: { sliverIndex: rowIndex } });
    }
  });

  test("is unavailable when one node more is corrupt", async () => {
    const { row } = await recover("corrupt", [0, 1, 2, 3]);
    expect(row).toMatchObject({ ok: false, failure: { kind: "slivers-unavailable", verified: 6 } });
  });
});
