/**
 * What the steps of a transaction are put together from: payments to the FROST, the System object,
 * arguments within Sui's bounds.
 */
import type { Transaction, TransactionArgument } from "@mysten/sui/transactions";
import { PURE_ARGUMENT_BYTES_MAX } from "../limits.ts";
import type { ContractAddresses, ObjectRef } from "./chain.ts";

/** WAL coins of the sender; all are merged into the first. Empty only where nothing is to be paid. */
export type WalCoins = readonly ObjectRef[];

/** Coins of exactly `amountsFrost`, in order, split off the merged WAL coins. */
export function payments(
  transaction: Transaction,
  walCoins: WalCoins,
  amountsFrost: readonly bigint[],
): TransactionArgument[] {
  const [first, ...others] = walCoins.map((coin) => transaction.objectRef(toRef(coin)));
  if (first === undefined) {
    throw new RangeError("Cannot pay: expected at least one WAL coin, got none");
  }
  if (others.length > 0) transaction.mergeCoins(first, others);
  const split = transaction.splitCoins(
    first,
    amountsFrost.map((amount) => transaction.pure.u64(amount)),
  );
  return amountsFrost.map((_, index) => required(split[index]));
}

export function destroyZero(
  transaction: Transaction,
  contract: ContractAddresses,
  coin: TransactionArgument,
): void {
  transaction.moveCall({
    target: "0x2::coin::destroy_zero",
    typeArguments: [contract.walType],
    arguments: [coin],
  });
}

export function systemArgument(
  transaction: Transaction,
  contract: ContractAddresses,
  mutable: boolean,
): TransactionArgument {
  return transaction.sharedObjectRef({
    objectId: contract.systemObjectId,
    initialSharedVersion: contract.systemInitialSharedVersion,
    mutable,
  });
}

export function byteVector(
  transaction: Transaction,
  what: string,
  bytes: Uint8Array,
): TransactionArgument {
  if (bytes.length + 3 > PURE_ARGUMENT_BYTES_MAX) {
    throw new RangeError(`Cannot pass ${what}: expected a short byte vector, got ${bytes.length}`);
  }
  return transaction.pure.vector("u8", [...bytes]);
}

export function bytes32(what: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length !== 32) {
    throw new RangeError(`Cannot pass ${what}: expected 32 bytes, got ${bytes.length}`);
  }
  return Uint8Array.from(bytes);
}

export function required(argument: TransactionArgument | undefined): TransactionArgument {
  if (argument === undefined) throw new TypeError("Cannot build: expected a result, got none");
  return argument;
}

export function toRef({ objectId, version, digest }: ObjectRef): ObjectRef {
  return { objectId, version, digest };
}
