/** What the ledger does not take at all: one test per rule, at the bound and one over. */
import { bcs } from "@mysten/sui/bcs";
import type { Transaction } from "@mysten/sui/transactions";
import { beforeEach, describe, expect, test } from "vitest";
import type { Result } from "../../../../shared/result.ts";
import type { Refusal } from "../../../devnet/ledger/types.ts";
import { GOLD, STORAGE_ID } from "./counter-package.ts";
import {
  buildOffline,
  failureOf,
  runOffline,
  sharedCounter,
  startWorld,
  submit,
  suiCoins,
  SUI,
  type World,
} from "./harness.ts";

let world: World;
beforeEach(() => {
  world = startWorld();
});

function refusal(result: Result<unknown, Refusal>): Refusal {
  if (result.ok) throw new Error("expected a refusal");
  return result.failure;
}

function send(tx: Transaction, amount = 1n): void {
  const [coin] = tx.splitCoins(tx.gas, [amount]);
  tx.transferObjects([coin], `0x${"5".repeat(64)}`);
}

/** Changes parsed transaction data and serializes it again, past every check of the SDK. */
function rewrite(
  bytes: Uint8Array,
  change: (data: typeof bcs.TransactionData.$inferType.V1) => void,
): Uint8Array {
  const data = bcs.TransactionData.parse(bytes);
  change(data.V1);
  return bcs.TransactionData.serialize(data, { maxSize: 2 ** 22 }).toBytes();
}

describe("signatures", () => {
  test("a signature by another key is refused", async () => {
    const bytes = await buildOffline(world, send);
    const failure = refusal(await submit(world, bytes, world.bob));
    expect(failure).toMatchObject({ reason: "signature" });
    expect(failure.message).toContain(`Required Signature from ${world.alice.toSuiAddress()}`);
  });

  test("a signature over other bytes is refused", async () => {
    const bytes = await buildOffline(world, send);
    const other = await buildOffline(world, (tx) => send(tx, 2n));
    const { signature } = await world.alice.signTransaction(other);
    const failure = refusal(await world.ledger.submit(bytes, [signature]));
    expect(failure.message).toContain("Signature is not valid");
  });

  test("a sponsored transaction needs both signatures, and no third", async () => {
    const bytes = rewrite(await buildOffline(world, send), ({ gasData }) => {
      gasData.owner = world.bob.toSuiAddress();
      gasData.payment = suiCoins(world, world.bob.toSuiAddress()).slice(0, 1);
    });
    expect(refusal(await submit(world, bytes, world.alice)).message).toBe(
      "Expect 2 signer signatures but got 1",
    );
    expect(refusal(await submit(world, bytes, world.alice, world.bob, world.bob)).message).toBe(
      "Expect 2 signer signatures but got 3",
    );
    expect((await submit(world, bytes, world.alice, world.bob)).ok).toBe(true);
  });
});

