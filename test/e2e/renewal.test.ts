/** Leases the gateway knows are extended before they end: once, however often the cron runs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, moveCalls, storedBlob, type StoredBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "renewal" });
  gateway = await startTestGateway(network);
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

async function storeFor(epochs: number, content: Uint8Array<ArrayBuffer>): Promise<StoredBlob> {
  const path = `/v1/blobs?epochs=${epochs}`;
  return storedBlob(await gateway.publisher(path, { method: "PUT", body: content }));
}

async function endEpochOnChain(objectId: string): Promise<number> {
  official.walrus.reset();
  const blob = await official.walrus.getBlobObject(objectId);
  return blob.storage.end_epoch;
}

const extendCalls = () => moveCalls(network.description.rpc, "extend_blob");

test("only leases ending within the margin are extended, and only once", async () => {
  const short = await storeFor(1, seededBytes(5_000, 1));
  const long = await storeFor(20, seededBytes(5_000, 2));

  await gateway.cron();
  const extendedTo = await endEpochOnChain(short.id);
  expect(extendedTo).toBeGreaterThan(short.storage.endEpoch);
  expect(await endEpochOnChain(long.id)).toBe(long.storage.endEpoch);
  expect(await extendCalls()).toBe(1);

  await gateway.cron();
  await Promise.all([gateway.cron(), gateway.cron()]);
  expect(await endEpochOnChain(short.id)).toBe(extendedTo);
  expect(await extendCalls()).toBe(1);
});

test("several leases near their end are extended by one transaction", async () => {
  const blobs = [];
  for (const seed of [11, 12, 13]) blobs.push(await storeFor(1, seededBytes(500, seed)));
  const callsBefore = await extendCalls();

  await gateway.cron();

  expect(await extendCalls()).toBe(callsBefore + blobs.length);
  const report = JSON.parse(await (await gateway.renewal("/edge/v1/renewals/last")).text()) as {
    extended: { blobObjectId: string }[];
    txDigests: string[];
  };
  expect(report.extended.map(({ blobObjectId }) => blobObjectId).sort()).toEqual(
    blobs.map(({ id }) => id).sort(),
  );
  expect(report.txDigests).toHaveLength(1);
});

test("a renewed blob outlives its first lease", async () => {
  const content = seededBytes(5_000, 9);
  const { blobId } = await storeFor(1, content);
  await gateway.cron();
  const change = await fetch(`${network.description.rpc}/admin/epoch`, { method: "POST" });
  expect(change.status).toBe(200);
  expectSameBytes(await official.walrus.readBlob({ blobId }), content);
});
