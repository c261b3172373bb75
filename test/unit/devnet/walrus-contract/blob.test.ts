import { describe, expect, test } from "vitest";
import type { Blob, Storage } from "../../../devnet/walrus-contract/values.ts";
import {
  abortOf,
  BLOB_ID,
  advance,
  call,
  callOne,
  certified,
  coin,
  confirmation,
  ENCODED,
  eventsOf,
  PLENTY,
  register,
  reserve,
  ROOT_HASH,
  run,
  sign,
  SIZE,
  startWorld,
} from "./support.ts";
import type { SystemContext } from "../../../devnet/ledger/move.ts";

const HOLDER = `0x${"aa".repeat(32)}`;

describe("register_blob (blob.move)", () => {
  test("charges units of the encoded length once and emits BlobRegistered", () => {
    const { result, transaction } = run(startWorld(), (context, { system }) => {
      const storage = reserve(context, system);
      const payment = coin(context, 1_000n);
      const facts = [BLOB_ID, ROOT_HASH, SIZE, 1, true] as const;
      const blob = callOne(
        context,
        "system::register_blob",
        system,
        storage,
        ...facts,
        payment,
      ) as Blob;
      return { blob, left: payment.balance.value };
    });
    const units = (ENCODED + 1_048_575n) / 1_048_576n;
    expect(result.left).toBe(1_000n - units);
    expect(result.blob).toMatchObject({ blob_id: BLOB_ID, certified_epoch: null, deletable: true });
    expect(eventsOf(transaction)).toEqual([
      [
        "BlobRegistered",
        {
          epoch: 1,
          blob_id: BLOB_ID,
          size: SIZE,
          encoding_type: 1,
          end_epoch: 4,
          deletable: true,
          object_id: result.blob.id,
        },
      ],
    ]);
  });

  const registration = (changes: {
    blobId?: bigint;
    size?: bigint;
    type?: number;
    storage?: Partial<Storage>;
  }) =>
    abortOf(startWorld(), (context, { system }) => {
      const storage = { ...reserve(context, system), ...changes.storage };
      const facts = [
        changes.blobId ?? BLOB_ID,
        ROOT_HASH,
        changes.size ?? SIZE,
        changes.type ?? 1,
        false,
      ];
      call(context, "system::register_blob", system, storage, ...facts, coin(context, PLENTY));
    });

  test("EInvalidBlobId: an id that does not follow from root, type and size", () => {
    expect(registration({ blobId: BLOB_ID + 1n })).toBe("blob::EInvalidBlobId (6)");
    expect(registration({ size: SIZE - 1n })).toBe("blob::EInvalidBlobId (6)");
  });

  test("EResourceSize: storage one byte too small", () => {
    expect(registration({ storage: { storage_size: ENCODED - 1n } })).toBe(
      "blob::EResourceSize (3)",
    );
  });

  test("EResourceBounds: storage that has not begun or is over", () => {
    expect(registration({ storage: { start_epoch: 2 } })).toBe("blob::EResourceBounds (2)");
    expect(registration({ storage: { start_epoch: 0, end_epoch: 1 } })).toBe(
      "blob::EResourceBounds (2)",
    );
  });

  test("EInvalidEncodingType: an unknown encoding (encoding.move)", () => {
    expect(registration({ type: 0 })).toBe("encoding::EInvalidEncodingType (0)");
  });

  test("ENotEnough: a coin too small for the write (balance.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) => {
      const storage = reserve(context, system);
      const facts = [BLOB_ID, ROOT_HASH, SIZE, 1, false];
      call(context, "system::register_blob", system, storage, ...facts, coin(context, 1n));
    });
    expect(abort).toBe("balance::ENotEnough (2)");
  });
});

