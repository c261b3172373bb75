/**
 * What the steps of a transaction are put together from: payments to the FROST, the System object,
 * arguments within Sui's bounds.
 */
import type { Transaction, TransactionArgument } from "@mysten/sui/transactions";
import { PURE_ARGUMENT_BYTES_MAX } from "../limits.ts";
import type { ContractAddresses, ObjectRef } from "./chain.ts";

/** ULEB128 of the length of anything that fits a pure argument takes at most this. */
const LENGTH_BYTES = 3;

/** WAL coins of the sender; all are merged into the first. Empty only where nothing is to be paid. */
export type WalCoins = readonly ObjectRef[];

/**
 * Coins of exactly `amountsFrost`, in order, split off the merged WAL coins.
 *
 * @throws {RangeError} When there is no WAL coin.
 */
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

/** Ends a coin that must be empty: Move lets none be dropped. */
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

/** The System object; `mutable` where the call takes it by `&mut`, which orders transactions. */
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

/**
 * A `vector<u8>`.
 *
 * @throws {RangeError} When it is longer than a pure argument may be.
 */
export function byteVector(
  transaction: Transaction,
  what: string,
  bytes: Uint8Array,
): TransactionArgument {
  if (bytes.length + LENGTH_BYTES > PURE_ARGUMENT_BYTES_MAX) {
    throw new RangeError(`Cannot pass ${what}: expected a short byte vector, got ${bytes.length}`);
  }
  return transaction.pure.vector("u8", [...bytes]);
}

/**
 * A copy of what must be 32 bytes.
 *
 * @throws {RangeError} When it is not; `what` is named.
 */
export function bytes32(what: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length !== 32) {
    throw new RangeError(`Cannot pass ${what}: expected 32 bytes, got ${bytes.length}`);
  }
  return Uint8Array.from(bytes);
}

/**
 * The result of a step, which the builder types as one that may be missing.
 *
 * @throws {TypeError} When it is missing.
 */
export function required(argument: TransactionArgument | undefined): TransactionArgument {
  if (argument === undefined) throw new TypeError("Cannot build: expected a result, got none");
  return argument;
}

/** The reference alone, of what may hold more. */
export function toRef({ objectId, version, digest }: ObjectRef): ObjectRef {
  return { objectId, version, digest };
}
