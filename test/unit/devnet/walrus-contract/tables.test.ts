import { describe, expect, test } from "vitest";
import { toHex } from "../../../../shared/bytes/text.ts";
import { systemPackages } from "../../../devnet/ledger/framework.ts";
import { canonicalType, parseParameter, parseType } from "../../../devnet/ledger/move-types.ts";
import { Registry } from "../../../devnet/ledger/registry.ts";
import { LOCAL_ADDRESSES, walrusPackages } from "../../../devnet/walrus-contract/operations.ts";
import {
  typeResolver,
  WALRUS_FUNCTIONS,
  WALRUS_TYPES,
} from "../../../devnet/walrus-contract/packages.ts";

const registry = new Registry([...systemPackages(), ...walrusPackages()]);
const { walrusOriginal, walrusLatest } = LOCAL_ADDRESSES;

describe("the tables", () => {
  test("every type in a signature is declared somewhere", () => {
    const unknown = walrusPackages()
      .flatMap((pack) => pack.functions)
      .flatMap(({ parameters, returns }) => [...parameters, ...returns])
      .filter((text) => !registry.exists(parseParameter(text).type));
    expect(unknown).toEqual([]);
  });

  test("every datatype of the three packages has a BCS layout", () => {
    for (const pack of walrusPackages()) {
      for (const [name, declaration] of Object.entries(pack.datatypes)) {
        const type = `${pack.originalId}::${name}${declaration.typeParameterCount ? "<u8>" : ""}`;
        expect([name, registry.exists(parseType(type))]).toEqual([name, true]);
        expect(() => registry.layout(type)).not.toThrow();
      }
    }
  });

  test("calls go to the latest package id, types carry the original one", () => {
    expect(walrusLatest).not.toBe(walrusOriginal);
    expect(registry.function(walrusLatest, "system", "reserve_space")?.package.version).toBe(3);
    const resolve = typeResolver(LOCAL_ADDRESSES);
    expect(canonicalType(resolve("walrus::blob::Blob"))).toBe(`${walrusOriginal}::blob::Blob`);
    expect(resolve("0x2::coin::Coin<wal::wal::WAL>")).toBe(
      `0x2::coin::Coin<${LOCAL_ADDRESSES.wal}::wal::WAL>`,
    );
  });

  test("the SDK finds the WAL type in the second parameter of stake_with_pool", () => {
    const declared = registry.function(walrusOriginal, "staking", "stake_with_pool")?.declaration;
    expect(declared?.parameters[1]).toBe(`0x2::coin::Coin<${LOCAL_ADDRESSES.wal}::wal::WAL>`);
  });

  test("hold the calls and the types a client needs", () => {
    expect(Object.keys(WALRUS_FUNCTIONS)).toEqual(
      expect.arrayContaining(["system::register_blob", "shared_blob::extend", "metadata::new"]),
    );
    expect(Object.keys(WALRUS_TYPES)).toEqual(expect.arrayContaining(["blob::Blob"]));
  });
});

describe("wire layouts, byte for byte (events.move)", () => {
  const objectId = `0x${"2a".repeat(32)}`;
  const encode = (name: string, value: unknown): string =>
    toHex(registry.serialize(`${walrusOriginal}::${name}`, value));

  test("BlobRegistered", () => {
    const value = {
      epoch: 1,
      blob_id: 0xabcn,
      size: 5n,
      encoding_type: 1,
      end_epoch: 4,
      deletable: true,
      object_id: objectId,
    };
    const blobId = `bc0a${"00".repeat(30)}`;
    expect(encode("events::BlobRegistered", value)).toBe(
      `01000000${blobId}0500000000000000010400000001${"2a".repeat(32)}`,
    );
  });

  test("BlobCertified and BlobDeleted", () => {
    const shared = { epoch: 1, blob_id: 1n, end_epoch: 4, object_id: objectId };
    const blobId = `01${"00".repeat(31)}`;
    const certified = { ...shared, deletable: false, is_extension: true };
    expect(encode("events::BlobCertified", certified)).toBe(
      `01000000${blobId}0400000000${"2a".repeat(32)}01`,
    );
    expect(encode("events::BlobDeleted", { ...shared, was_certified: true })).toBe(
      `01000000${blobId}04000000${"2a".repeat(32)}01`,
    );
  });

  test("PricesUpdated, EpochChangeStart, InvalidBlobID", () => {
    const prices = { epoch: 2, storage_price: 5n, write_price: 1n };
    expect(encode("events::PricesUpdated", prices)).toBe(
      "0200000005000000000000000100000000000000",
    );
    expect(encode("events::EpochChangeStart", { epoch: 3 })).toBe("03000000");
    expect(encode("events::InvalidBlobID", { epoch: 3, blob_id: 255n })).toBe(
      `03000000ff${"00".repeat(31)}`,
    );
  });

  test("an epoch state is its variant index and value (staking_inner.move)", () => {
    const type = "staking_inner::EpochState";
    expect(encode(type, { $kind: "EpochChangeSync", EpochChangeSync: 3 })).toBe("000300");
    expect(encode(type, { $kind: "NextParamsSelected", NextParamsSelected: 1n })).toBe(
      "020100000000000000",
    );
  });
});
