/**
 * The transactions the gateway sends, built offline from explicit object references.
 *
 * Nothing is left for a server to resolve: gas and WAL coins, versions, budget and expiration are
 * ours, so the same plan gives the same bytes. Payments are split off to the last FROST and their
 * remainder destroyed as zero: a price that changed on the way makes the transaction fail instead of
 * costing more than was planned. Argument order: walrus-sui
 * `client/transaction_builder/owned_blob_ops.rs`.
 */
import { Transaction, type TransactionArgument } from "@mysten/sui/transactions";
import {
  EXTENSIONS_PER_TRANSACTION_MAX,
  PURE_ARGUMENT_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
} from "../limits.ts";
import { ENCODING_TYPE_RS2 } from "../protocol/blob-object.ts";
import type { ContractAddresses, ObjectRef } from "./chain.ts";

/** Who pays gas, with what, and until when the transaction may run. */
export interface TransactionTerms {
  readonly sender: string;
  /** SUI coins of the sender; several are merged into the first. */
  readonly gasCoins: readonly ObjectRef[];
  readonly gasBudgetMist: bigint;
  readonly gasPriceMist: bigint;
  /** Last Sui epoch in which it may run. */
  readonly expirationEpoch: number;
  readonly contract: ContractAddresses;
}

/** WAL coins of the sender; all are merged into the first. Empty only where nothing is to be paid. */
export type WalCoins = readonly ObjectRef[];

/** Reserves storage and registers a blob in it. */
export interface RegisterStep {
  readonly kind: "register";
  readonly walCoins: WalCoins;
  readonly storageFrost: bigint;
  readonly writeFrost: bigint;
  /** 32 bytes each, passed as little-endian u256. */
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
  readonly unencodedBytes: number;
  readonly encodedBytes: number;
  readonly epochs: number;
  readonly deletable: boolean;
}

/** Certifies a blob and, where asked for, gives it away. */
export interface CertifyStep {
  readonly kind: "certify";
  readonly blob: ObjectRef;
  readonly signature: Uint8Array;
  readonly signersBitmap: Uint8Array;
  readonly message: Uint8Array;
  readonly sendObjectTo: string | null;
}

/** Extends blobs with one payment. */
export interface ExtendStep {
  readonly kind: "extend";
  readonly walCoins: WalCoins;
  readonly extensions: readonly {
    readonly blob: ObjectRef;
    readonly epochs: number;
    readonly costFrost: bigint;
  }[];
}

/** Deletes a blob; its Storage goes to the sender. */
export interface DeleteStep {
  readonly kind: "delete";
  readonly blob: ObjectRef;
}

/** Gives a certified blob away. */
export interface TransferStep {
  readonly kind: "transfer";
  readonly blob: ObjectRef;
  readonly recipient: string;
}

export type TransactionStep = RegisterStep | CertifyStep | ExtendStep | DeleteStep | TransferStep;

/**
 * Builds a transaction.
 *
 * @throws {RangeError} When the step is beyond a limit of Sui.
 */
export function buildTransaction(terms: TransactionTerms, step: TransactionStep): Transaction {
  const transaction = new Transaction();
  transaction.setSender(terms.sender);
  transaction.setGasOwner(terms.sender);
  transaction.setGasPayment(terms.gasCoins.map(toRef));
  transaction.setGasBudget(terms.gasBudgetMist);
  transaction.setGasPrice(terms.gasPriceMist);
  transaction.setExpiration({ Epoch: terms.expirationEpoch });
  addStep(transaction, terms, step);
  return transaction;
}

/**
 * The BCS bytes to sign.
 *
 * @throws {RangeError} When Sui would refuse them as too long.
 */
export async function transactionBytes(transaction: Transaction): Promise<Uint8Array> {
  const bytes = await transaction.build();
  if (bytes.length > TRANSACTION_BYTES_MAX) {
    throw new RangeError(
      `Cannot build transaction: expected at most ${TRANSACTION_BYTES_MAX} bytes, got ${bytes.length}`,
    );
  }
  return bytes;
}

function addStep(transaction: Transaction, terms: TransactionTerms, step: TransactionStep): void {
  switch (step.kind) {
    case "register":
      return addRegister(transaction, terms, step);
    case "certify":
      return addCertify(transaction, terms, step);
    case "extend":
      return addExtend(transaction, terms, step);
    case "delete":
      return addDelete(transaction, terms, step);
    case "transfer":
      transaction.transferObjects([transaction.objectRef(toRef(step.blob))], step.recipient);
      return;
  }
}

