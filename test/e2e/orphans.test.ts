/**
 * Registrations whose upload failed: what the hourly sweep and the next store make of them, as the
 * ledger tells it.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { NodeFault } from "../devnet/storage-node/faults.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, moveCalls, problemOf, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

const BYTES = 20_000;
/** Beyond the margin within which the same cron renews leases. */
const EPOCHS = 10;

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "orphans" });
  gateway = await startTestGateway(network, {
    vars: { publisher: { ORPHAN_SWEEP_AFTER_SECONDS: "0" } },
  });
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});
afterEach(() => setFaults({ fault: null }));

interface Listed {
  readonly blobObjectId: string;
  readonly blobId: string;
  readonly owner: string;
  readonly state: string;
  readonly costFrost: string;
}

async function listed(): Promise<readonly Listed[]> {
  const response = await gateway.operator("/edge/v1/orphans");
  expect(response.status).toBe(200);
  const { orphans } = JSON.parse(await response.text()) as { orphans: Listed[] };
  return orphans;
}

async function setFaults(fault: NodeFault): Promise<void> {
  const { nodes } = network.description;
  await Promise.all(nodes.map((_, index) => network.admin.setNodeFault(index, fault)));
}

const put = (query: string, content: Uint8Array<ArrayBuffer>) =>
  gateway.publisher(`/v1/blobs?${query}`, { method: "PUT", body: content });

/** A store that registers, then fails at the nodes; the orphan it leaves. */
async function orphan(
  query: string,
  content: Uint8Array<ArrayBuffer>,
  fault: NodeFault,
): Promise<Listed> {
  const known = new Set((await listed()).map(({ blobObjectId }) => blobObjectId));
  const before = await ledger();
  await setFaults(fault);
  expect(await problemOf(await put(query, content))).toMatchObject({
    status: 504,
    reason: "INSUFFICIENT_CONFIRMATIONS",
  });
  await setFaults({ fault: null });
  const left = (await listed()).filter(({ blobObjectId }) => !known.has(blobObjectId));
  const [one] = left;
  if (one === undefined) throw new Error("the failed store has left no orphan");
  expect(left).toHaveLength(1);
  const after = await ledger();
  expect(after.registered - before.registered).toBe(1);
  expect(after.certified).toBe(before.certified);
  expect(before.frost - after.frost).toBe(BigInt(one.costFrost));
  return one;
}

/** What the ledger has counted so far, and the FROST the gateway's address holds. */
async function ledger() {
  const count = (name: string) => moveCalls(network.description.rpc, `::${name}`);
  const { balances } = await network.admin.state();
  const wal = Object.entries(balances).find(([type]) => type.endsWith("::wal::WAL"));
  if (wal === undefined) throw new Error(`no WAL in ${JSON.stringify(balances)}`);
  return {
    reserved: await count("reserve_space"),
    registered: await count("register_blob"),
    certified: await count("certify_blob"),
    deleted: await count("delete_blob"),
    burned: await count("burn"),
    frost: BigInt(wal[1]),
  };
}

async function objectOnChain(objectId: string) {
  official.walrus.reset();
  return official.walrus.getBlobObject(objectId);
}

const isOnChain = async (objectId: string) => {
  const { objects } = await official.sui.core.getObjects({ objectIds: [objectId] });
  return !(objects[0] instanceof Error);
};

test("a deletable one is deleted, and the next store has its storage", async () => {
  const query = `epochs=${EPOCHS}&deletable=true`;
  const left = await orphan(query, seededBytes(BYTES, 1), { fault: "down" });
  const before = await ledger();
  await gateway.cron();
  const swept = await ledger();
  expect(swept.deleted - before.deleted).toBe(1);
  expect(await isOnChain(left.blobObjectId)).toBe(false);
  expect(await listed()).toEqual([]);

  const stored = await put(`${query}&reuse_resources=true`, seededBytes(BYTES, 2));
  const { cost } = await storedBlob(stored);
  const after = await ledger();
  expect(after).toMatchObject({ reserved: swept.reserved, registered: swept.registered + 1 });
  const { writeCost } = await official.walrus.storageCost(BYTES, EPOCHS);
  expect(swept.frost - after.frost).toBe(writeCost);
  expect(BigInt(cost)).toBe(writeCost);
});

