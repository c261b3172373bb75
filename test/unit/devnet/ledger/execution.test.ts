/** How transactions run: results, typing rules, failures, gas, effects. */
import type { Transaction } from "@mysten/sui/transactions";
import { beforeEach, describe, expect, test } from "vitest";
import { SUI_TYPE } from "../../../devnet/ledger/move-types.ts";
import type { ExecutedTransaction } from "../../../devnet/ledger/types.ts";
import { GOLD, STORAGE_ID } from "./counter-package.ts";
import {
  buildOffline,
  failureOf,
  runOffline,
  sharedCounter,
  startWorld,
  submit,
  SUI,
  type World,
} from "./harness.ts";

const RECIPIENT = `0x${"5".repeat(64)}`;

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

function change(executed: ExecutedTransaction, id: string) {
  const entry = executed.effects.changedObjects.find(([changed]) => changed === id);
  return entry?.[1];
}

describe("typing", () => {
  const cases: readonly {
    readonly name: string;
    readonly fill: (tx: Transaction) => void;
    readonly error: object;
  }[] = [
    {
      name: "an object of another type is a TypeMismatch",
      fill: (tx) => void call(tx, "increment", tx.gas, tx.pure.u64(1)),
      error: { argIdx: 0, kind: { $kind: "TypeMismatch" } },
    },
    {
      name: "too few bytes for a pure type are InvalidBCSBytes",
      fill: (tx) => void call(tx, "increment", sharedCounter(world, tx), tx.pure.u32(1)),
      error: { argIdx: 1, kind: { $kind: "InvalidBCSBytes" } },
    },
    {
      name: "too many bytes for a pure type are InvalidBCSBytes",
      fill: (tx) => void call(tx, "increment", sharedCounter(world, tx), tx.pure.u128(1)),
      error: { argIdx: 1, kind: { $kind: "InvalidBCSBytes" } },
    },
    {
      name: "a pure input for an object is InvalidUsageOfPureArg",
      fill: (tx) => void call(tx, "increment", tx.pure.u64(1), tx.pure.u64(1)),
      error: { argIdx: 0, kind: { $kind: "InvalidUsageOfPureArg" } },
    },
    {
      name: "a shared object taken read-only cannot be borrowed mutably",
      fill: (tx) => void call(tx, "increment", sharedCounter(world, tx, false), tx.pure.u64(1)),
      error: { argIdx: 0, kind: { $kind: "InvalidObjectByMutRef" } },
    },
    {
      name: "a shared object taken read-only cannot be moved",
      fill: (tx) => void call(tx, "destroy", sharedCounter(world, tx, false)),
      error: { argIdx: 0, kind: { $kind: "InvalidObjectByValue" } },
    },
    {
      name: "a moved value cannot be used again",
      fill: (tx) => {
        const ticket = call(tx, "ticket");
        call(tx, "punch", ticket);
        call(tx, "punch", ticket);
      },
      error: { argIdx: 0, kind: { $kind: "InvalidValueUsage" } },
    },
    {
      name: "the gas coin cannot be moved into a call",
      fill: (tx) => {
        tx.moveCall({
          target: "0x2::coin::into_balance",
          typeArguments: [SUI_TYPE],
          arguments: [tx.gas],
        });
      },
      error: { argIdx: 0, kind: { $kind: "InvalidGasCoinUsage" } },
    },
    {
      name: "a result of several values must be used by index",
      fill: (tx) => {
        const coins = tx.splitCoins(tx.gas, [1, 2]);
        tx.transferObjects([coins], RECIPIENT);
      },
      error: { argIdx: 0, kind: { $kind: "InvalidResultArity" } },
    },
    {
      name: "a nested result out of range is refused",
      fill: (tx) => {
        const coins = tx.splitCoins(tx.gas, [1]);
        tx.transferObjects([coins[0], coins[1]!], RECIPIENT);
      },
      error: { argIdx: 1, kind: { $kind: "SecondaryIndexOutOfBounds" } },
    },
    {
      name: "the same object cannot be borrowed mutably and moved in one command",
      fill: (tx) => {
        const counter = call(tx, "create", tx.pure.string("a"));
        call(tx, "hold", counter, counter);
      },
      error: { argIdx: 1, kind: { $kind: "InvalidValueUsage" } },
    },
    {
      name: "splitting what is no coin is a TypeMismatch",
      fill: (tx) => void tx.splitCoins(sharedCounter(world, tx), [1]),
      error: { argIdx: 0, kind: { $kind: "TypeMismatch" } },
    },
    {
      name: "merging coins of different types is a TypeMismatch",
      fill: (tx) => {
        const gold = tx.moveCall({ target: "0x2::coin::zero", typeArguments: [GOLD] });
        tx.mergeCoins(tx.gas, [gold]);
      },
      error: { argIdx: 1, kind: { $kind: "TypeMismatch" } },
    },
  ];

  test.each(cases)("$name", async ({ fill, error }) => {
    const executed = await runOffline(world, fill);
    expect(failureOf(executed)).toMatchObject({
      $kind: "CommandArgumentError",
      CommandArgumentError: error,
    });
  });

  test("a value without drop must be used", async () => {
    const executed = await runOffline(world, (tx) => {
      call(tx, "value", sharedCounter(world, tx));
      call(tx, "ticket");
    });
    expect(failureOf(executed)).toEqual({
      $kind: "UnusedValueWithoutDrop",
      UnusedValueWithoutDrop: { resultIdx: 1, secondaryIdx: 0 },
    });
  });

  test.each([
    ["FunctionNotFound", (tx: Transaction) => void call(tx, "nothing")],
    ["ArityMismatch", (tx: Transaction) => void call(tx, "ticket", tx.pure.u8(1))],
    ["TypeArityMismatch", (tx: Transaction) => void tx.moveCall({ target: "0x2::coin::zero" })],
    [
      "TypeArgumentError",
      (tx: Transaction) =>
        void tx.moveCall({ target: "0x2::coin::zero", typeArguments: ["0x2::no::Such"] }),
    ],
    [
      "InvalidTransferObject",
      (tx: Transaction) => void tx.transferObjects([call(tx, "ticket")], RECIPIENT),
    ],
    ["InsufficientCoinBalance", (tx: Transaction) => void tx.splitCoins(tx.gas, [6n * SUI])],
    [
      "SharedObjectOperationNotAllowed",
      (tx: Transaction) => void tx.transferObjects([sharedCounter(world, tx)], RECIPIENT),
    ],
  ])("%s", async (kind, fill) => {
    expect(failureOf(await runOffline(world, fill))).toMatchObject({ $kind: kind });
  });
});