function addRegister(
  transaction: Transaction,
  { contract, sender }: TransactionTerms,
  step: RegisterStep,
): void {
  const system = systemArgument(transaction, contract, true);
  const [storagePayment, writePayment] = payments(transaction, step.walCoins, [
    step.storageFrost,
    step.writeFrost,
  ]);
  const storage = transaction.moveCall({
    target: `${contract.packageId}::system::reserve_space`,
    arguments: [
      system,
      transaction.pure.u64(step.encodedBytes),
      transaction.pure.u32(step.epochs),
      required(storagePayment),
    ],
  });
  const blob = transaction.moveCall({
    target: `${contract.packageId}::system::register_blob`,
    arguments: [
      system,
      storage,
      transaction.pure(bytes32("blob ID", step.blobId)),
      transaction.pure(bytes32("root hash", step.rootHash)),
      transaction.pure.u64(step.unencodedBytes),
      transaction.pure.u8(ENCODING_TYPE_RS2),
      transaction.pure.bool(step.deletable),
      required(writePayment),
    ],
  });
  destroyZero(transaction, contract, required(storagePayment));
  destroyZero(transaction, contract, required(writePayment));
  transaction.transferObjects([blob], sender);
}

function addCertify(
  transaction: Transaction,
  { contract }: TransactionTerms,
  step: CertifyStep,
): void {
  const blob = transaction.objectRef(toRef(step.blob));
  transaction.moveCall({
    target: `${contract.packageId}::system::certify_blob`,
    arguments: [
      systemArgument(transaction, contract, false),
      blob,
      byteVector(transaction, "signature", step.signature),
      byteVector(transaction, "signers bitmap", step.signersBitmap),
      byteVector(transaction, "message", step.message),
    ],
  });
  if (step.sendObjectTo !== null) transaction.transferObjects([blob], step.sendObjectTo);
}

function addExtend(
  transaction: Transaction,
  { contract }: TransactionTerms,
  { walCoins, extensions }: ExtendStep,
): void {
  if (extensions.length === 0 || extensions.length > EXTENSIONS_PER_TRANSACTION_MAX) {
    throw new RangeError(
      `Cannot extend: expected 1 to ${EXTENSIONS_PER_TRANSACTION_MAX} blobs, got ${extensions.length}`,
    );
  }
  const system = systemArgument(transaction, contract, true);
  const totalFrost = extensions.reduce((sum, { costFrost }) => sum + costFrost, 0n);
  const payment = required(payments(transaction, walCoins, [totalFrost])[0]);
  for (const { blob, epochs } of extensions) {
    transaction.moveCall({
      target: `${contract.packageId}::system::extend_blob`,
      arguments: [
        system,
        transaction.objectRef(toRef(blob)),
        transaction.pure.u32(epochs),
        payment,
      ],
    });
  }
  destroyZero(transaction, contract, payment);
}

function addDelete(
  transaction: Transaction,
  { contract, sender }: TransactionTerms,
  { blob }: DeleteStep,
): void {
  const storage = transaction.moveCall({
    target: `${contract.packageId}::system::delete_blob`,
    arguments: [systemArgument(transaction, contract, false), transaction.objectRef(toRef(blob))],
  });
  transaction.transferObjects([storage], sender);
}

/** Coins of exactly `amountsFrost`, in order, split off the merged WAL coins. */
function payments(
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

function destroyZero(
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

function systemArgument(
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

function byteVector(
  transaction: Transaction,
  what: string,
  bytes: Uint8Array,
): TransactionArgument {
  if (bytes.length + 3 > PURE_ARGUMENT_BYTES_MAX) {
    throw new RangeError(`Cannot pass ${what}: expected a short byte vector, got ${bytes.length}`);
  }
  return transaction.pure.vector("u8", [...bytes]);
}

function bytes32(what: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length !== 32) {
    throw new RangeError(`Cannot pass ${what}: expected 32 bytes, got ${bytes.length}`);
  }
  return Uint8Array.from(bytes);
}

function required(argument: TransactionArgument | undefined): TransactionArgument {
  if (argument === undefined) throw new TypeError("Cannot build: expected a result, got none");
  return argument;
}

function toRef({ objectId, version, digest }: ObjectRef): ObjectRef {
  return { objectId, version, digest };
}
