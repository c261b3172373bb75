/**
 * Many reads of one cold blob, or patch of a quilt, at once cost the storage nodes what two cost.
 *
 * A silent node gets a competitor, and that costs requests of its own, which are not what is counted
 * here: the readers are told to be patient, since a busy machine silences the nodes of its network.
 * What a busy isolate does to them is decided by a seed in `test/sim/shared-reads.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { quietCount } from "../support/quiet.ts";

const NEIGHBOUR_BYTES = 100_000;
let nextSeed = 1;
let network: Network;
let gateway: TestGateway;
/** Another gateway on the same network: what the first one has stored is cold to it. */
let reader: TestGateway;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "shared-reads" });
  gateway = await startTestGateway(network);
  reader = await startTestGateway(network, { vars: { aggregator: { NODE_PATIENCE_MS: "60000" } } });
});
afterAll(async () => {
  await reader?.close();
  await gateway?.close();
  await network?.close();
});

interface Stored {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

async function stored(byteCount: number, seed: number): Promise<Stored> {
  const content = seededBytes(byteCount, seed);
  const init = { method: "PUT", body: content };
  const response = await gateway.publisher("/v1/blobs?epochs=2", init);
  const { blobId } = await storedBlob(response);
  return { path: `/v1/blobs/${blobId}`, content };
}

/** The one patch of a quilt. */
async function storedPatch(byteCount: number, seed: number): Promise<Stored> {
  const content = seededBytes(byteCount, seed);
  const body = new FormData();
  body.set("patch", new Blob([content]));
  // A larger neighbour, or the columns would be of a few bytes each.
  body.set("neighbour", new Blob([seededBytes(NEIGHBOUR_BYTES, seed + 1_000)]));
  const response = await gateway.publisher("/v1/quilts?epochs=2", { method: "PUT", body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const { storedQuiltBlobs } = JSON.parse(text) as {
    storedQuiltBlobs: readonly { identifier: string; quiltPatchId: string }[];
  };
  const patch = storedQuiltBlobs.find(({ identifier }) => identifier === "patch");
  return { path: `/v1/blobs/by-quilt-patch-id/${patch?.quiltPatchId}`, content };
}

/** Requests the nodes get while `read` runs. */
async function requestsOf(read: () => Promise<void>): Promise<number> {
  const count = async () => {
    const { nodes } = await network.admin.state();
    return nodes.reduce((total, node) => total + node.requests, 0);
  };
  // What was stored just now still goes to the nodes behind its answer.
  const before = await quietCount(count);
  await read();
  return (await count()) - before;
}

async function expectRead({ path, content }: Stored): Promise<void> {
  const response = await reader.aggregator(path);
  expect(response.status).toBe(200);
  expectSameBytes(await bodyBytes(response), content);
}

describe.each([
  { what: "a few rows", store: stored, byteCount: 500, readers: 100 },
  { what: "one segment through lanes", store: stored, byteCount: 200_000, readers: 50 },
  { what: "several segments", store: stored, byteCount: 5_000_000, readers: 8 },
  { what: "a patch in several columns", store: storedPatch, byteCount: 8_000, readers: 30 },
])("$what: $byteCount bytes", ({ store, byteCount, readers }) => {
  let one = 0;

  beforeAll(async () => {
    const blob = await store(byteCount, nextSeed++);
    one = await requestsOf(() => expectRead(blob));
  });

  test(`${readers} readers at once`, async () => {
    expect(one).toBeGreaterThan(1);
    const blob = await store(byteCount, nextSeed++);
    const all = await requestsOf(async () => {
      await Promise.all(Array.from({ length: readers }, () => expectRead(blob)));
    });
    expect(all).toBeLessThanOrEqual(2 * one);
  });

  test("the first of them leaves, and the others lose nothing", async () => {
    const blob = await store(byteCount, nextSeed++);
    const all = await requestsOf(async () => {
      const leaver = new AbortController();
      const first = reader.aggregator(blob.path, { signal: leaver.signal });
      first.catch(() => undefined);
      const others = Array.from({ length: readers - 1 }, () => expectRead(blob));
      leaver.abort();
      await Promise.all(others);
    });
    expect(all).toBeLessThanOrEqual(2 * one);
  });
});
