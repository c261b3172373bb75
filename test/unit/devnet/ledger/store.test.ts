/** The object store: owners, the recent past, its bound. */
import { describe, expect, test } from "vitest";
import { HISTORY_TRANSACTIONS } from "../../../devnet/ledger/limits.ts";
import { ObjectStore } from "../../../devnet/ledger/store.ts";
import type { LedgerObject } from "../../../devnet/ledger/types.ts";

const ALICE = `0x${"a".repeat(64)}`;
const BOB = `0x${"b".repeat(64)}`;
const ID = `0x${"1".repeat(64)}`;

function object(version: bigint, owner = ALICE, id = ID): LedgerObject {
  return {
    id,
    version,
    digest: "",
    owner: { kind: "address", address: owner },
    type: "0x2::m::T",
    contents: new Uint8Array(),
    hasPublicTransfer: true,
    previousTransaction: "",
    storageRebate: 0n,
  };
}

function write(store: ObjectStore, ...objects: (LedgerObject | null)[]): void {
  store.apply(new Map(objects.map((one) => [one?.id ?? ID, one])));
}

describe("object store", () => {
  test("an object moves between owners and disappears when it ends", () => {
    const store = new ObjectStore();
    write(store, object(1n));
    write(store, object(2n, BOB));
    expect(store.ownedBy(ALICE)).toEqual([]);
    expect(store.ownedBy(BOB)).toEqual([object(2n, BOB)]);
    write(store, null);
    expect(store.ownedBy(BOB)).toEqual([]);
    expect(store.get(ID)).toBeUndefined();
  });

  test("the past shows objects, owners and absences as they were", () => {
    const store = new ObjectStore();
    write(store, object(1n));
    write(store, object(2n, BOB));
    write(store, null);
    expect(store.past(0).get(ID)).toBeUndefined();
    expect(store.past(1).ownedBy(BOB)).toEqual([object(2n, BOB)]);
    expect(store.past(2).get(ID)).toEqual(object(1n));
    expect(store.past(2).ownedBy(BOB)).toEqual([]);
    expect(store.past(3).get(ID)).toBeUndefined();
    expect(store.version(ID, 1n)).toEqual(object(1n));
    expect(store.version(ID, 3n)).toBeUndefined();
  });

  test("the past reaches back a bounded number of transactions", () => {
    const store = new ObjectStore();
    const total = HISTORY_TRANSACTIONS + 10;
    for (let version = 1; version <= total; version++) write(store, object(BigInt(version)));
    expect(store.past(HISTORY_TRANSACTIONS).get(ID)?.version).toBe(10n);
    expect(store.past(total).get(ID)?.version).toBe(10n);
  });

  test("objects of an owner come ordered by id", () => {
    const store = new ObjectStore();
    const ids = ["3", "1", "2"].map((digit) => `0x${digit.repeat(64)}`);
    write(store, ...ids.map((id) => object(1n, ALICE, id)));
    expect(store.ownedBy(ALICE).map(({ id }) => id)).toEqual([...ids].sort());
  });
});
