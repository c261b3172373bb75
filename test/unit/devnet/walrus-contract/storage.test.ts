import { describe, expect, test } from "vitest";
import {
  ringLookup,
  ringPopExpand,
  newRing,
  storageUnits,
} from "../../../devnet/walrus-contract/rules/accounting.ts";
import { deriveBlobId, encodedBlobLength } from "../../../devnet/walrus-contract/rules/encoding.ts";
import { startEpochChange } from "../../../devnet/walrus-contract/operations.ts";
import type { Storage } from "../../../devnet/walrus-contract/values.ts";
import {
  abortOf,
  call,
  callOne,
  coin,
  ENCODED,
  PLENTY,
  reserve,
  run,
  startWorld,
} from "./support.ts";

const HALF = 500_000_000n;

describe("encoded length and blob id", () => {
  test.each([
    [0n, 10, 6_940n],
    [1n, 10, 6_940n],
    [1n, 1000, 66_034_000n],
    [2_800n, 10, 17_720n],
    [22_277_800n, 1000, 164_132_000n],
  ])("%s bytes over %i shards are %s bytes (redstuff.move)", (size, shards, encoded) => {
    expect(encodedBlobLength(size, 1, shards)).toBe(encoded);
  });

  test("EInvalidEncodingType: only type 1 is known (encoding.move)", () => {
    expect(() => encodedBlobLength(1n, 0, 10)).toThrow("EInvalidEncodingType");
  });

  test("a symbol of more than 16 bits is an arithmetic error (redstuff.move)", () => {
    const most = 65_534n * 34n * 67n;
    expect(encodedBlobLength(most, 1, 100)).toBeGreaterThan(most);
    expect(() => encodedBlobLength(most + 1n, 1, 100)).toThrow("MovePrimitiveRuntimeError");
  });

  test("root 0xABC and 5,000,000 bytes give the known id (blob_tests.move)", () => {
    expect(deriveBlobId(0xabcn, 1, 5_000_000n)).toBe(
      12410971976601671098025294895545122336891773677373335232284962681286794111406n,
    );
  });
});

describe("the ring of future epochs (ringbuffer_tests.move)", () => {
  test("pops the current epoch and opens one at the far end", () => {
    const ring = newRing(3);
    expect([0, 1, 2].map((offset) => ringLookup(ring, offset).epoch)).toEqual([0, 1, 2]);
    expect(ringPopExpand(ring).epoch).toBe(0);
    expect(ringPopExpand(ring).epoch).toBe(1);
    expect([0, 1, 2].map((offset) => ringLookup(ring, offset).epoch)).toEqual([2, 3, 4]);
  });

  test("ETooFarInFuture: looks no further than its length (storage_accounting.move)", () => {
    expect(() => ringLookup(newRing(3), 3)).toThrow("ETooFarInFuture");
  });

  test("EInvalidMaxEpochsAhead: 1000 epochs are the most (system_state_inner.move)", () => {
    expect(newRing(1000).length).toBe(1000);
    expect(() => newRing(1001)).toThrow("EInvalidMaxEpochsAhead");
  });

  test("a unit is one MiB, rounded up", () => {
    expect([1n, 1_048_576n, 1_048_577n].map(storageUnits)).toEqual([1n, 1n, 2n]);
    expect(storageUnits(66_034_000n)).toBe(63n);
  });
});

