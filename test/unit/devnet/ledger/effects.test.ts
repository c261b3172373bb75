/** What transactions leave behind: objects, gas, coins, the same ids for the same seed. */
import { bcs } from "@mysten/sui/bcs";
import type { Transaction } from "@mysten/sui/transactions";
import { beforeEach, describe, expect, test } from "vitest";
import { fund } from "../../../devnet/ledger/faucet.ts";
import { digestOf } from "../../../devnet/ledger/digests.ts";
import { SUI_TYPE } from "../../../devnet/ledger/move-types.ts";
import { encodeObject } from "../../../devnet/ledger/objects.ts";
import type { ExecutedTransaction } from "../../../devnet/ledger/types.ts";
import { GOLD, ORIGINAL_ID, STORAGE_ID } from "./counter-package.ts";
import {
  failureOf,
  runOffline,
  sharedCounter,
  startWorld,
  SUI,
  suiCoins,
  type World,
} from "./harness.ts";

const RECIPIENT = `0x${"5".repeat(64)}`;
const COUNTER = `${ORIGINAL_ID}::counter::Counter`;

let world: World;
beforeEach(() => {
  world = startWorld();
});

function call(
  tx: Transaction,
  name: string,
  ...values: Parameters<Transaction["moveCall"]>[0]["arguments"] & unknown[]
) {
  return tx.moveCall({ target: `${STORAGE_ID}::counter::${name}`, arguments: values });
}

function idOf(executed: ExecutedTransaction, type: string): string {
  const found = Object.entries(executed.objectTypes).find(([, candidate]) => candidate === type);
  if (found === undefined) throw new Error(`no ${type}`);
  return found[0];
}

function reference(id: string): { objectId: string; version: string; digest: string } {
  const object = world.ledger.object(id);
  if (object === undefined) throw new Error(`no object ${id}`);
  return { objectId: id, version: object.version.toString(), digest: object.digest };
}

async function createCounter(label = "mine"): Promise<string> {
  const executed = await runOffline(world, (tx) => {
    tx.transferObjects([call(tx, "create", tx.pure.string(label))], world.alice.toSuiAddress());
  });
  return idOf(executed, COUNTER);
}

function change(executed: ExecutedTransaction, id: string) {
  const entry = executed.effects.changedObjects.find(([changed]) => changed === id);
  return entry?.[1];
}

