/**
 * Steps that change a Blob the gateway has stored: its attributes, or the end of a shared one.
 *
 * Argument order: `blob.move`, `shared_blob.move`.
 */
import type { Transaction, TransactionArgument } from "@mysten/sui/transactions";
import { ATTRIBUTES_PER_BLOB_MAX } from "../limits.ts";
import type { ContractAddresses, ObjectRef } from "./chain.ts";
import { payments, required, systemArgument, toRef, type WalCoins } from "./transaction-parts.ts";

/** Sets and removes attributes of an owned Blob. */
export interface AttributesStep {
  readonly kind: "set-attributes";
  readonly blob: ObjectRef;
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly remove: readonly string[];
}

/** Funds a SharedBlob with exactly what extending it costs, and extends it. */
export interface ExtendSharedStep {
  readonly kind: "extend-shared";
  readonly walCoins: WalCoins;
  readonly sharedBlob: {
    readonly objectId: string;
    /** Version at which it became shared. */
    readonly initialSharedVersion: string;
  };
  readonly epochs: number;
  readonly costFrost: bigint;
}

/** Sets attributes of a Blob one after the other; the first makes their map. */
export function addAttributes(
  transaction: Transaction,
  { packageId }: ContractAddresses,
  blob: TransactionArgument,
  attributes: readonly (readonly [key: string, value: string])[],
): void {
  for (const [key, value] of attributes) {
    transaction.moveCall({
      target: `${packageId}::blob::insert_or_update_metadata_pair`,
      arguments: [blob, transaction.pure.string(key), transaction.pure.string(value)],
    });
  }
}

/** @throws {RangeError} When nothing changes, or more than one transaction holds. */
export function addAttributeChange(
  transaction: Transaction,
  contract: ContractAddresses,
  { blob: ref, set, remove }: AttributesStep,
): void {
  const count = set.length + remove.length;
  if (count === 0 || count > ATTRIBUTES_PER_BLOB_MAX) {
    throw new RangeError(
      `Cannot change attributes: expected 1 to ${ATTRIBUTES_PER_BLOB_MAX}, got ${count}`,
    );
  }
  const blob = transaction.objectRef(toRef(ref));
  addAttributes(transaction, contract, blob, set);
  for (const key of remove) {
    transaction.moveCall({
      target: `${contract.packageId}::blob::remove_metadata_pair_if_exists`,
      arguments: [blob, transaction.pure.string(key)],
    });
  }
}

/**
 * `shared_blob::extend` pays from the funds inside. What it costs is put in first, so that what
 * others have put in for later stays.
 */
export function addExtendShared(
  transaction: Transaction,
  contract: ContractAddresses,
  { walCoins, sharedBlob, epochs, costFrost }: ExtendSharedStep,
): void {
  const payment = required(payments(transaction, walCoins, [costFrost])[0]);
  const shared = transaction.sharedObjectRef({ ...sharedBlob, mutable: true });
  transaction.moveCall({
    target: `${contract.packageId}::shared_blob::fund`,
    arguments: [shared, payment],
  });
  transaction.moveCall({
    target: `${contract.packageId}::shared_blob::extend`,
    arguments: [shared, systemArgument(transaction, contract, true), transaction.pure.u32(epochs)],
  });
}