describe("reserve_space (system_state_inner.move)", () => {
  test("takes units x price x epochs, spread over the epochs", () => {
    const world = startWorld();
    const { result } = run(world, (context, { system }) => {
      const payment = coin(context, 10_000n);
      const storage = callOne(
        context,
        "system::reserve_space",
        system,
        3_000_000n,
        4,
        payment,
      ) as Storage;
      return { storage, left: payment.balance.value };
    });
    expect(result.left).toBe(10_000n - 3n * 5n * 4n);
    expect(result.storage).toMatchObject({
      start_epoch: 1,
      end_epoch: 5,
      storage_size: 3_000_000n,
    });
    expect(rewards(world).slice(0, 6)).toEqual([15n, 15n, 15n, 15n, 0n, 0n]);
  });

  test("reserves from a later epoch and never before now", () => {
    const world = startWorld();
    const { result } = run(world, (context, { system }) =>
      [0, 3].map(
        (start) =>
          callOne(
            context,
            "system::reserve_space_for_epochs",
            system,
            1n,
            start,
            5,
            coin(context, PLENTY),
          ) as Storage,
      ),
    );
    expect(result.map(({ start_epoch, end_epoch }) => [start_epoch, end_epoch])).toEqual([
      [1, 5],
      [3, 5],
    ]);
    expect(rewards(world).slice(0, 5)).toEqual([5n, 5n, 10n, 10n, 0n]);
  });

  test("53 epochs are the most", () => {
    const { result } = run(startWorld(), (context, { system }) => reserve(context, system, 53));
    expect(result.end_epoch).toBe(54);
  });

  test.each([0, 54])("EInvalidEpochsAhead: reserve_space refuses %i epochs", (epochs) => {
    const abort = abortOf(startWorld(), (context, { system }) => reserve(context, system, epochs));
    expect(abort).toBe("system_state_inner::EInvalidEpochsAhead (2)");
  });

  test.each([
    [1, 1],
    [1, 55],
  ])("EInvalidEpochsAhead: reserve_space_for_epochs refuses [%i, %i)", (start, end) => {
    const abort = abortOf(startWorld(), (context, { system }) =>
      call(
        context,
        "system::reserve_space_for_epochs",
        system,
        1n,
        start,
        end,
        coin(context, PLENTY),
      ),
    );
    expect(abort).toBe("system_state_inner::EInvalidEpochsAhead (2)");
  });

  test("EInvalidResourceSize: refuses zero bytes", () => {
    const abort = abortOf(startWorld(), (context, { system }) => reserve(context, system, 1, 0n));
    expect(abort).toBe("system_state_inner::EInvalidResourceSize (11)");
  });

  test("ENotEnough: a coin too small (balance.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) =>
      call(context, "system::reserve_space", system, 1n, 2, coin(context, 9n)),
    );
    expect(abort).toBe("balance::ENotEnough (2)");
  });

  test("EStorageExceeded: one byte more than the capacity", () => {
    const world = startWorld();
    run(world, (context, { system }) => reserve(context, system, 1, 1_000_000_000n));
    const abort = abortOf(world, (context, { system }) => reserve(context, system, 1, 1n));
    expect(abort).toBe("system_state_inner::EStorageExceeded (1)");
  });

  test("EStorageExceeded: a later epoch that is full", () => {
    const world = startWorld();
    run(world, (context, { system }) =>
      call(
        context,
        "system::reserve_space_for_epochs",
        system,
        1_000_000_000n,
        3,
        4,
        coin(context, PLENTY),
      ),
    );
    const abort = abortOf(world, (context, { system }) => reserve(context, system, 3, 1n));
    expect(abort).toBe("system_state_inner::EStorageExceeded (1)");
    expect(abortOf(world, (context, { system }) => reserve(context, system, 2, 1n))).toBe(
      "no abort",
    );
  });

  test("counts used capacity by epoch (storage_resource_tests.move)", () => {
    const world = startWorld();
    run(world, (context, { system }) => [
      reserve(context, system, 2, HALF),
      reserve(context, system, 1, HALF),
    ]);
    expect(view(world, "system::used_capacity_size")).toBe(1_000_000_000n);
    expect(view(world, "system::total_capacity_size")).toBe(1_000_000_000n);
    world.ledger.runSystem((context) => {
      startEpochChange(context, world.deployment);
    });
    expect(view(world, "system::used_capacity_size")).toBe(HALF);
    expect([view(world, "system::epoch"), view(world, "system::n_shards")]).toEqual([2, 100]);
  });
});

