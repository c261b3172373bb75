/**
 * Several paying addresses over HTTP: what failed uploads have left at each of them is given back by
 * one sweep, and uploads that may reuse storage go to the address that holds some.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NodeFault } from "../devnet/storage-node/faults.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { jsonOf, moveCalls, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

const BYTES = 2_000;
const EPOCHS = 10;

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "addresses" });
  gateway = await startTestGateway(network, {
    // A transaction holds one registration, so that two uploads at once need two addresses.
    vars: {
      publisher: { WALLET_ADDRESSES: "2", WALLET_BATCH: "1", ORPHAN_SWEEP_AFTER_SECONDS: "0" },
    },
  });
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const put = (query: string, seed: number) =>
  gateway.publisher(`/v1/blobs?epochs=${EPOCHS}&${query}`, {
    method: "PUT",
    body: seededBytes(BYTES, seed),
  });

async function setFaults(fault: NodeFault): Promise<void> {
  const { nodes } = network.description;
  await Promise.all(nodes.map((_, index) => network.admin.setNodeFault(index, fault)));
}

interface Orphans {
  readonly orphans: readonly { readonly blobObjectId: string; readonly owner: string }[];
}

const orphans = async () =>
  (await jsonOf<Orphans>(await gateway.operator("/edge/v1/orphans"))).orphans;

const reserved = () => moveCalls(network.description.rpc, "::reserve_space");

test("each gives its orphans back, and the storage of each is used before any is bought", async () => {
  // The further address has its money once an upload has needed it.
  const first = await Promise.all([put("", 1), put("", 2)]);
  for (const stored of first) await storedBlob(stored);
  await setFaults({ fault: "down" });
  let seed = 10;
  await expect
    .poll(
      async () => {
        const pair = await Promise.all([put("", seed++), put("", seed++)]);
        expect(pair.map(({ status }) => status)).toEqual([504, 504]);
        return new Set((await orphans()).map(({ owner }) => owner)).size;
      },
      { timeout: 120_000, interval: 10 },
    )
    .toBe(2);
  await setFaults({ fault: null });
  const left = await orphans();
  const deletions = await moveCalls(network.description.rpc, "::delete_blob");
  await gateway.cron();
  expect(await orphans()).toEqual([]);
  expect(await moveCalls(network.description.rpc, "::delete_blob")).toBe(deletions + left.length);

  // One after another: alone, each would go to the first address.
  const before = await reserved();
  const { writeCost } = await official.walrus.storageCost(BYTES, EPOCHS);
  const owners: string[] = [];
  for (const { blobObjectId } of left) {
    const stored = await storedBlob(await put("reuse_resources=true", seed++));
    expect(BigInt(stored.cost), blobObjectId).toBe(writeCost);
    const { owner } = await jsonOf<{ owner: string }>(
      await gateway.publisher(`/edge/v1/objects/${stored.id}`),
    );
    owners.push(owner);
  }
  expect(owners.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    left.map(({ owner }) => owner).toSorted((a, b) => (a < b ? -1 : 1)),
  );
  expect(await reserved()).toBe(before);

  const bought = await storedBlob(await put("reuse_resources=true", seed++));
  expect(BigInt(bought.cost)).toBeGreaterThan(writeCost);
  expect(await reserved()).toBe(before + 1);
});