describe("certify_blob (blob.move)", () => {
  test.each([true, false])(
    "certifies with a quorum (deletable: %s) and emits BlobCertified",
    (deletable) => {
      const { result, transaction } = run(startWorld(), (context, { system }) =>
        certified(context, system, { deletable }),
      );
      expect(result.certified_epoch).toBe(1);
      expect(eventsOf(transaction).at(-1)).toEqual([
        "BlobCertified",
        {
          epoch: 1,
          blob_id: BLOB_ID,
          end_epoch: 4,
          deletable,
          object_id: result.id,
          is_extension: false,
        },
      ]);
    },
  );

  const certification = (
    makeMessage: (blob: Blob) => Uint8Array,
    deletable = false,
    signers?: readonly number[],
    storageEnd?: number,
  ) =>
    abortOf(startWorld(), (context, { system }) => {
      const blob = register(context, system, { deletable });
      if (storageEnd !== undefined) blob.storage.end_epoch = storageEnd;
      call(context, "system::certify_blob", system, blob, ...sign(makeMessage(blob), signers));
    });

  test("ENotEnoughStake: six of ten nodes (bls_aggregate.move)", () => {
    const abort = certification(() => confirmation(BLOB_ID, 1), false, [0, 1, 2, 3, 4, 5]);
    expect(abort).toBe("bls_aggregate::ENotEnoughStake (2)");
  });

  test("EIncorrectEpoch: a confirmation of another epoch (messages.move)", () => {
    expect(certification(() => confirmation(BLOB_ID, 2))).toBe("messages::EIncorrectEpoch (1)");
  });

  test("EInvalidBlobId: a confirmation of another blob", () => {
    expect(certification(() => confirmation(BLOB_ID + 1n, 1))).toBe("blob::EInvalidBlobId (6)");
  });

  test("EInvalidBlobPersistenceType: a deletable confirmation for a permanent blob and the reverse", () => {
    const name = "blob::EInvalidBlobPersistenceType (9)";
    expect(certification((blob) => confirmation(BLOB_ID, 1, blob.id))).toBe(name);
    expect(certification(() => confirmation(BLOB_ID, 1), true)).toBe(name);
  });

  test("EInvalidBlobObject: a confirmation for another object", () => {
    const abort = certification(() => confirmation(BLOB_ID, 1, HOLDER), true);
    expect(abort).toBe("blob::EInvalidBlobObject (10)");
  });

  test("EResourceBounds: a blob that has ended", () => {
    const abort = certification(() => confirmation(BLOB_ID, 1), false, undefined, 1);
    expect(abort).toBe("blob::EResourceBounds (2)");
  });

  test("EAlreadyCertified: a second certificate", () => {
    const abort = abortOf(startWorld(), (context, { system }) => {
      const blob = certified(context, system);
      call(context, "system::certify_blob", system, blob, ...sign(confirmation(BLOB_ID, 1)));
    });
    expect(abort).toBe("blob::EAlreadyCertified (5)");
  });

  test("EOutOfRange: a message one byte short (bcs.move)", () => {
    expect(certification(() => confirmation(BLOB_ID, 1).slice(0, -1))).toBe("bcs::EOutOfRange (0)");
  });
});

describe("extend_blob (system_state_inner.move)", () => {
  test("pays for the storage size from the old end on and keeps the certified epoch", () => {
    const { result, transaction } = run(startWorld(), (context, { system }) => {
      const blob = certified(context, system);
      const payment = coin(context, 1_000n);
      call(context, "system::extend_blob", system, blob, 2, payment);
      return { blob, left: payment.balance.value };
    });
    const units = (ENCODED + 1_048_575n) / 1_048_576n;
    expect(result.blob.storage.end_epoch).toBe(6);
    expect(result.left).toBe(1_000n - units * 5n * 2n);
    expect(eventsOf(transaction).at(-1)).toMatchObject([
      "BlobCertified",
      { epoch: 1, end_epoch: 6, is_extension: true },
    ]);
  });

  const extension = (
    epochs: number,
    prepare: (context: SystemContext, system: unknown) => Blob = certified,
  ) =>
    abortOf(startWorld(), (context, { system }) => {
      call(
        context,
        "system::extend_blob",
        system,
        prepare(context, system),
        epochs,
        coin(context, PLENTY),
      );
    });

  test("EInvalidEpochsAhead: extend_blob refuses 0 epochs and an end 54 epochs ahead", () => {
    expect(extension(0)).toBe("system_state_inner::EInvalidEpochsAhead (2)");
    expect(extension(50)).toBe("no abort");
    expect(extension(51)).toBe("system_state_inner::EInvalidEpochsAhead (2)");
  });

  test("ENotCertified: a blob that is only registered (blob.move)", () => {
    expect(extension(1, register)).toBe("blob::ENotCertified (0)");
  });

  test("EResourceBounds: a blob that has ended (blob.move)", () => {
    const world = startWorld();
    const { result } = run(world, (context, { system }) =>
      certified(context, system, { epochs: 1 }),
    );
    advance(world);
    const abort = abortOf(world, (context, { system }) =>
      call(context, "system::extend_blob", system, result, 1, coin(context, PLENTY)),
    );
    expect(abort).toBe("blob::EResourceBounds (2)");
  });

  test("an arithmetic error for epochs beyond u32", () => {
    expect(() => extension(2 ** 32 - 1)).toThrow("MovePrimitiveRuntimeError");
  });

  test("extends with storage of the same size that follows", () => {
    const { result, transaction } = run(startWorld(), (context, { system }) => {
      const blob = certified(context, system);
      const payment = coin(context, PLENTY);
      const more = callOne(
        context,
        "system::reserve_space_for_epochs",
        system,
        ENCODED,
        4,
        9,
        payment,
      ) as Storage;
      call(context, "system::extend_blob_with_resource", system, blob, more);
      return blob;
    });
    expect(result.storage.end_epoch).toBe(9);
    expect(eventsOf(transaction).at(-1)).toMatchObject(["BlobCertified", { is_extension: true }]);
  });

  test("EIncompatibleEpochs: storage with a gap (storage_resource.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) => {
      const blob = certified(context, system);
      const payment = coin(context, PLENTY);
      const more = callOne(
        context,
        "system::reserve_space_for_epochs",
        system,
        ENCODED,
        5,
        9,
        payment,
      );
      call(context, "system::extend_blob_with_resource", system, blob, more);
    });
    expect(abort).toBe("storage_resource::EIncompatibleEpochs (1)");
  });

  test("EResourceBounds: storage that ends no later (blob.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) => {
      const blob = certified(context, system);
      call(context, "system::extend_blob_with_resource", system, blob, reserve(context, system, 3));
    });
    expect(abort).toBe("blob::EResourceBounds (2)");
  });
});