describe("objects", () => {
  test("a stale version is refused with Sui's words", async () => {
    const old = await buildOffline(world, send);
    const [coin] = suiCoins(world, world.alice.toSuiAddress());
    await runOffline(world, (tx) => send(tx, 2n));
    const failure = refusal(await submit(world, old));
    expect(failure.reason).toBe("object-version");
    const now = world.ledger.object(coin!.objectId)?.version ?? 0n;
    expect(failure.message).toBe(
      `Transaction needs to be rebuilt because object ${coin!.objectId} version 0x${BigInt(coin!.version).toString(16)} (${coin!.digest}) is unavailable for consumption, current version: 0x${now.toString(16)}`,
    );
  });

  test("two transactions on one version: the accepted one holds the object", async () => {
    const first = await buildOffline(world, send);
    const second = await buildOffline(world, (tx) => send(tx, 2n));
    const { signature } = await world.alice.signTransaction(first);
    const accepted = await world.ledger.accept(first, [signature]);
    if (!accepted.ok) throw new Error(accepted.failure.message);
    const failure = refusal(await submit(world, second));
    expect(failure).toMatchObject({ kind: "locked", reason: "object-locked" });
    expect(failure.message).toContain("already locked by a different transaction");
    expect(failure.message).toContain(accepted.value.digest);
    expect((await world.ledger.accept(first, [signature])).ok).toBe(true);
    expect(world.ledger.execute(accepted.value).ok).toBe(true);
    expect(refusal(await submit(world, second)).reason).toBe("object-version");
  });

  test("locks end with Sui's epoch", async () => {
    const first = await buildOffline(world, send);
    const second = await buildOffline(world, (tx) => send(tx, 2n));
    await world.ledger.accept(first, [(await world.alice.signTransaction(first)).signature]);
    world.ledger.advanceSuiEpoch();
    expect((await submit(world, second)).ok).toBe(true);
  });

  test("the same bytes again give the same effects and run once", async () => {
    const bytes = await buildOffline(world, send);
    const first = await submit(world, bytes);
    const again = await submit(world, bytes);
    if (!first.ok || !again.ok) throw new Error("expected both to be answered");
    expect(again.value.effectsDigest).toBe(first.value.effectsDigest);
    expect(world.ledger.userTransactionCount).toBe(1);
  });

  test("a wrong digest, a missing object and somebody else's object are refused", async () => {
    const [bobs] = suiCoins(world, world.bob.toSuiAddress());
    const using = (reference: { objectId: string; version: string; digest: string }) =>
      buildOffline(world, (tx) =>
        tx.transferObjects([tx.objectRef(reference)], `0x${"5".repeat(64)}`),
      );
    const foreign = refusal(await submit(world, await using(bobs!)));
    expect(foreign.reason).toBe("object-owner");
    expect(foreign.message).toContain(`is owned by account address ${world.bob.toSuiAddress()}`);
    const [, mine] = suiCoins(world, world.alice.toSuiAddress());
    const wrong = refusal(await submit(world, await using({ ...mine!, digest: bobs!.digest })));
    expect(wrong.message).toContain("Invalid Object digest");
    const missing = { ...mine!, objectId: `0x${"e".repeat(64)}` };
    expect(refusal(await submit(world, await using(missing))).reason).toBe("object-not-found");
  });

  test("a dynamic field cannot be an input, a shared object not be owned, an owned one not shared", async () => {
    const noted = await runOffline(world, (tx) => {
      tx.moveCall({
        target: `${STORAGE_ID}::counter::note`,
        arguments: [sharedCounter(world, tx), tx.pure.string("k"), tx.pure.u64(1)],
      });
    });
    const field = Object.entries(noted.objectTypes).find(([, type]) => type.includes("Field<"))![0];
    const referenceTo = (id: string) => {
      const object = world.ledger.object(id)!;
      return { objectId: id, version: object.version.toString(), digest: object.digest };
    };
    const increment = (argument: (tx: Transaction) => ReturnType<Transaction["objectRef"]>) =>
      buildOffline(world, (tx) => {
        tx.moveCall({
          target: `${STORAGE_ID}::counter::increment`,
          arguments: [argument(tx), tx.pure.u64(1)],
        });
      });
    const child = await increment((tx) => tx.objectRef(referenceTo(field)));
    expect(refusal(await submit(world, child)).message).toContain("Invalid Child Object Argument");
    const owned = await increment((tx) => tx.objectRef(referenceTo(world.counterId)));
    expect(refusal(await submit(world, owned)).message).toBe("Object used as owned is not owned.");
    const [coin] = suiCoins(world, world.alice.toSuiAddress()).slice(1);
    const shared = await increment((tx) =>
      tx.sharedObjectRef({ objectId: coin!.objectId, initialSharedVersion: "1", mutable: true }),
    );
    expect(refusal(await submit(world, shared)).message).toBe(
      "Object used as shared is not shared.",
    );
    const start = await increment((tx) =>
      tx.sharedObjectRef({ objectId: world.counterId, initialSharedVersion: "2", mutable: true }),
    );
    expect(refusal(await submit(world, start)).message).toBe(
      "Wrong initial version given for shared object",
    );
  });

  test("one object cannot be used twice, nor as input and gas", async () => {
    const bytes = await buildOffline(world, (tx) => {
      const [gas] = suiCoins(world, world.alice.toSuiAddress());
      tx.transferObjects([tx.objectRef(gas!)], `0x${"5".repeat(64)}`);
    });
    expect(refusal(await submit(world, bytes)).message).toContain("cannot appear more than one");
  });

  test("an unknown package is refused", async () => {
    const bytes = await buildOffline(world, (tx) => {
      tx.moveCall({ target: `0x${"d".repeat(64)}::m::f` });
    });
    expect(refusal(await submit(world, bytes)).reason).toBe("package-not-found");
  });
});