describe("limits while running", () => {
  test("2,048 new ids are made, 2,049 are not", async () => {
    const split = (last: number) => (tx: Transaction) => {
      const one = tx.pure.u64(1);
      for (const count of [512, 512, 512, last]) {
        const coins = tx.splitCoins(tx.gas, Array<typeof one>(count).fill(one));
        tx.transferObjects(
          Array.from({ length: count }, (_, index) => coins[index]!),
          RECIPIENT,
        );
      }
    };
    const over = await runOffline(
      world,
      (tx) => {
        split(512)(tx);
        tx.splitCoins(tx.gas, [1n]);
      },
      { budget: 3n * SUI },
    );
    expect(over.failure?.description).toContain("too many new object ids");
    const most = await runOffline(world, split(512), { budget: 3n * SUI });
    expect(most.effects.status.$kind).toBe("Success");
    expect(world.ledger.view.ownedBy(RECIPIENT)).toHaveLength(2_048);
  });

  test("1,024 events of 256 KiB at most are emitted", async () => {
    const shout = (length: number, times: number) =>
      runOffline(world, (tx) => void call(tx, "shout", tx.pure.u64(length), tx.pure.u64(times)));
    expect((await shout(1, 1_024)).events).toHaveLength(1_024);
    expect((await shout(1, 1_025)).failure?.description).toContain("event limit");
    // Three bytes of length come before the text.
    expect((await shout(256 * 1024 - 3, 1)).events).toHaveLength(1);
    expect((await shout(256 * 1024 - 2, 1)).failure?.description).toContain("event limit");
  });

  test("an object of 256,000 bytes is kept, a larger one is not", async () => {
    // Id, count and three bytes of length come before the text.
    const room = 256_000 - 32 - 8 - 3;
    const grow = (length: number) =>
      runOffline(
        world,
        (tx) => void call(tx, "grow", sharedCounter(world, tx), tx.pure.u64(length)),
        { budget: 3n * SUI },
      );
    expect(failureOf(await grow(room + 1))).toEqual({
      $kind: "MoveObjectTooBig",
      MoveObjectTooBig: { objectSize: "256001", maxObjectSize: "256000" },
    });
    expect((await grow(room)).effects.status.$kind).toBe("Success");
    expect(world.ledger.object(world.counterId)?.contents).toHaveLength(256_000);
  });
});

