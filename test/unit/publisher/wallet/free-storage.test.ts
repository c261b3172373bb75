/** Storage at hand: what deletions leave is used again, to the byte and the FROST. */
import { beforeEach, expect, test } from "vitest";
import type { WalletDone, WalletReply } from "../../../../workers/publisher/wallet/commands.ts";
import { type WalletEngine } from "../../../../workers/publisher/wallet/engine.ts";
import { FreeStoragePool } from "../../../../workers/publisher/wallet/free-storage.ts";
import { advance } from "../../devnet/walrus-contract/support.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import { type ChainWorld, claimedBlob, startChainWorld } from "../../../support/chain-world.ts";

/** Price of writing one blob of one unit; storage costs 5 more for each epoch. */
const WRITE_COST = 1n;

let world: ChainWorld;
let wallet: WalletEngine;

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 11n, wal: 10_000n });
  wallet = chainWallet(world);
});

function register(id: string, root: number, epochs: number, unencodedBytes = 1_000) {
  const blob = claimedBlob(root, unencodedBytes);
  return { kind: "register", id, ...blob, epochs, deletable: true, reuseStorage: true } as const;
}

function done<Kind extends WalletDone["kind"]>(reply: WalletReply, kind: Kind) {
  if (!reply.ok || reply.value.kind !== kind) throw new Error(`not ${kind}`);
  return reply.value as Extract<WalletDone, { kind: Kind }>;
}

/** Registers and deletes a blob; its storage is free then. */
async function leave(root: number, epochs: number, unencodedBytes?: number): Promise<void> {
  const command = register(`r${root}`, root, epochs, unencodedBytes);
  const { blob } = done(await wallet.run(command), "registered");
  const { objectId: blobObjectId } = blob;
  done(await wallet.run({ kind: "delete", id: `d${root}`, blobObjectId }), "deleted");
}

async function freeBytes(): Promise<readonly number[]> {
  const listed = await world.chain.listOwnedStorage(world.signer.address);
  if (!listed.ok) throw new Error(listed.failure.kind);
  return listed.value.map(({ storageBytes }) => storageBytes).sort((a, b) => a - b);
}

test("a registration that may takes storage that fits, and pays for the writing alone", async () => {
  await leave(1, 9);
  const reused = done(await wallet.run(register("again", 2, 5)), "registered");
  expect(reused.costFrost).toBe(WRITE_COST);
  expect(reused.blob.storage).toMatchObject({ startEpoch: 1, endEpoch: 10 });
  expect(await freeBytes()).toEqual([]);
});

test("what is larger is split, and the rest stays free", async () => {
  await leave(1, 5, 400_000);
  const [whole = 0] = await freeBytes();
  const { blob } = done(await wallet.run(register("small", 2, 5)), "registered");
  expect(await freeBytes()).toEqual([whole - blob.storage.storageBytes]);
});

test("several in one transaction use it once; who finds none buys", async () => {
  await leave(1, 5);
  const before = world.ledger.userTransactionCount;
  const replies = await Promise.all(
    [2, 3, 4].map((root) => wallet.run(register(`r${root}`, root, 5))),
  );
  const costs = replies.map((reply) => done(reply, "registered").costFrost);
  expect(costs.filter((cost) => cost === WRITE_COST)).toHaveLength(1);
  expect(costs.filter((cost) => cost === 26n)).toHaveLength(2);
  expect(world.ledger.userTransactionCount).toBe(before + 1);
});

test("who is not told to, and what does not last, is left alone", async () => {
  await leave(1, 5);
  const own = { ...register("own", 2, 5), reuseStorage: false };
  expect(done(await wallet.run(own), "registered").costFrost).toBe(26n);
  expect(done(await wallet.run(register("longer", 3, 6)), "registered").costFrost).toBe(31n);
  expect(await freeBytes()).toHaveLength(1);
});

test("the contract's word on one of them blames that one, reused or not", async () => {
  await leave(1, 5);
  const bad = { ...register("bad", 2, 5), rootHash: new Uint8Array(32).fill(99) };
  const replies = await Promise.all([bad, register("good", 3, 5)].map((each) => wallet.run(each)));
  expect(replies[0]).toMatchObject({ failure: { kind: "execution-failed" } });
  expect(done(replies[1]!, "registered").costFrost).toBe(WRITE_COST);
});

test("the smallest that fits is taken, of equal ones the one that ends first", () => {
  const storage = (objectId: string, storageBytes: number, endEpoch: number) => ({
    objectId,
    storageBytes,
    endEpoch,
    startEpoch: 1,
    version: "1",
    digest: "d",
  });
  const pool = new FreeStoragePool([
    storage("0x1", 30, 9),
    storage("0x2", 20, 9),
    storage("0x3", 20, 8),
    storage("0x4", 10, 9),
  ]);
  const need = { encodedBytes: 15, endEpoch: 8, epoch: 1 };
  expect([1, 2, 3, 4].map(() => pool.take(need)?.objectId)).toEqual([
    "0x3",
    "0x2",
    "0x1",
    undefined,
  ]);
});

test("an expired blob is burned where that is asked for, and only then", async () => {
  const { blob } = done(await wallet.run(register("short", 1, 1)), "registered");
  const { objectId: blobObjectId } = blob;
  advance(world);
  const remove = { kind: "delete", blobObjectId } as const;
  expect(await wallet.run({ ...remove, id: "d1" })).toMatchObject({
    failure: { reason: "expired" },
  });
  done(await wallet.run({ ...remove, id: "d2", burnsExpired: true }), "deleted");
  expect(world.ledger.object(blobObjectId)).toBeUndefined();
  expect(world.ledger.moveCalls.get("blob::burn")).toBe(1);
});