describe("expiration", () => {
  test("a transaction runs in its last epoch and not after", async () => {
    expect((await runOffline(world, send, { epoch: 0 })).effects.status.$kind).toBe("Success");
    const late = await buildOffline(world, send, { epoch: 0 });
    world.ledger.advanceSuiEpoch();
    expect(refusal(await submit(world, late))).toMatchObject({
      reason: "expired",
      message: "Transaction Expired",
    });
  });

  test("a validity window binds chain, epochs and time", async () => {
    const during = async (
      window: Partial<typeof bcs.TransactionExpiration.$inferType.ValidDuring>,
    ) =>
      submit(
        world,
        rewrite(await buildOffline(world, send), (data) => {
          const ValidDuring = {
            minEpoch: "0",
            maxEpoch: "1",
            minTimestamp: null,
            maxTimestamp: null,
            chain: world.ledger.chainId,
            nonce: 1,
            ...window,
          };
          data.expiration = { $kind: "ValidDuring", ValidDuring };
        }),
      );
    expect(refusal(await during({ chain: "1".repeat(32) })).message).toContain("chain id");
    expect(refusal(await during({ minEpoch: "1" })).reason).toBe("expired");
    expect(refusal(await during({ maxTimestamp: String(world.clock.now - 1) })).reason).toBe(
      "expired",
    );
    expect((await during({ maxTimestamp: String(world.clock.now) })).ok).toBe(true);
    world.ledger.advanceSuiEpoch();
    expect((await during({})).ok).toBe(true);
    world.ledger.advanceSuiEpoch();
    expect(refusal(await during({})).reason).toBe("expired");
  });

  test("a transaction that ran is still answered after its expiration", async () => {
    const bytes = await buildOffline(world, send, { epoch: 0 });
    await submit(world, bytes);
    world.ledger.advanceSuiEpoch();
    expect((await submit(world, bytes)).ok).toBe(true);
  });
});