describe("objects", () => {
  test("versions are one more than the newest input, for every written object", async () => {
    const counter = await createCounter();
    const newest = [
      counter,
      world.counterId,
      suiCoins(world, world.alice.toSuiAddress())[0]!.objectId,
    ]
      .map((id) => world.ledger.object(id)!.version)
      .reduce((left, right) => (left > right ? left : right));
    const executed = await runOffline(world, (tx) => {
      call(tx, "increment", sharedCounter(world, tx), tx.pure.u64(1));
      call(tx, "increment", tx.objectRef(reference(counter)), tx.pure.u64(1));
    });
    expect(executed.effects.lamportVersion).toBe(String(newest + 1n));
    for (const id of [counter, world.counterId]) {
      expect(world.ledger.object(id)?.version).toBe(newest + 1n);
      expect(world.ledger.object(id)?.previousTransaction).toBe(executed.digest);
    }
  });

  test("wrapping hides an object without deleting it, unwrapping brings it back", async () => {
    const counter = await createCounter();
    const wrapped = await runOffline(world, (tx) => {
      tx.transferObjects(
        [call(tx, "wrap", tx.objectRef(reference(counter)))],
        world.alice.toSuiAddress(),
      );
    });
    expect(change(wrapped, counter)).toMatchObject({
      inputState: { $kind: "Exist" },
      outputState: { $kind: "NotExist" },
      idOperation: { $kind: "None" },
    });
    expect(world.ledger.object(counter)).toBeUndefined();
    const box = idOf(wrapped, `${ORIGINAL_ID}::counter::Box`);
    const unwrapped = await runOffline(world, (tx) => {
      tx.transferObjects(
        [call(tx, "unwrap", tx.objectRef(reference(box)))],
        world.alice.toSuiAddress(),
      );
    });
    expect(change(unwrapped, counter)).toMatchObject({
      inputState: { $kind: "NotExist" },
      outputState: { $kind: "ObjectWrite" },
      idOperation: { $kind: "None" },
    });
    expect(change(unwrapped, box)).toMatchObject({ idOperation: { $kind: "Deleted" } });
  });

  test("object fields keep their own id and leave again", async () => {
    const held = await createCounter("held");
    const holding = await runOffline(world, (tx) => {
      call(tx, "hold", sharedCounter(world, tx), tx.objectRef(reference(held)));
    });
    const field = Object.entries(holding.objectTypes).find(([, type]) => type.includes("::Field<"));
    expect(world.ledger.object(held)?.owner).toEqual({ kind: "object", parentId: field?.[0] });
    const released = await runOffline(world, (tx) => {
      tx.transferObjects([call(tx, "release", sharedCounter(world, tx))], RECIPIENT);
    });
    expect(world.ledger.object(held)?.owner).toEqual({ kind: "address", address: RECIPIENT });
    expect(change(released, field?.[0] ?? "")).toMatchObject({ idOperation: { $kind: "Deleted" } });
  });

  test("a shared object may be destroyed by who takes it by value", async () => {
    const executed = await runOffline(
      world,
      (tx) => void call(tx, "destroy", sharedCounter(world, tx)),
    );
    expect(executed.effects.status.$kind).toBe("Success");
    expect(world.ledger.object(world.counterId)).toBeUndefined();
  });

  test("only a new object may be shared", async () => {
    const share = (tx: Transaction, object: Parameters<Transaction["object"]>[0]) =>
      tx.moveCall({
        target: "0x2::transfer::public_share_object",
        typeArguments: [COUNTER],
        arguments: [tx.object(object)],
      });
    const fresh = await runOffline(world, (tx) => {
      share(tx, call(tx, "create", tx.pure.string("new")));
    });
    const id = idOf(fresh, COUNTER);
    expect(world.ledger.object(id)?.owner).toEqual({
      kind: "shared",
      initialVersion: BigInt(fresh.effects.lamportVersion),
    });
    const counter = await createCounter();
    const late = await runOffline(world, (tx) => void share(tx, tx.objectRef(reference(counter))));
    expect(late.failure?.constantName).toBe("ESharedNonNewObject");
  });

  test("digests are hashes of the BCS they stand for", async () => {
    const executed = await runOffline(world, (tx) => {
      call(tx, "increment", sharedCounter(world, tx), tx.pure.u64(1));
    });
    const object = world.ledger.object(world.counterId)!;
    const bytes = encodeObject(object);
    expect(object.digest).toBe(digestOf("Object", bytes));
    expect(bcs.Object.parse(bytes).data.Move?.version).toBe(object.version.toString());
    const effects = bcs.TransactionEffects.parse(executed.effectsBytes);
    expect(effects.V2?.transactionDigest).toBe(executed.digest);
    expect(executed.effectsDigest).toBe(digestOf("TransactionEffects", executed.effectsBytes));
    const ids = executed.effects.changedObjects.map(([id]) => id);
    expect(ids).toEqual([...ids].sort());
    expect(executed.effects.eventsDigest).toBe(executed.eventsDigest);
  });
});

describe("gas", () => {
  test("a SUI coin costs 988,000 MIST of storage, of which 99 % come back", async () => {
    const executed = await runOffline(world, (tx) => {
      tx.transferObjects([tx.splitCoins(tx.gas, [1n])], RECIPIENT);
    });
    expect(executed.effects.gasUsed).toEqual({
      computationCost: "1000000",
      storageCost: "1976000",
      storageRebate: "978120",
      nonRefundableStorageFee: "9880",
    });
  });

  test("no SUI appears or vanishes but for gas", async () => {
    const owners = [world.alice.toSuiAddress(), world.bob.toSuiAddress(), RECIPIENT];
    const total = () =>
      owners.reduce((sum, owner) => sum + world.ledger.balance(owner, SUI_TYPE), 0n);
    const before = total();
    const executed = await runOffline(world, (tx) => {
      const [a, b] = tx.splitCoins(tx.gas, [SUI, 2n * SUI]);
      tx.mergeCoins(a, [b]);
      tx.transferObjects([a], RECIPIENT);
    });
    const { computationCost, storageCost, storageRebate } = executed.effects.gasUsed;
    const net = BigInt(computationCost) + BigInt(storageCost) - BigInt(storageRebate);
    expect(total()).toBe(before - net);
    expect(world.ledger.balance(RECIPIENT, SUI_TYPE)).toBe(3n * SUI);
  });

  test("the gas coin can be sent away whole, and pays from its new owner", async () => {
    const executed = await runOffline(world, (tx) => void tx.transferObjects([tx.gas], RECIPIENT));
    const { computationCost, storageCost, storageRebate } = executed.effects.gasUsed;
    const net = BigInt(computationCost) + BigInt(storageCost) - BigInt(storageRebate);
    expect(world.ledger.balance(RECIPIENT, SUI_TYPE)).toBe(6n * SUI - net);
  });
});