describe("failure", () => {
  test("an abort names module, function, code and constant, and undoes everything", async () => {
    const executed = await runOffline(world, (tx) => {
      call(tx, "increment", sharedCounter(world, tx), tx.pure.u64(5));
      call(tx, "fail", sharedCounter(world, tx));
    });
    expect(executed.effects.status.Failure).toMatchObject({
      command: "1",
      error: {
        MoveAbort: [
          { module: { address: STORAGE_ID, name: "counter" }, functionName: "fail" },
          "7",
        ],
      },
    });
    expect(executed.failure?.constantName).toBe("EAlwaysFails");
    expect(executed.events).toEqual([]);
    expect(world.ledger.objectValue(world.counterId)?.value).toMatchObject({ count: 0n });
    expect(change(executed, world.counterId)?.outputState.$kind).toBe("ObjectWrite");
    expect(world.ledger.moveCalls.get("counter::fail")).toBe(1);
  });

  test("running out of gas for storage costs at most the budget", async () => {
    const owner = world.alice.toSuiAddress();
    const before = world.ledger.balance(owner, SUI_TYPE);
    const executed = await runOffline(
      world,
      (tx) => {
        const coins = tx.splitCoins(tx.gas, Array<bigint>(20).fill(1n));
        tx.transferObjects(
          Array.from({ length: 20 }, (_, index) => coins[index]!),
          RECIPIENT,
        );
      },
      { budget: 5_000_000n },
    );
    expect(failureOf(executed)).toMatchObject({ $kind: "InsufficientGas" });
    const paid = before - world.ledger.balance(owner, SUI_TYPE);
    expect(paid).toBeGreaterThan(0n);
    expect(paid).toBeLessThanOrEqual(5_000_000n);
    expect(world.ledger.view.ownedBy(RECIPIENT)).toEqual([]);
  });

  test("the gas budget is set aside while the commands run", async () => {
    const fails = await runOffline(
      world,
      (tx) => void tx.splitCoins(tx.gas, [6n * SUI - 99_999_999n]),
    );
    expect(failureOf(fails)).toMatchObject({ $kind: "InsufficientCoinBalance" });
  });

  test("congestion cancels on demand, then lets the next one pass", async () => {
    world.ledger.congest([world.counterId], 1);
    const increment = (tx: Transaction) =>
      void call(tx, "increment", sharedCounter(world, tx), tx.pure.u64(1));
    const version = world.ledger.object(world.counterId)?.version;
    const cancelled = await runOffline(world, increment);
    expect(failureOf(cancelled)).toEqual({
      $kind: "ExecutionCancelledDueToSharedObjectCongestion",
      ExecutionCancelledDueToSharedObjectCongestion: { congested_objects: [world.counterId] },
    });
    expect(world.ledger.object(world.counterId)?.version).toBe(version);
    expect(cancelled.effects.unchangedConsensusObjects[0]).toMatchObject([
      world.counterId,
      { $kind: "Cancelled" },
    ]);
    expect((await runOffline(world, increment)).effects.status.$kind).toBe("Success");
  });

  test("a native function that changes what it borrowed immutably is caught", async () => {
    const bytes = await buildOffline(
      world,
      (tx) => void call(tx, "cheat", sharedCounter(world, tx)),
    );
    await expect(submit(world, bytes)).resolves.toMatchObject({ ok: true });
    const readOnly = await buildOffline(
      world,
      (tx) => void call(tx, "cheat", sharedCounter(world, tx, false)),
    );
    await expect(submit(world, readOnly)).rejects.toThrow(/borrowed immutably/);
  });
});
