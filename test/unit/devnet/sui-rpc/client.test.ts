/** The official gRPC client drives the ledger: its behaviour decides what is right. */
import {
  coinWithBalance,
  ParallelTransactionExecutor,
  SerialTransactionExecutor,
  Transaction,
} from "@mysten/sui/transactions";
import { SimulationError } from "@mysten/sui/client";
import { deriveDynamicFieldID } from "@mysten/sui/utils";
import { bcs } from "@mysten/sui/bcs";
import { beforeEach, describe, expect, test } from "vitest";
import { SUI_TYPE } from "../../../devnet/ledger/move-types.ts";
import { GOLD, STORAGE_ID } from "../ledger/counter-package.ts";
import { clientOn, START_MS, startWorld, SUI, type World } from "../ledger/harness.ts";

let world: World;
beforeEach(() => {
  world = startWorld();
});

const INCLUDE = { effects: true, objectTypes: true, events: true, balanceChanges: true } as const;

function run(transaction: Transaction, signer = world.alice) {
  return world.client.core.signAndExecuteTransaction({ transaction, signer, include: INCLUDE });
}

function success<T>(result: { readonly Transaction?: T }): T {
  if (result.Transaction === undefined) throw new Error(`failed: ${JSON.stringify(result)}`);
  return result.Transaction;
}

function increment(by: bigint): Transaction {
  const tx = new Transaction();
  tx.moveCall({
    target: `${STORAGE_ID}::counter::increment`,
    arguments: [tx.object(world.counterId), tx.pure.u64(by)],
  });
  return tx;
}

describe("reads", () => {
  test("getBalance, listBalances and listCoins see the faucet's coins", async () => {
    const owner = world.alice.toSuiAddress();
    const { balance } = await world.client.core.getBalance({ owner });
    expect(balance.balance).toBe(String(10n * SUI));
    expect(balance.addressBalance).toBe("0");
    const coins = await world.client.core.listCoins({ owner, coinType: GOLD });
    expect(coins.objects.map((coin) => coin.balance)).toEqual(["5"]);
    const { balances } = await world.client.core.listBalances({ owner });
    expect(balances.map(({ coinType, balance }) => [coinType, balance])).toEqual([
      [SUI_TYPE, String(10n * SUI)],
      [GOLD, "5"],
    ]);
  });

  test("listOwnedObjects pages and filters by type", async () => {
    const owner = world.alice.toSuiAddress();
    const first = await world.client.core.listOwnedObjects({ owner, limit: 2 });
    expect(first.hasNextPage).toBe(true);
    const second = await world.client.core.listOwnedObjects({
      owner,
      limit: 2,
      cursor: first.cursor,
    });
    expect(second.hasNextPage).toBe(false);
    expect(first.objects.length + second.objects.length).toBe(3);
    const suiCoins = await world.client.core.listOwnedObjects({
      owner,
      type: `0x2::coin::Coin<${SUI_TYPE}>`,
    });
    expect(suiCoins.objects).toHaveLength(2);
    const allCoins = await world.client.core.listOwnedObjects({ owner, type: "0x2::coin::Coin" });
    expect(allCoins.objects).toHaveLength(3);
  });

  test("getObjects answers content, owner and digest, and NOT_FOUND per item", async () => {
    const missing = `0x${"9".repeat(64)}`;
    const { objects } = await world.client.core.getObjects({
      objectIds: [world.counterId, missing],
      include: { content: true, objectBcs: true, json: true },
    });
    const [found, absent] = objects;
    if (found === undefined || found instanceof Error) throw new Error("expected an object");
    expect(found.owner).toEqual({ $kind: "Shared", Shared: { initialSharedVersion: "1" } });
    expect(found.json).toMatchObject({ count: "0", label: "shared" });
    const stored = bcs.Object.parse(found.objectBcs);
    expect(stored.data.Move?.contents).toEqual(found.content);
    expect(absent).toMatchObject({ reason: "notFound", objectId: missing });
  });

  test("chain id, epoch and gas price are what the client needs", async () => {
    const { chainIdentifier } = await world.client.core.getChainIdentifier();
    expect(chainIdentifier).toBe(world.ledger.chainId);
    const { referenceGasPrice } = await world.client.core.getReferenceGasPrice();
    expect(referenceGasPrice).toBe("1000");
    const { systemState } = await world.client.core.getCurrentSystemState();
    expect(systemState.epoch).toBe("0");
    expect(systemState.epochStartTimestampMs).toBe(String(START_MS));
  });

  test("getMoveFunction describes a signature", async () => {
    const { function: found } = await world.client.core.getMoveFunction({
      packageId: STORAGE_ID,
      moduleName: "counter",
      name: "increment",
    });
    expect(found.visibility).toBe("public");
    expect(found.parameters[0]).toMatchObject({
      reference: "mutable",
      body: { $kind: "datatype" },
    });
    expect(found.parameters[1]).toEqual({ reference: null, body: { $kind: "u64" } });
  });

  test("getCoinMetadata knows SUI's decimals", async () => {
    const { coinMetadata } = await world.client.core.getCoinMetadata({ coinType: SUI_TYPE });
    expect(coinMetadata).toMatchObject({ decimals: 9, symbol: "SUI" });
  });
});

