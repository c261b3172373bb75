/**
 * Lying, slow and silent nodes: with faulty nodes of up to f shards stores and reads work; beyond
 * that a clear error comes in bounded time, and never a wrong byte.
 *
 * With 100 shards f = 33, P = 34 and a certificate needs 67. Twelve nodes hold 8 or 9 shards each:
 * three faulty nodes stay within f, four go beyond it, and reads fail when less than P is left.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, problemOf, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const FAULTY_SHARDS_MAX = 33;
const FAULTS = ["down", "slow", "corrupt", "refuse", "wrong-signature"] as const;
/** Longer than any time-out of ours: a slow node is one that does not answer in time. */
const SLOW_MS = 60_000;

let network: Network;
let gateway: TestGateway;
/** Another gateway on the same network: what the first one has stored is cold to it. */
let reader: TestGateway;
let contentSeed = 1;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "faults" });
  gateway = await startTestGateway(network);
  reader = await startTestGateway(network);
});
afterAll(async () => {
  await reader?.close();
  await gateway?.close();
  await network?.close();
});
beforeEach(() => setFaults(null, 0));

/** How many nodes, counted from the first, hold at most `shardCountMax` shards together. */
function nodesWithin(shardCountMax: number): number {
  let shards = 0;
  const { nodes } = network.description;
  const index = nodes.findIndex((node) => (shards += node.shards.length) > shardCountMax);
  return index === -1 ? nodes.length : index;
}

/** Gives the first `count` nodes `fault` and heals the others. */
async function setFaults(fault: string | null, count: number): Promise<void> {
  for (const index of network.description.nodes.keys()) {
    const response = await fetch(`${network.description.rpc}/admin/nodes/${index}`, {
      method: "POST",
      body: JSON.stringify(index < count ? { fault, ms: SLOW_MS } : { fault: null }),
    });
    expect(response.status, await response.text()).toBe(200);
  }
}

const freshContent = () => seededBytes(200_000, contentSeed++);

const store = (content: Uint8Array<ArrayBuffer>) =>
  gateway.publisher("/v1/blobs?epochs=2", { method: "PUT", body: content });

async function expectReadable(blobId: string, content: Uint8Array): Promise<void> {
  const response = await reader.aggregator(`/v1/blobs/${blobId}`);
  expect(response.status).toBe(200);
  expectSameBytes(await bodyBytes(response), content);
}

describe.each(FAULTS)("nodes of up to f shards: %s", (fault) => {
  test("a store succeeds and the blob reads back", async () => {
    const content = freshContent();
    await setFaults(fault, nodesWithin(FAULTY_SHARDS_MAX));
    const { blobId } = await storedBlob(await store(content));
    await expectReadable(blobId, content);
  });

  test("a blob stored before reads cold", async () => {
    const content = freshContent();
    const { blobId } = await storedBlob(await store(content));
    await setFaults(fault, nodesWithin(FAULTY_SHARDS_MAX));
    await expectReadable(blobId, content);
  });
});

describe("one node beyond f shards", () => {
  test.each([
    ["down", 504, "INSUFFICIENT_CONFIRMATIONS"],
    ["slow", 504, "INSUFFICIENT_CONFIRMATIONS"],
    // A corrupt node damages its signatures, too.
    ["corrupt", 504, "INSUFFICIENT_CONFIRMATIONS"],
    ["wrong-signature", 504, "INSUFFICIENT_CONFIRMATIONS"],
    // What the network's `refuse` says is that the blob is on the nodes' deny lists.
    ["refuse", 451, "FORBIDDEN_BLOB"],
  ] as const)("%s: a store is refused with %i %s", async (fault, status, reason) => {
    await setFaults(fault, nodesWithin(FAULTY_SHARDS_MAX) + 1);
    expect(await problemOf(await store(freshContent()))).toMatchObject({ status, reason });
  });
});

describe.each(["down", "slow", "corrupt", "refuse"] as const)(
  "fewer than P shards are left: %s",
  (fault) => {
    test("a read is a clear error or cut off, never wrong bytes", async () => {
      const content = freshContent();
      const { blobId } = await storedBlob(await store(content));
      await setFaults(fault, nodesWithin(2 * FAULTY_SHARDS_MAX) + 2);
      const response = await reader.aggregator(`/v1/blobs/${blobId}`);
      if (response.status === 200) {
        const body = await bodyBytes(response).catch(() => null);
        if (body === null) return;
        // A corrupt node damages one bit of an answer: the other symbols in it are proven one by
        // one, and may suffice.
        expect(fault).toBe("corrupt");
        expectSameBytes(body, content);
        return;
      }
      expect(await problemOf(response)).toMatchObject(
        fault === "refuse"
          ? { status: 451, reason: "FORBIDDEN_BLOB" }
          : { status: 503, reason: "BLOB_UNAVAILABLE" },
      );
    });
  },
);