describe("framework", () => {
  const coin = (
    name: string,
    ...values: Parameters<Transaction["moveCall"]>[0]["arguments"] & unknown[]
  ) => ({
    target: `0x2::coin::${name}`,
    typeArguments: [GOLD],
    arguments: values,
  });

  test("coins split, join, become balances and back", async () => {
    const owner = world.alice.toSuiAddress();
    const [gold] = world.ledger.view.ownedBy(owner).filter(({ type }) => type.includes("GOLD"));
    await runOffline(world, (tx) => {
      const mine = tx.objectRef(reference(gold!.id));
      const two = tx.moveCall(coin("split", mine, tx.pure.u64(2)));
      const balance = tx.moveCall(coin("into_balance", two));
      const back = tx.moveCall(coin("from_balance", balance));
      const zero = tx.moveCall(coin("zero"));
      tx.moveCall(coin("join", back, zero));
      tx.transferObjects([back], RECIPIENT);
    });
    expect(world.ledger.balance(RECIPIENT, GOLD)).toBe(2n);
    expect(world.ledger.balance(owner, GOLD)).toBe(3n);
  });

  test("destroy_zero of a coin with value aborts, as does splitting too much", async () => {
    const owner = world.alice.toSuiAddress();
    const [gold] = world.ledger.view.ownedBy(owner).filter(({ type }) => type.includes("GOLD"));
    const destroyed = await runOffline(world, (tx) => {
      tx.moveCall(coin("destroy_zero", tx.objectRef(reference(gold!.id))));
    });
    expect(destroyed.failure?.constantName).toBe("ENonZero");
    const split = await runOffline(world, (tx) => {
      tx.transferObjects(
        [tx.moveCall(coin("split", tx.objectRef(reference(gold!.id)), tx.pure.u64(6)))],
        owner,
      );
    });
    expect(split.failure?.constantName).toBe("ENotEnough");
  });

  test("vectors are made of pure values and of objects", async () => {
    const executed = await runOffline(world, (tx) => {
      tx.makeMoveVec({ type: "u64", elements: [tx.pure.u64(1), tx.pure.u64(2)] });
      const zero = tx.moveCall(coin("zero"));
      tx.makeMoveVec({ elements: [zero] });
    });
    expect(failureOf(executed)).toMatchObject({
      $kind: "UnusedValueWithoutDrop",
      UnusedValueWithoutDrop: { resultIdx: 2 },
    });
  });
});

describe("determinism", () => {
  test("the same seed gives the same chain id, objects and digests", () => {
    const again = startWorld();
    expect(again.ledger.chainId).toBe(world.ledger.chainId);
    expect(again.counterId).toBe(world.counterId);
    expect(again.ledger.object(world.counterId)?.digest).toBe(
      world.ledger.object(world.counterId)?.digest,
    );
  });

  test("the faucet mints what was asked for", () => {
    const { grants } = fund(world.ledger, RECIPIENT, { [SUI_TYPE]: SUI, [GOLD]: 7n });
    expect(grants.map(({ amount }) => amount)).toEqual([SUI, 7n]);
    expect(world.ledger.balance(RECIPIENT, GOLD)).toBe(7n);
    expect(world.ledger.object(grants[0]!.coinId)?.owner).toEqual({
      kind: "address",
      address: RECIPIENT,
    });
  });

  test("a system transaction may make more objects than a user's", () => {
    world.ledger.runSystem((context) => {
      for (let index = 0; index < 2_049; index++) context.mintCoin(GOLD, 1n, RECIPIENT);
    });
    expect(world.ledger.balance(RECIPIENT, GOLD)).toBe(2_049n);
  });

  test("a system transaction that throws changes nothing", () => {
    const count = world.ledger.transactionCount;
    expect(() =>
      world.ledger.runSystem((context) => {
        context.mintCoin(SUI_TYPE, 1n, RECIPIENT);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(world.ledger.transactionCount).toBe(count);
    expect(world.ledger.balance(RECIPIENT, SUI_TYPE)).toBe(0n);
  });
});
