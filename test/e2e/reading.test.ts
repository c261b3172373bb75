/** Reads on a real network: who proves a lease, and what an epoch change does to a read. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, problemOf } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient } from "../support/sdk.ts";

let network: Network;
let gateway: TestGateway;

beforeAll(async () => {
  // Nodes know of a certificate at once: what one says of a lease is asked right after the store.
  network = await startNetwork({ shardCount: 40, seed: "reading", eventLagMs: 0 });
  gateway = await startTestGateway(network);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

async function written(content: Uint8Array, deletable: boolean) {
  // A client keeps the committee it has read: each write looks anew.
  const { signer, walrus } = await officialClient(network.description);
  const { blobId, blobObject } = await walrus.writeBlob({
    blob: content,
    deletable,
    epochs: 3,
    signer,
  });
  return { path: `/v1/blobs/${blobId}`, endEpoch: blobObject.storage.end_epoch };
}

async function expectContent(path: string, content: Uint8Array): Promise<Response> {
  const response = await gateway.aggregator(path);
  expect(response.status, await response.clone().text()).toBe(200);
  expectSameBytes(await bodyBytes(response.clone()), content);
  return response;
}

describe("the lease of a blob that another gateway stored", () => {
  test("is proven by the event that one storage node points to", async () => {
    const content = seededBytes(5_000, 1);
    const { path, endEpoch } = await written(content, false);
    const head = await gateway.aggregator(path, { method: "HEAD" });
    expect(head.headers.get("x-walrus-end-epoch")).toBe(String(endEpoch));
    expect(head.headers.get("cache-control")).toContain("immutable");
    const status = await gateway.aggregator(path.replace("/v1/", "/edge/v1/") + "/status");
    expect(await status.json()).toMatchObject({
      standing: { certified: true, endEpoch, source: "certified-event" },
    });
    await expectContent(path, content);
  });

  test("is unproven where it can be taken back, and the content is served all the same", async () => {
    const content = seededBytes(5_000, 2);
    const { path } = await written(content, true);
    const head = await gateway.aggregator(path, { method: "HEAD" });
    expect(head.headers.get("x-walrus-end-epoch")).toBeNull();
    await expectContent(path, content);
  });

  test("delays no byte: with the chain and the statuses silent the content comes", async () => {
    const content = seededBytes(5_000, 3);
    const { path } = await written(content, false);
    await expectContent((await written(seededBytes(10, 4), true)).path, seededBytes(10, 4));
    await network.admin.setRpcFault({ fault: "slow", ms: 60_000 });
    const response = await expectContent(path, content);
    expect(response.headers.get("x-walrus-end-epoch")).toBeNull();
    await network.admin.setRpcFault({ fault: null });
  });
});

describe("while the epoch is changing", () => {
  test("blobs of before and of now are read, and what nobody has is 404", async () => {
    const [before, now] = [seededBytes(30_000, 5), seededBytes(30_000, 6)];
    const old = await written(before, false);
    await network.admin.changeEpoch({ phase: "start", moveShards: 0.2 });
    await expectContent(old.path, before);
    const fresh = await written(now, false);
    await expectContent(fresh.path, now);
    const unknown = await gateway.aggregator(`/v1/blobs/${"A".repeat(43)}`);
    expect(await problemOf(unknown)).toMatchObject({ status: 404, reason: "BLOB_NOT_FOUND" });
    await network.admin.changeEpoch({ phase: "finish" });
    const late = await written(seededBytes(30_000, 7), false);
    await expectContent(late.path, seededBytes(30_000, 7));
  });
});