test("a permanent one nobody can certify is sunk cost, until its content is stored again", async () => {
  const query = `epochs=${EPOCHS}&permanent=true`;
  const content = seededBytes(BYTES, 3);
  const before = await ledger();
  const left = await orphan(query, content, { fault: "down" });
  await gateway.cron();
  const { totalCost } = await official.walrus.storageCost(BYTES, EPOCHS);
  expect(await listed()).toMatchObject([
    { blobObjectId: left.blobObjectId, state: "sunk", costFrost: totalCost.toString() },
  ]);
  expect((await objectOnChain(left.blobObjectId)).certified_epoch).toBeNull();

  const again = await storedBlob(await put(query, content));
  expect(again).toMatchObject({ id: left.blobObjectId, blobId: left.blobId, cost: 0 });
  const after = await ledger();
  expect(after).toMatchObject({
    reserved: before.reserved + 1,
    registered: before.registered + 1,
    certified: before.certified + 1,
  });
  expect(before.frost - after.frost).toBe(totalCost);
  expect(await listed()).toEqual([]);
  expectSameBytes(await official.walrus.readBlob({ blobId: left.blobId }), content);
});

test("a permanent one whose slivers are on the nodes is certified late", async () => {
  const content = seededBytes(BYTES, 4);
  const fault = { fault: "down", route: "confirmation" } as const;
  const left = await orphan(`epochs=${EPOCHS}&permanent=true`, content, fault);
  const before = await ledger();
  await gateway.cron();
  const swept = await ledger();
  expect(swept).toEqual({ ...before, certified: before.certified + 1 });
  expect((await objectOnChain(left.blobObjectId)).certified_epoch).not.toBeNull();
  expect(await listed()).toEqual([]);
  expectSameBytes(await official.walrus.readBlob({ blobId: left.blobId }), content);
  // Renewal looks after it from here on, and another sweep finds nothing to do.
  const object = await gateway.publisher(`/edge/v1/objects/${left.blobObjectId}`);
  expect(object.status).toBe(200);
  await gateway.cron();
  expect(await ledger()).toEqual(swept);
});

test("one whose lease is over is burned on request, not before", async () => {
  const left = await orphan("epochs=1&permanent=true", seededBytes(BYTES, 5), { fault: "down" });
  const path = `/edge/v1/orphans/${left.blobObjectId}`;
  const remove = () => gateway.operator(path, { method: "DELETE" });
  await gateway.cron();
  expect(await problemOf(await remove())).toMatchObject({
    status: 409,
    reason: "OBJECT_PERMANENT",
  });
  expect(await isOnChain(left.blobObjectId)).toBe(true);

  await network.admin.changeEpoch();
  await gateway.cron();
  expect(await listed()).toMatchObject([{ blobObjectId: left.blobObjectId, state: "expired" }]);
  const before = await ledger();
  const removed = await remove();
  expect(removed.status, await removed.clone().text()).toBe(200);
  expect((await ledger()).burned - before.burned).toBe(1);
  expect(await isOnChain(left.blobObjectId)).toBe(false);
  expect(await listed()).toEqual([]);
  expect(await problemOf(await remove())).toMatchObject({
    status: 404,
    reason: "ORPHAN_NOT_FOUND",
  });
});

test("a deletable one whose lease is over is burned on request as well", async () => {
  const left = await orphan("epochs=1", seededBytes(BYTES, 6), { fault: "down" });
  await network.admin.changeEpoch();
  await gateway.cron();
  expect(await listed()).toMatchObject([{ blobObjectId: left.blobObjectId, state: "expired" }]);
  const before = await ledger();
  const path = `/edge/v1/orphans/${left.blobObjectId}`;
  const remove = () =>
    gateway.operator(path, { method: "DELETE", headers: { "idempotency-key": "burn" } });
  const removed = await remove();
  const told = await removed.text();
  expect(removed.status, told).toBe(200);
  expect(await ledger()).toMatchObject({ burned: before.burned + 1, deleted: before.deleted });
  expect(await isOnChain(left.blobObjectId)).toBe(false);
  // With its key the answer is there again, and nothing more is done.
  expect(await (await remove()).text()).toBe(told);
  expect((await ledger()).burned).toBe(before.burned + 1);
});
