/**
 * The unmodified official client against the ledger and the contract alone: no storage nodes, the
 * test signs the confirmations with the nodes' keys.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { SuiGrpcClient } from "@mysten/sui/grpc";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { Transaction } from "@mysten/sui/transactions";
import { blobIdFromInt, WalrusClient } from "@mysten/walrus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock, systemTimer } from "../../shared/system.ts";
import { toBase64 } from "../../shared/bytes/text.ts";
import { fund } from "../devnet/ledger/faucet.ts";
import { Ledger } from "../devnet/ledger/ledger.ts";
import { noRpcFault } from "../devnet/sui-rpc/faults.ts";
import { type HttpServer, serve } from "../devnet/sui-rpc/serve.ts";
import { createSuiRpc } from "../devnet/sui-rpc/server.ts";
import {
  createDeployment,
  finishEpochChange,
  setPrices,
  startEpochChange,
  type WalrusDeployment,
  walrusPackages,
} from "../devnet/walrus-contract/operations.ts";
import { fromLittleEndian } from "../devnet/walrus-contract/rules/bytes.ts";
import { deriveBlobId } from "../devnet/walrus-contract/rules/encoding.ts";
import { confirmation, scalar, testNode } from "../unit/devnet/walrus-contract/support.ts";
import { walInExistence } from "../unit/devnet/walrus-contract/supply.ts";

const NODES = 12;
const SUI = "0x2::sui::SUI";
const signer = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(9));
const owner = signer.toSuiAddress();
let ledger: Ledger;
let deployment: WalrusDeployment;
let server: HttpServer;
let sui: SuiGrpcClient;
let rootCounter = 0;

beforeAll(async () => {
  ledger = new Ledger({
    clock: systemClock,
    seed: "official client",
    packages: walrusPackages(),
    genesis: (context) => {
      deployment = createDeployment(context, {
        nodes: Array.from({ length: NODES }, (_, index) => testNode(index)),
        shardCount: 100,
        epochDurationMs: 86_400_000,
        treasuryAddress: `0x${"77".repeat(32)}`,
      });
    },
  });
  fund(ledger, owner, { [SUI]: 10n ** 12n, [deployment.walType]: 10n ** 12n });
  const rpc = createSuiRpc({ ledger, faults: noRpcFault(), timer: systemTimer });
  server = await serve(async (request) => {
    return (await rpc(request)) ?? new Response(null, { status: 404 });
  });
  sui = new SuiGrpcClient({ network: "testnet", baseUrl: server.url });
});

afterAll(async () => {
  await server.close();
});

/** A client without anything cached. */
function walrus(): WalrusClient {
  return new WalrusClient({
    packageConfig: { systemObjectId: deployment.systemId, stakingPoolId: deployment.stakingId },
    suiClient: sui,
  });
}

/** A blob that exists only as a claim: a root nobody encoded. */
function claim(size: number): { blobId: string; rootHash: Uint8Array; id: bigint } {
  rootCounter += 1;
  const rootHash = new Uint8Array(32).fill(rootCounter);
  const id = deriveBlobId(fromLittleEndian(rootHash), 1, BigInt(size));
  return { blobId: blobIdFromInt(id), rootHash, id };
}

/** Confirmations of all nodes, in committee order. */
function confirmations(id: bigint, epoch: number, objectId: string | null) {
  const message = confirmation(id, epoch, objectId);
  const hashed = bls12_381.longSignatures.hash(message);
  return Array.from({ length: NODES }, (_, index) => ({
    serializedMessage: toBase64(message),
    signature: toBase64(bls12_381.longSignatures.sign(hashed, scalar(index + 1)).toBytes()),
  }));
}

async function storeClaim(client: WalrusClient, deletable: boolean, epochs = 3) {
  const size = 1000;
  const { id, ...named } = claim(size);
  const options = { ...named, size, epochs, deletable, signer, owner };
  const { blob } = await client.executeRegisterBlobTransaction(options);
  const epoch = (await client.systemState()).committee.epoch;
  await client.executeCertifyBlobTransaction({
    blobId: named.blobId,
    blobObjectId: blob.id,
    deletable,
    confirmations: confirmations(id, epoch, deletable ? blob.id : null),
    signer,
  });
  return { blobId: named.blobId, objectId: blob.id };
}

