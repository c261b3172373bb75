/**
 * Several paying addresses over HTTP: what failed uploads have left at each of them is given back by
 * one sweep, and uploads that may reuse storage go to the address that holds some.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NodeFault } from "../devnet/storage-node/faults.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import {
  SUB_WALLET_REFILL_FROST_DEFAULT,
  SUB_WALLET_REFILL_MIST_DEFAULT,
  WALLET_QUEUE_BATCHES,
} from "../../shared/limits.ts";
import { jsonOf, moveCalls, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { scrape } from "../support/metrics-page.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

const BYTES = 2_000;
const EPOCHS = 10;

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "addresses" });
  gateway = await startTestGateway(network, {
    // A transaction holds one registration, so that a few uploads at once need two addresses.
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

/** More at once than one address queues. */
const UPLOADS = WALLET_QUEUE_BATCHES + 2;
const putMany = (seed: number) =>
  Promise.all(Array.from({ length: UPLOADS }, (_, index) => put("", seed + index)));

const orphans = async () =>
  (await jsonOf<Orphans>(await gateway.operator("/edge/v1/orphans"))).orphans;

const reserved = () => moveCalls(network.description.rpc, "::reserve_space");

test("each gives its orphans back, and the storage of each is used before any is bought", async () => {
  // The further address has its money once an upload has needed it.
  for (const stored of await putMany(0)) await storedBlob(stored);
  await setFaults({ fault: "down" });
  let seed = 100;
  await expect
    .poll(
      async () => {
        seed += UPLOADS;
        const statuses = (await putMany(seed)).map(({ status }) => status);
        expect(new Set(statuses)).toEqual(new Set([504]));
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

  const before = await reserved();
  const { writeCost } = await official.walrus.storageCost(BYTES, EPOCHS);
  const owners = await Promise.all(
    left.map(async (_, index) => {
      const stored = await storedBlob(await put("reuse_resources=true", 1_000 + index));
      expect(BigInt(stored.cost)).toBe(writeCost);
      const object = await gateway.publisher(`/edge/v1/objects/${stored.id}`);
      return (await jsonOf<{ owner: string }>(object)).owner;
    }),
  );
  const sorted = (addresses: readonly string[]) => addresses.toSorted((a, b) => (a < b ? -1 : 1));
  expect(sorted(owners)).toEqual(sorted(left.map(({ owner }) => owner)));
  expect(await reserved()).toBe(before);

  const bought = await storedBlob(await put("reuse_resources=true", 2_000));
  expect(BigInt(bought.cost)).toBeGreaterThan(writeCost);
  expect(await reserved()).toBe(before + 1);
});

test("/metrics counts the refills: what was sent is what the further address has spent and holds", async () => {
  const missing = async () => {
    const page = await scrape(gateway.publisher);
    const told = (series: string) => BigInt(page.get(series) ?? -1);
    const further = [...page.keys()].flatMap((series) => {
      const address = /^walrus_edge_wallet_queue_length\{address="(\w+)"\}$/.exec(series)?.[1];
      return address === undefined || address === network.description.wallet.address ? [] : address;
    });
    const of = (name: string) => told(`walrus_edge_wallet_${name}{address="${further.join()}"}`);
    const [gas, wal] = [told("gas_refill"), told("wal_refill")];
    return {
      isCounted: gas > 0n && wal > 0n,
      mist: gas * SUB_WALLET_REFILL_MIST_DEFAULT - of("gas_mist") - of("balance_mist"),
      frost: wal * SUB_WALLET_REFILL_FROST_DEFAULT - of("spent_frost_total") - of("balance_frost"),
    };
  };
  // A transaction may be under way still: it is booked after it has run.
  await expect
    .poll(missing, { timeout: 20_000, interval: 250 })
    .toEqual({ isCounted: true, mist: 0n, frost: 0n });
});