describe("delete_blob, burn, invalidate_blob_id", () => {
  test("gives the storage of a deletable blob back and emits BlobDeleted", () => {
    const { result, transaction } = run(startWorld(), (context, { system }) => {
      const blob = certified(context, system, { deletable: true });
      return { blob, storage: callOne(context, "system::delete_blob", system, blob) as Storage };
    });
    expect(result.storage).toEqual(result.blob.storage);
    expect(eventsOf(transaction).at(-1)).toEqual([
      "BlobDeleted",
      { epoch: 1, blob_id: BLOB_ID, end_epoch: 4, object_id: result.blob.id, was_certified: true },
    ]);
  });

  test("EBlobNotDeletable: a permanent blob (blob.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) =>
      call(context, "system::delete_blob", system, register(context, system)),
    );
    expect(abort).toBe("blob::EBlobNotDeletable (1)");
  });

  test("EResourceBounds: a deletable blob that has ended (blob.move)", () => {
    const world = startWorld();
    const options = { epochs: 1, deletable: true };
    const { result } = run(world, (context, { system }) => register(context, system, options));
    advance(world);
    const abort = abortOf(world, (context, { system }) =>
      call(context, "system::delete_blob", system, result),
    );
    expect(abort).toBe("blob::EResourceBounds (2)");
  });

  test("a permanent blob can be burned with its attributes", () => {
    run(startWorld(), (context, { system }) => {
      const blob = register(context, system);
      call(context, "blob::insert_or_update_metadata_pair", blob, "k", "v");
      call(context, "blob::burn", blob);
      expect(abortOfMissing(context, blob)).toBe(true);
    });
  });

  const invalid = Uint8Array.from([2, ...confirmation(BLOB_ID, 1).slice(1, -1)]);

  test("a third of the shards invalidates a blob id", () => {
    const { result, transaction } = run(
      startWorld(),
      (context, { system }) =>
        callOne(
          context,
          "system::invalidate_blob_id",
          system,
          ...sign(invalid, [1, 2, 3, 4]),
        ) as bigint,
    );
    expect(result).toBe(BLOB_ID);
    expect(eventsOf(transaction)).toEqual([["InvalidBlobID", { epoch: 1, blob_id: BLOB_ID }]]);
  });

  test("ENotEnoughStake: less than a third does not (bls_aggregate.move)", () => {
    const abort = abortOf(startWorld(), (context, { system }) =>
      call(context, "system::invalidate_blob_id", system, ...sign(invalid, [1, 2, 3])),
    );
    expect(abort).toBe("bls_aggregate::ENotEnoughStake (2)");
  });
});

function abortOfMissing(context: SystemContext, blob: Blob): boolean {
  return !context.hasField(blob.id, "vector<u8>", new TextEncoder().encode("metadata"));
}