describe("storage_resource.move", () => {
  const whole = (): Storage => ({
    id: "0x1",
    start_epoch: 0,
    end_epoch: 10,
    storage_size: 5_000_000n,
  });

  test("splits by epoch and fuses again", () => {
    const { result } = run(startWorld(), (context) => {
      const storage = whole();
      const rest = callOne(context, "storage_resource::split_by_epoch", storage, 4) as Storage;
      const parts = [storage, rest].map((part) => [
        part.start_epoch,
        part.end_epoch,
        part.storage_size,
      ]);
      call(context, "storage_resource::fuse", storage, rest);
      return { parts, storage };
    });
    expect(result.parts).toEqual([
      [0, 4, 5_000_000n],
      [4, 10, 5_000_000n],
    ]);
    expect(result.storage).toEqual(whole());
  });

  test("splits by size and fuses again", () => {
    const { result } = run(startWorld(), (context) => {
      const storage = whole();
      const rest = callOne(
        context,
        "storage_resource::split_by_size",
        storage,
        1_000_000n,
      ) as Storage;
      const sizes = [storage.storage_size, rest.storage_size];
      call(context, "storage_resource::fuse", storage, rest);
      return { sizes, storage };
    });
    expect(result.sizes).toEqual([1_000_000n, 4_000_000n]);
    expect(result.storage).toEqual(whole());
  });

  test.each([0, 10])("EInvalidEpoch: split_by_epoch refuses epoch %i", (epoch) => {
    const abort = abortOf(startWorld(), (context) =>
      call(context, "storage_resource::split_by_epoch", whole(), epoch),
    );
    expect(abort).toBe("storage_resource::EInvalidEpoch (0)");
  });

  test("EIncompatibleAmount: split_by_size cannot keep more than there is", () => {
    const abort = abortOf(startWorld(), (context) =>
      call(context, "storage_resource::split_by_size", whole(), 5_000_001n),
    );
    expect(abort).toBe("storage_resource::EIncompatibleAmount (2)");
  });

  test.each([
    [
      "EIncompatibleAmount (2)",
      "fuse_periods",
      { start_epoch: 10, end_epoch: 12, storage_size: 1n },
    ],
    ["EIncompatibleEpochs (1)", "fuse_periods", { start_epoch: 11, end_epoch: 12 }],
    ["EIncompatibleEpochs (1)", "fuse_amount", { start_epoch: 0, end_epoch: 9 }],
  ])("%s: %s refuses storage that does not fit", (name, functionName, changes) => {
    const abort = abortOf(startWorld(), (context) =>
      call(context, `storage_resource::${functionName}`, whole(), {
        ...whole(),
        id: "0x2",
        ...changes,
      }),
    );
    expect(abort).toBe(`storage_resource::${name}`);
  });

  test("can be destroyed and read", () => {
    const { result } = run(startWorld(), (context, { system }) => {
      const storage = reserve(context, system);
      const names = ["start_epoch", "end_epoch", "size"];
      const views = names.map((name) => callOne(context, `storage_resource::${name}`, storage));
      call(context, "storage_resource::destroy", storage);
      return views;
    });
    expect(result).toEqual([1, 4, ENCODED]);
  });
});

function rewards(world: ReturnType<typeof startWorld>): readonly bigint[] {
  const inner = world.ledger.fieldValue(world.deployment.systemId, "u64", 3n) as {
    readonly future_accounting: Parameters<typeof ringLookup>[0];
  };
  const ring = inner.future_accounting;
  return Array.from(
    { length: ring.length },
    (_, i) => ringLookup(ring, i).rewards_to_distribute.value,
  );
}

function view(world: ReturnType<typeof startWorld>, name: string): unknown {
  return run(world, (context, { system }) => callOne(context, name, system)).result;
}
