import { describe, expect, test } from "vitest";
import type { SystemContext } from "../../../devnet/ledger/move.ts";
import { finishEpochChange, startEpochChange } from "../../../devnet/walrus-contract/operations.ts";
import type { Storage, StoragePool } from "../../../devnet/walrus-contract/values.ts";
import {
  abortOf,
  BLOB_ID,
  call,
  callOne,
  coin,
  confirmation,
  ENCODED,
  eventsOf,
  PLENTY,
  reserve,
  ROOT_HASH,
  run,
  sign,
  SIZE,
  startWorld,
  TREASURY,
} from "./support.ts";

type Objects = { readonly system: unknown };

/** A pool with room for two default blobs until epoch 4. */
function createPool(
  context: SystemContext,
  { system }: Objects,
  bytes = 2n * ENCODED,
): StoragePool {
  const payment = coin(context, PLENTY);
  return callOne(context, "system::create_storage_pool", system, bytes, 3, payment) as StoragePool;
}

function registerIn(
  context: SystemContext,
  { system }: Objects,
  pool: StoragePool,
  deletable = true,
  blobId = BLOB_ID,
): string {
  const facts = [blobId, ROOT_HASH, SIZE, 1, deletable];
  call(context, "system::register_pooled_blob", system, pool, ...facts, coin(context, PLENTY));
  return callOne(context, "storage_pool::blob_object_id", pool, BLOB_ID) as string;
}

function certifyIn(
  context: SystemContext,
  { system }: Objects,
  pool: StoragePool,
  message: Uint8Array,
): void {
  call(context, "system::certify_pooled_blob", system, pool, BLOB_ID, ...sign(message));
}

const view = (context: SystemContext, name: string, pool: StoragePool): unknown =>
  callOne(context, `storage_pool::${name}`, pool);