describe("limits", () => {
  const commands = (count: number) => (tx: Transaction) => {
    for (let index = 0; index < count; index++) {
      tx.moveCall({ target: "0x2::balance::zero", typeArguments: [GOLD] });
    }
  };

  test("1,024 commands are taken, 1,025 are not", async () => {
    const most = await submit(world, await buildOffline(world, commands(1_024)));
    expect(most.ok).toBe(true);
    const over = refusal(await submit(world, await buildOffline(world, commands(1_025))));
    expect(over).toMatchObject({ reason: "limit" });
    expect(over.message).toContain("commands");
  });

  test("a pure argument of 16,384 bytes is taken, of 16,385 not", async () => {
    const pure = (length: number) => (tx: Transaction) => {
      tx.pure(new Uint8Array(length));
      send(tx);
    };
    expect((await submit(world, await buildOffline(world, pure(16_384)))).ok).toBe(true);
    const over = refusal(await submit(world, await buildOffline(world, pure(16_385))));
    expect(over.message).toContain("pure argument size");
  });

  test("2,048 inputs are taken, 2,049 are not", async () => {
    const inputs = (count: number) => async () =>
      rewrite(await buildOffline(world, send), ({ kind }) => {
        const programmable = kind.ProgrammableTransaction!;
        while (programmable.inputs.length < count) {
          programmable.inputs.push({ $kind: "Pure", Pure: { bytes: "AA==" } });
        }
      });
    expect((await submit(world, await inputs(2_048)())).ok).toBe(true);
    const over = refusal(await submit(world, await inputs(2_049)()));
    expect(over.message).toContain("input objects");
  });

  test("a transaction of 131,072 bytes is taken, of 131,073 not", async () => {
    const sized = async (target: number) => {
      const base = await buildOffline(world, send);
      const filled = (last: number) =>
        rewrite(base, ({ kind }) => {
          const programmable = kind.ProgrammableTransaction!;
          for (const length of [...Array<number>(7).fill(16_384), last]) {
            const bytes = Buffer.alloc(length).toString("base64");
            programmable.inputs.push({ $kind: "Pure", Pure: { bytes } });
          }
        });
      const guess = 16_384 - 2_000;
      return filled(guess + target - filled(guess).length);
    };
    const most = await sized(131_072);
    expect(most).toHaveLength(131_072);
    expect((await submit(world, most)).ok).toBe(true);
    const over = await sized(131_073);
    expect(over).toHaveLength(131_073);
    expect(refusal(await submit(world, over)).message).toContain("serialized transaction size");
  });

  test("256 gas coins are taken, 257 are not", async () => {
    const alice = world.alice.toSuiAddress();
    await runOffline(
      world,
      (tx) => {
        const coins = tx.splitCoins(tx.gas, Array<bigint>(256).fill(1_000_000n));
        tx.transferObjects(
          Array.from({ length: 256 }, (_, index) => coins[index]!),
          alice,
        );
      },
      { budget: 1_000_000_000n },
    );
    const paidBy = async (count: number) =>
      rewrite(await buildOffline(world, send), ({ gasData }) => {
        gasData.payment = suiCoins(world, alice).slice(0, count);
      });
    expect(refusal(await submit(world, await paidBy(257))).message).toContain(
      "gas payment objects",
    );
    const smashed = await submit(world, await paidBy(256));
    if (!smashed.ok) throw new Error(smashed.failure.message);
    expect(suiCoins(world, alice)).toHaveLength(3);
  });

  test("512 arguments of a command are taken, 513 are not", async () => {
    const split = (count: number) => (tx: Transaction) => {
      const coins = tx.splitCoins(tx.gas, Array<bigint>(count).fill(1n));
      tx.transferObjects([coins[0]!], `0x${"5".repeat(64)}`);
    };
    expect((await submit(world, await buildOffline(world, split(512)))).ok).toBe(true);
    const over = refusal(await submit(world, await buildOffline(world, split(513))));
    expect(over.message).toContain("arguments in a command");
  });

  test("16 type arguments are taken, 17 are not", async () => {
    const typed = (count: number) => (tx: Transaction) => {
      tx.moveCall({ target: "0x2::coin::zero", typeArguments: Array<string>(count).fill(GOLD) });
    };
    const most = await submit(world, await buildOffline(world, typed(16)));
    expect(most.ok && failureOf(most.value)).toMatchObject({ $kind: "TypeArityMismatch" });
    const over = refusal(await submit(world, await buildOffline(world, typed(17))));
    expect(over.message).toContain("type arguments");
  });

  test("the gas budget has a least and a most", async () => {
    const budget = async (amount: bigint) =>
      submit(world, await buildOffline(world, send, { budget: amount }));
    expect(refusal(await budget(999_999n)).message).toBe(
      "Gas budget: 999999 is lower than min: 1000000.",
    );
    const least = await budget(1_000_000n);
    expect(least.ok && failureOf(least.value)).toMatchObject({ $kind: "InsufficientGas" });
    expect(refusal(await budget(50_000_000_001n)).message).toBe(
      "Gas budget: 50000000001 is higher than max: 50000000000.",
    );
    expect(refusal(await budget(50_000_000_000n)).message).toContain("Balance of gas object");
  });

  test("the gas price has a least and a most", async () => {
    const price = async (amount: bigint) =>
      submit(world, await buildOffline(world, send, { price: amount, budget: SUI }));
    expect(refusal(await price(999n)).message).toBe(
      "Gas price 999 under reference gas price (RGP) 1000",
    );
    expect(refusal(await price(100_000n)).message).toBe("Gas price cannot exceed 100000 mist");
    expect((await price(99_999n)).ok).toBe(true);
  });
});

describe("form", () => {
  test("bytes that are no transaction, or have bytes to spare, are refused", async () => {
    const bytes = await buildOffline(world, send);
    const longer = new Uint8Array([...bytes, 0]);
    expect(refusal(await submit(world, longer)).reason).toBe("malformed");
    expect(refusal(await submit(world, Uint8Array.of(1, 2, 3))).reason).toBe("malformed");
  });

  test("publishing is refused clearly", async () => {
    const bytes = await buildOffline(world, (tx) => {
      const cap = tx.publish({ modules: [[1, 2, 3]], dependencies: [] });
      tx.transferObjects([cap], world.alice.toSuiAddress());
    });
    const failure = refusal(await submit(world, bytes));
    expect(failure.message).toBe("Publish is not supported: this ledger runs no bytecode");
  });

  test("commands without arguments are refused", async () => {
    const bytes = rewrite(await buildOffline(world, send), ({ kind }) => {
      kind.ProgrammableTransaction!.commands = [];
    });
    expect(refusal(await submit(world, bytes)).message).toContain("Empty command input");
  });
});
