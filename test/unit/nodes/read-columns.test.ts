/** Columns from nodes that are down, silent, lying: the right bytes or a failure. */
import { describe, expect, test } from "vitest";
import { ISOLATE_WORKING_SET_BYTES } from "../../../shared/limits.ts";
import { columnShape, openColumns } from "../../../shared/nodes/read-columns.ts";
import type { ReadPorts } from "../../../shared/nodes/read-metadata.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createFakeNodes, type FakeFault } from "../../support/fake-nodes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
const BLOB = seededBytes(4_000, 3);

function setUp(fault: FakeFault | null, members: readonly number[]) {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer);
  const ports: ReadPorts = {
    client: nodes.client,
    codec,
    timer,
    random: seededRandom(1),
    workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
  };
  nodes.store(BLOB);
  const encoded = codec.encode(BLOB, 10);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  nodes.setFault(members, fault);
  const reader = openColumns(ports, [nodes.committee], encoded.value.metadata);
  const read = (index: number) => reader.column(index, new AbortController().signal);
  return {
    nodes,
    read,
    expected: (index: number) => encoded.value.sliver("secondary", index).data,
  };
}

describe("a column", () => {
  test("comes from the owner of its shard in one request", async () => {
    const { nodes, read, expected } = setUp(null, []);
    expect(await read(3)).toEqual({ ok: true, value: expected(3) });
    expect(nodes.requests).toHaveLength(1);
    expect(nodes.requests[0]).toMatch(/\/slivers\/6\/secondary$/);
  });

  test.each(["down", "silent", "corrupt", "wrong-index", "truncate", "not-found"] as const)(
    "is right while f nodes are %s, whichever column it is",
    async (fault) => {
      const { read, expected } = setUp(fault, [0, 1, 2]);
      for (let index = 0; index < columnShape(BLOB.length, 10).columnCount; index++) {
        expect(await read(index)).toEqual({ ok: true, value: expected(index) });
      }
    },
  );

  test("is unavailable when too few nodes are left", async () => {
    const { read } = setUp("down", [0, 1, 2, 3, 4, 5, 6]);
    const results = await Promise.all(Array.from({ length: 7 }, (_, index) => read(index)));
    expect(results.filter((result) => !result.ok).map((result) => result)).toContainEqual({
      ok: false,
      failure: expect.objectContaining({ kind: "column-unavailable", required: 4, verified: 3 }),
    });
  });

  test("past the source columns is a bug of the caller", async () => {
    const { read } = setUp(null, []);
    await expect(read(7)).rejects.toThrow(RangeError);
  });
});