describe("the official client against the ledger", () => {
  test("reads the system and staking state", async () => {
    const client = walrus();
    const system = await client.systemState();
    expect(system.committee).toMatchObject({ epoch: 1, n_shards: 100 });
    expect(system.future_accounting.length).toBe(53);
    expect(system).toMatchObject({
      storage_price_per_unit_size: "11000",
      write_price_per_unit_size: "20000",
    });
    const staking = await client.stakingState();
    expect(staking).toMatchObject({ n_shards: 100, epoch: 1 });
    const members = staking.committee[0].contents.map(({ key }) => key);
    expect(system.committee.members.map(({ node_id }) => node_id)).toEqual(members);
    expect(await client.getBlobType()).toBe(`${deployment.addresses.walrusOriginal}::blob::Blob`);
  });

  test("prices storage to the last FROST and pays it", async () => {
    const client = walrus();
    const { storageCost, writeCost } = await client.storageCost(1000, 3);
    const before = ledger.balance(owner, deployment.walType);
    const supply = walInExistence(ledger);
    await storeClaim(client, true, 3);
    expect(before - ledger.balance(owner, deployment.walType)).toBe(storageCost + writeCost);
    expect(walInExistence(ledger)).toBe(supply);
  });

  test("pays the new prices after a change, which it must read again", async () => {
    const client = walrus();
    const before = await client.storageCost(1000, 1);
    ledger.runSystem((context) => setPrices(context, deployment, { storagePrice: 22_000n }));
    client.reset();
    const after = await client.storageCost(1000, 1);
    expect(after.storageCost).toBe(2n * before.storageCost);
    await storeClaim(client, false, 1);
    ledger.runSystem((context) => setPrices(context, deployment, { storagePrice: 11_000n }));
  });

  test("creates storage without a blob", async () => {
    // Not `executeCreateStorageTransaction`: version 1.2.13 looks for a Blob among the new objects
    // and throws although the storage is there.
    const transaction = walrus().createStorageTransaction({ size: 1000, epochs: 5, owner });
    const result = await sui.signAndExecuteTransaction({
      transaction,
      signer,
      include: { effects: true },
    });
    const created = result.Transaction?.effects.changedObjects.find(
      ({ idOperation }) => idOperation === "Created",
    );
    const storage = ledger.objectValue(created?.objectId ?? "");
    expect(storage?.type).toBe(`${deployment.addresses.walrusOriginal}::storage_resource::Storage`);
    expect(storage?.value).toMatchObject({ start_epoch: 1, end_epoch: 6 });
  });

  test.each([true, false])("registers and certifies (deletable: %s)", async (deletable) => {
    const client = walrus();
    const { objectId, blobId } = await storeClaim(client, deletable);
    const blob = await client.getBlobObject(objectId);
    expect(blob).toMatchObject({ certified_epoch: 1, deletable });
    expect(blobIdFromInt(blob.blob_id)).toBe(blobId);
  });

  test("extends a certified blob", async () => {
    const client = walrus();
    const { objectId } = await storeClaim(client, true);
    await client.executeExtendBlobTransaction({ blobObjectId: objectId, epochs: 4, signer });
    client.reset();
    expect((await walrus().getBlobObject(objectId)).storage.end_epoch).toBe(8);
  });

  test("deletes a deletable blob and gets its storage back", async () => {
    const client = walrus();
    const { objectId } = await storeClaim(client, true);
    const blob = await client.getBlobObject(objectId);
    await client.executeDeleteBlobTransaction({ blobObjectId: objectId, signer });
    expect(ledger.object(objectId)).toBeUndefined();
    expect(ledger.object(blob.storage.id)?.owner).toEqual({ kind: "address", address: owner });
  });

  test("writes, changes, removes and reads attributes", async () => {
    const client = walrus();
    const size = 1000;
    const { id: _, ...named } = claim(size);
    const { blob } = await client.executeRegisterBlobTransaction({
      ...named,
      size,
      epochs: 1,
      deletable: true,
      attributes: { kind: "test", gone: "soon" },
      signer,
      owner,
    });
    expect(await client.readBlobAttributes({ blobObjectId: blob.id })).toEqual({
      kind: "test",
      gone: "soon",
    });
    await client.executeWriteBlobAttributesTransaction({
      blobObjectId: blob.id,
      attributes: { kind: "changed", gone: null, added: "yes" },
      signer,
    });
    expect(await client.readBlobAttributes({ blobObjectId: blob.id })).toEqual({
      kind: "changed",
      added: "yes",
    });
  });

  test("certifies in the epoch after a change with the new committee", async () => {
    ledger.runSystem((context) => {
      startEpochChange(context, deployment, { movedShare: 0.2 });
    });
    ledger.runSystem((context) => {
      finishEpochChange(context, deployment);
    });
    const client = walrus();
    expect((await client.systemState()).committee.epoch).toBe(2);
    const staking = await client.stakingState();
    expect(staking.previous_committee[0].contents).not.toEqual(staking.committee[0].contents);
    const { objectId } = await storeClaim(client, false);
    expect((await client.getBlobObject(objectId)).certified_epoch).toBe(2);
  });

  test("a plain transaction exchanges SUI for WAL one to one", async () => {
    const transaction = new Transaction();
    const [coin] = transaction.splitCoins(transaction.gas, [5_000n]);
    const wal = transaction.moveCall({
      target: `${deployment.addresses.walExchange}::wal_exchange::exchange_all_for_wal`,
      arguments: [transaction.object(deployment.exchangeId), coin],
    });
    transaction.transferObjects([wal], owner);
    const before = ledger.balance(owner, deployment.walType);
    const result = await sui.signAndExecuteTransaction({ transaction, signer });
    expect(result.$kind).toBe("Transaction");
    expect(ledger.balance(owner, deployment.walType) - before).toBe(5_000n);
  });

  test("anyone extends a shared blob from the funds in it", async () => {
    const client = walrus();
    const { objectId } = await storeClaim(client, true);
    const call = `${deployment.addresses.walrusLatest}::shared_blob`;
    const sharing = new Transaction();
    const funds = sharing.moveCall({
      target: `${deployment.addresses.walExchange}::wal_exchange::exchange_all_for_wal`,
      arguments: [
        sharing.object(deployment.exchangeId),
        sharing.splitCoins(sharing.gas, [10n ** 9n]),
      ],
    });
    sharing.moveCall({
      target: `${call}::new_funded`,
      arguments: [sharing.object(objectId), funds],
    });
    const shared = await sui.signAndExecuteTransaction({
      transaction: sharing,
      signer,
      include: { effects: true },
    });
    const id = shared.Transaction?.effects.changedObjects.find(
      ({ outputOwner, idOperation }) =>
        idOperation === "Created" && outputOwner?.$kind === "Shared",
    )?.objectId;
    const stranger = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(10));
    fund(ledger, stranger.toSuiAddress(), { [SUI]: 10n ** 10n });
    const extending = new Transaction();
    extending.moveCall({
      target: `${call}::extend`,
      arguments: [
        extending.object(id ?? ""),
        extending.object(deployment.systemId),
        extending.pure.u32(2),
      ],
    });
    const extended = await sui.signAndExecuteTransaction({
      transaction: extending,
      signer: stranger,
    });
    expect(extended.$kind).toBe("Transaction");
    expect(ledger.objectValue(id ?? "")?.value).toMatchObject({
      blob: { storage: { end_epoch: 7 } },
    });
  });

  test("a storage pool is created, filled and read in one plain transaction", async () => {
    const { id, rootHash } = claim(1000);
    const package_ = deployment.addresses.walrusLatest;
    const transaction = new Transaction();
    const system = transaction.object(deployment.systemId);
    const wal = transaction.moveCall({
      target: `${deployment.addresses.walExchange}::wal_exchange::exchange_all_for_wal`,
      arguments: [
        transaction.object(deployment.exchangeId),
        transaction.splitCoins(transaction.gas, [10n ** 9n]),
      ],
    });
    const pool = transaction.moveCall({
      target: `${package_}::system::create_storage_pool`,
      arguments: [system, transaction.pure.u64(100_000_000n), transaction.pure.u32(2), wal],
    });
    transaction.moveCall({
      target: `${package_}::system::register_pooled_blob`,
      arguments: [
        system,
        pool,
        transaction.pure.u256(id),
        transaction.pure.u256(fromLittleEndian(rootHash)),
        transaction.pure.u64(1000),
        transaction.pure.u8(1),
        transaction.pure.bool(true),
        wal,
      ],
    });
    transaction.moveCall({ target: `${package_}::storage_pool::blob_count`, arguments: [pool] });
    transaction.transferObjects([pool, wal], owner);
    const result = await sui.signAndExecuteTransaction({
      transaction,
      signer,
      include: { events: true },
    });
    const names = result.Transaction?.events.map(({ eventType }) => eventType.split("::").at(-1));
    expect(names).toEqual(["StoragePoolCreated", "PooledBlobRegistered"]);
  });

  test("hears of an abort by its module and code", async () => {
    const client = walrus();
    const storing = storeClaim(client, true, 54);
    await expect(storing).rejects.toThrow(/EInvalidEpochsAhead|abort code: 2/iu);
  });
});