describe("storage pools (storage_pool.move, system_state_inner.move)", () => {
  test("register, certify, delete and destroy give every byte back", () => {
    const { result, transaction } = run(startWorld(), (context, objects) => {
      const pool = createPool(context, objects);
      const objectId = registerIn(context, objects, pool);
      const used = view(context, "used_encoded_bytes", pool);
      certifyIn(context, objects, pool, confirmation(BLOB_ID, 1, objectId));
      call(context, "storage_pool::insert_or_update_blob_metadata_pair", pool, BLOB_ID, "k", "v");
      const pair = call(context, "storage_pool::remove_blob_metadata_pair", pool, BLOB_ID, "k");
      call(context, "system::delete_pooled_blob", objects.system, pool, BLOB_ID);
      const left = [
        view(context, "blob_count", pool),
        view(context, "available_encoded_bytes", pool),
      ];
      return {
        used,
        pair,
        left,
        storage: callOne(context, "storage_pool::destroy", pool) as Storage,
      };
    });
    expect(result).toMatchObject({ used: ENCODED, pair: ["k", "v"], left: [0n, 2n * ENCODED] });
    expect(result.storage).toMatchObject({ storage_size: 2n * ENCODED, end_epoch: 4 });
    expect(eventsOf(transaction).map(([name]) => name)).toEqual([
      "StoragePoolCreated",
      "PooledBlobRegistered",
      "PooledBlobCertified",
      "PooledBlobDeleted",
    ]);
  });

  test("a pool is extended, enlarged and shrunk as a whole", () => {
    const { result, transaction } = run(startWorld(), (context, objects) => {
      const { system } = objects;
      const pool = createPool(context, objects, 1_000n);
      call(context, "system::extend_storage_pool", system, pool, 2, coin(context, PLENTY));
      call(
        context,
        "system::increase_storage_pool_capacity",
        system,
        pool,
        500n,
        coin(context, PLENTY),
      );
      const more = reserve(context, system, 5, 100n);
      call(context, "system::increase_storage_pool_capacity_with_storage", system, pool, more);
      const cut = callOne(
        context,
        "system::decrease_storage_pool_capacity_by_size",
        system,
        pool,
        600n,
      ) as Storage;
      const half = callOne(
        context,
        "system::decrease_storage_pool_unused_capacity_by_percent",
        system,
        pool,
        50,
      ) as Storage;
      const end = view(context, "end_epoch", pool);
      return [
        cut.storage_size,
        half.storage_size,
        view(context, "reserved_encoded_capacity_bytes", pool),
        end,
      ];
    });
    expect(result).toEqual([600n, 500n, 500n, 6]);
    expect(eventsOf(transaction).at(-1)).toMatchObject([
      "StoragePoolExtended",
      { new_end_epoch: 6 },
    ]);
  });

  const inPool = (body: (context: SystemContext, objects: Objects, pool: StoragePool) => void) =>
    abortOf(startWorld(), (context, objects) =>
      body(context, objects, createPool(context, objects)),
    );

  test("EInsufficientCapacity: a pool one byte too small, or shrunk below its use", () => {
    const small = abortOf(startWorld(), (context, objects) => {
      registerIn(context, objects, createPool(context, objects, ENCODED - 1n));
    });
    expect(small).toBe("storage_pool::EInsufficientCapacity (6)");
    const cut = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      call(
        context,
        "system::decrease_storage_pool_capacity_by_size",
        objects.system,
        pool,
        ENCODED + 1n,
      );
    });
    expect(cut).toBe("storage_pool::EInsufficientCapacity (6)");
  });

  test("EInvalidBlobId, EPoolNotEmpty, EBlobNotDeletable", () => {
    const wrongId = inPool((context, objects, pool) => {
      registerIn(context, objects, pool, true, BLOB_ID + 1n);
    });
    expect(wrongId).toBe("storage_pool::EInvalidBlobId (3)");
    const full = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      call(context, "storage_pool::destroy", pool);
    });
    expect(full).toBe("storage_pool::EPoolNotEmpty (7)");
    const permanent = inPool((context, objects, pool) => {
      registerIn(context, objects, pool, false);
      call(context, "system::delete_pooled_blob", objects.system, pool, BLOB_ID);
    });
    expect(permanent).toBe("storage_pool::EBlobNotDeletable (0)");
  });

  test("EAlreadyCertified, EInvalidBlobPersistenceType, EInvalidBlobObject", () => {
    const twice = inPool((context, objects, pool) => {
      const id = registerIn(context, objects, pool);
      for (const _ of [1, 2]) certifyIn(context, objects, pool, confirmation(BLOB_ID, 1, id));
    });
    expect(twice).toBe("storage_pool::EAlreadyCertified (2)");
    const type = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      certifyIn(context, objects, pool, confirmation(BLOB_ID, 1));
    });
    expect(type).toBe("storage_pool::EInvalidBlobPersistenceType (4)");
    const object = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      certifyIn(context, objects, pool, confirmation(BLOB_ID, 1, TREASURY));
    });
    expect(object).toBe("storage_pool::EInvalidBlobObject (5)");
  });

  test("EZeroExtractSize and EInvalidPercent: nothing, or more than all, cannot be taken out", () => {
    const zero = inPool((context, { system }, pool) => {
      call(context, "system::decrease_storage_pool_capacity_by_size", system, pool, 0n);
    });
    expect(zero).toBe("system::EZeroExtractSize (2)");
    const percent = inPool((context, { system }, pool) => {
      call(context, "system::decrease_storage_pool_unused_capacity_by_percent", system, pool, 101);
    });
    expect(percent).toBe("storage_pool::EInvalidPercent (14)");
  });

  test("EIncompatibleEndEpoch and EResourceBounds: added storage must end with the pool and have begun", () => {
    const add = (changes: Partial<Storage>) =>
      inPool((context, { system }, pool) => {
        const storage = { ...reserve(context, system, 3, 1n), ...changes };
        call(context, "system::increase_storage_pool_capacity_with_storage", system, pool, storage);
      });
    expect(add({})).toBe("no abort");
    expect(add({ end_epoch: 5 })).toBe("storage_pool::EIncompatibleEndEpoch (11)");
    expect(add({ start_epoch: 2 })).toBe("storage_pool::EResourceBounds (1)");
  });

  test("EWrongVersion, EDuplicateMetadata, EMissingMetadata", () => {
    const version = inPool((context, _, pool) =>
      view(context, "end_epoch", { ...pool, version: 2n }),
    );
    expect(version).toBe("storage_pool::EWrongVersion (10)");
    const add = (context: SystemContext, pool: StoragePool) =>
      call(
        context,
        "storage_pool::add_blob_metadata",
        pool,
        BLOB_ID,
        callOne(context, "metadata::new"),
      );
    const twice = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      for (const _ of [1, 2]) add(context, pool);
    });
    expect(twice).toBe("storage_pool::EDuplicateMetadata (12)");
    const missing = inPool((context, objects, pool) => {
      registerIn(context, objects, pool);
      call(context, "storage_pool::take_blob_metadata", pool, BLOB_ID);
    });
    expect(missing).toBe("storage_pool::EMissingMetadata (13)");
  });

  test("EInvalidEpochsAhead: an ended pool takes no blobs, only lets them be burned", () => {
    const world = startWorld();
    const type = `${world.deployment.addresses.walrusOriginal}::storage_pool::StoragePool`;
    const { result } = run(world, (context, objects) => {
      const pool = createPool(context, objects);
      registerIn(context, objects, pool);
      context.transfer(type, pool, TREASURY);
      return pool.id;
    });
    const burn = () =>
      abortOf(world, (context, { system }) => {
        call(
          context,
          "system::burn_expired_pooled_blob",
          system,
          context.mutateObject(result).value,
          BLOB_ID,
        );
      });
    expect(burn()).toBe("system_state_inner::EInvalidEpochsAhead (2)");
    for (let count = 0; count < 3; count++) {
      world.ledger.runSystem((context) => void startEpochChange(context, world.deployment));
      world.ledger.runSystem((context) => void finishEpochChange(context, world.deployment));
    }
    const late = abortOf(world, (context, objects) => {
      registerIn(context, objects, context.mutateObject(result).value as StoragePool);
    });
    expect(late).toBe("system_state_inner::EInvalidEpochsAhead (2)");
    expect(burn()).toBe("no abort");
  });
});