describe("transactions", () => {
  test("a call on a shared object resolves, runs, emits and counts", async () => {
    const result = success(await run(increment(3n)));
    expect(result.status.success).toBe(true);
    expect(result.events?.[0]).toMatchObject({ module: "counter", json: { count: "3" } });
    expect(result.events?.[0]?.packageId).toBe(STORAGE_ID);
    expect(world.ledger.objectValue(world.counterId)?.value).toMatchObject({ count: 3n });
    expect([...world.ledger.moveCalls]).toEqual([["counter::increment", 1]]);
    const changed = result.effects?.changedObjects.find(
      ({ objectId }) => objectId === world.counterId,
    );
    expect(changed).toMatchObject({
      inputVersion: "1",
      idOperation: "None",
      outputState: "ObjectWrite",
    });
    expect(changed?.outputVersion).toBe(result.effects?.lamportVersion);
  });

  test("waitForTransaction and getTransaction find it by digest", async () => {
    const { digest } = success(await run(increment(1n)));
    await world.client.core.waitForTransaction({ digest });
    const found = await world.client.core.getTransaction({
      digest,
      include: { transaction: true, effects: true, bcs: true },
    });
    const transaction = success(found);
    expect(transaction.checkpoint).toBe(String(world.ledger.transactionCount - 1));
    expect(transaction.timestampMs).toBe(START_MS);
    expect(transaction.transaction?.sender).toBe(world.alice.toSuiAddress());
    expect(transaction.signatures).toHaveLength(1);
  });

  test("gas is charged exactly as the effects say", async () => {
    const owner = world.alice.toSuiAddress();
    const result = success(await run(increment(1n)));
    const gas = result.effects?.gasUsed;
    const net =
      BigInt(gas?.computationCost ?? 0) +
      BigInt(gas?.storageCost ?? 0) -
      BigInt(gas?.storageRebate ?? 0);
    expect(world.ledger.balance(owner, SUI_TYPE)).toBe(10n * SUI - net);
    expect(result.balanceChanges).toEqual([
      { address: owner, coinType: SUI_TYPE, amount: String(-net) },
    ]);
  });

  test("coinWithBalance splits, merges and pays", async () => {
    const tx = new Transaction();
    const bob = world.bob.toSuiAddress();
    tx.transferObjects([tx.add(coinWithBalance({ type: GOLD, balance: 5n }))], bob);
    tx.transferObjects([tx.add(coinWithBalance({ balance: 9n * SUI }))], bob);
    success(await run(tx));
    expect(world.ledger.balance(bob, GOLD)).toBe(10n);
    expect(world.ledger.balance(bob, SUI_TYPE)).toBe(19n * SUI);
    expect(world.ledger.balance(world.alice.toSuiAddress(), GOLD)).toBe(0n);
  });

  test("an abort in the dry run reaches the user with its constant's name", async () => {
    const tx = new Transaction();
    tx.moveCall({
      target: `${STORAGE_ID}::counter::fail`,
      arguments: [tx.object(world.counterId)],
    });
    const error = await run(tx).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SimulationError);
    expect((error as Error).message).toContain("EAlwaysFails");
    expect((error as Error).message).toContain("counter::fail");
    expect(world.ledger.userTransactionCount).toBe(0);
  });

  test("an abort on chain leaves failed effects and costs gas only", async () => {
    const coins = await world.client.core.listCoins({ owner: world.alice.toSuiAddress() });
    const counter = world.ledger.object(world.counterId);
    const failing = new Transaction();
    failing.moveCall({
      target: `${STORAGE_ID}::counter::fail`,
      arguments: [
        failing.sharedObjectRef({
          objectId: world.counterId,
          initialSharedVersion: "1",
          mutable: true,
        }),
      ],
    });
    failing.setGasBudget(10_000_000n);
    failing.setGasPayment(coins.objects.slice(0, 1));
    failing.setGasPrice(1000n);
    failing.setSender(world.alice.toSuiAddress());
    const built = await failing.build();
    const { signature } = await world.alice.signTransaction(built);
    const result = await world.client.core.executeTransaction({
      transaction: built,
      signatures: [signature],
      include: INCLUDE,
    });
    expect(result.$kind).toBe("FailedTransaction");
    expect(result.FailedTransaction?.status.error).toMatchObject({
      $kind: "MoveAbort",
      command: 0,
      MoveAbort: { abortCode: "7", cleverError: { constantName: "EAlwaysFails" } },
    });
    expect(world.ledger.objectValue(world.counterId)?.value).toMatchObject({ count: 0n });
    expect(world.ledger.object(world.counterId)?.version).toBeGreaterThan(counter?.version ?? 0n);
    expect(world.ledger.balance(world.alice.toSuiAddress(), SUI_TYPE)).toBeLessThan(10n * SUI);
  });

  test("a sponsor pays the gas", async () => {
    const tx = increment(2n);
    tx.setSender(world.alice.toSuiAddress());
    tx.setGasOwner(world.bob.toSuiAddress());
    const bytes = await tx.build({ client: world.client });
    const signatures = await Promise.all(
      [world.alice, world.bob].map(async (key) => (await key.signTransaction(bytes)).signature),
    );
    success(await world.client.core.executeTransaction({ transaction: bytes, signatures }));
    expect(world.ledger.balance(world.alice.toSuiAddress(), SUI_TYPE)).toBe(10n * SUI);
    expect(world.ledger.balance(world.bob.toSuiAddress(), SUI_TYPE)).toBeLessThan(10n * SUI);
  });

  test("a kind alone is resolved without sender, gas or checks", async () => {
    const kind = await increment(1n).build({ client: world.client, onlyTransactionKind: true });
    const tx = Transaction.fromKind(kind);
    expect(tx.getData().inputs[0]?.Object?.SharedObject).toMatchObject({
      objectId: world.counterId,
      mutable: true,
    });
    success(await run(tx));
  });

  test("a shared object that is only read is taken immutably", async () => {
    const tx = new Transaction();
    tx.moveCall({
      target: `${STORAGE_ID}::counter::value`,
      arguments: [tx.object(world.counterId)],
    });
    const result = success(await run(tx));
    expect(result.effects?.unchangedConsensusObjects).toMatchObject([
      { kind: "ReadOnlyRoot", objectId: world.counterId, version: "1" },
    ]);
    expect(world.ledger.object(world.counterId)?.version).toBe(1n);
  });

  test("an account without SUI is told so at gas selection", async () => {
    const tx = increment(1n);
    tx.setSender(`0x${"7".repeat(64)}`);
    await expect(tx.build({ client: world.client })).rejects.toThrow(/insufficient SUI balance/);
  });

  test("simulateTransaction returns values of read-only calls", async () => {
    success(await run(increment(41n)));
    const tx = new Transaction();
    tx.moveCall({
      target: `${STORAGE_ID}::counter::value`,
      arguments: [tx.object(world.counterId)],
    });
    tx.moveCall({ target: `${STORAGE_ID}::counter::now`, arguments: [tx.object.clock()] });
    tx.setSender(world.alice.toSuiAddress());
    const result = await world.client.core.simulateTransaction({
      transaction: tx,
      include: { commandResults: true },
    });
    const values = result.commandResults?.map(({ returnValues }) =>
      bcs.u64().parse(returnValues[0]?.bcs ?? new Uint8Array()),
    );
    expect(values).toEqual(["41", String(START_MS)]);
  });

  test("dynamic fields are created, changed, listed and removed", async () => {
    const note = (value: bigint) => {
      const tx = new Transaction();
      tx.moveCall({
        target: `${STORAGE_ID}::counter::note`,
        arguments: [tx.object(world.counterId), tx.pure.string("k"), tx.pure.u64(value)],
      });
      return tx;
    };
    const key = bcs.string().serialize("k").toBytes();
    const id = deriveDynamicFieldID(world.counterId, "0x1::string::String", key);
    const created = success(await run(note(1n)));
    expect(created.effects?.changedObjects.find(({ objectId }) => objectId === id)).toMatchObject({
      idOperation: "Created",
      outputOwner: { $kind: "ObjectOwner", ObjectOwner: world.counterId },
    });
    success(await run(note(2n)));
    const { dynamicField } = await world.client.core.getDynamicField({
      parentId: world.counterId,
      name: { type: "0x1::string::String", bcs: key },
    });
    expect(bcs.u64().parse(dynamicField.value.bcs)).toBe("2");
    const listed = await world.client.core.listDynamicFields({ parentId: world.counterId });
    expect(listed.dynamicFields).toHaveLength(1);
    const tx = new Transaction();
    tx.moveCall({
      target: `${STORAGE_ID}::counter::forget`,
      arguments: [tx.object(world.counterId), tx.pure.string("k")],
    });
    const removed = success(await run(tx));
    expect(removed.effects?.changedObjects.find(({ objectId }) => objectId === id)).toMatchObject({
      idOperation: "Deleted",
      outputState: "DoesNotExist",
    });
  });

  test("the binary wire format works as well as text", async () => {
    const client = clientOn(world.fetch, "binary");
    const { balance } = await client.core.getBalance({ owner: world.alice.toSuiAddress() });
    expect(balance.balance).toBe(String(10n * SUI));
  });
});

describe("executors", () => {
  test("SerialTransactionExecutor runs a chain of transactions from its own cache", async () => {
    const executor = new SerialTransactionExecutor({ client: world.client, signer: world.alice });
    const results = await Promise.all(
      [1n, 2n, 3n].map((by) => executor.executeTransaction(increment(by))),
    );
    expect(results.every(({ $kind }) => $kind === "Transaction")).toBe(true);
    expect(world.ledger.objectValue(world.counterId)?.value).toMatchObject({ count: 6n });
  });

  test("ParallelTransactionExecutor splits gas coins and runs side by side", async () => {
    const executor = new ParallelTransactionExecutor({
      client: world.client,
      signer: world.alice,
      initialCoinBalance: SUI / 10n,
      minimumCoinBalance: SUI / 100n,
    });
    const results = await Promise.all(
      Array.from({ length: 8 }, () => executor.executeTransaction(increment(1n))),
    );
    expect(results.every(({ $kind }) => $kind === "Transaction")).toBe(true);
    expect(world.ledger.objectValue(world.counterId)?.value).toMatchObject({ count: 8n });
  });
});
