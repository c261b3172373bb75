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
import { ENCODING_TYPE_RS2 } from "../codec/index.ts";
import {
  EXTENSIONS_PER_TRANSACTION_MAX,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_COMMANDS_MAX,
  TRANSACTION_INPUTS_MAX,
  WALLET_BATCH_MAX,
} from "../limits.ts";
import type { ContractAddresses, ObjectRef } from "./chain.ts";
import {
  addAttributes,
  addAttributeChange,
  addExtendShared,
  type AttributesStep,
  type ExtendSharedStep,
} from "./object-steps.ts";
import {
  bytes32,
  byteVector,
  destroyZero,
  payments,
  required,
  systemArgument,
  toRef,
  type WalCoins,
} from "./transaction-parts.ts";

export type { WalCoins } from "./transaction-parts.ts";

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

/** One blob to be registered in storage of its own. */
export interface Registration {
  readonly storageFrost: bigint;
  readonly writeFrost: bigint;
  /** 32 bytes each, passed as little-endian u256. */
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
  readonly unencodedBytes: number;
  readonly encodedBytes: number;
  readonly epochs: number;
  /** Storage of the sender that is used instead of buying; `storageFrost` is 0 then. */
  readonly reused?: ReusedStorage | undefined;
  readonly deletable: boolean;
  /** Set on the new Blob, in this order. */
  readonly attributes?: readonly (readonly [key: string, value: string])[];
}

/** Free storage to register in. */
export interface ReusedStorage {
  readonly storage: ObjectRef;
  /** Whether it is larger than the blob needs: the rest is split off and stays with the sender. */
  readonly splits: boolean;
}

/** Reserves storage for each of several blobs and registers them. */
export interface RegisterStep {
  readonly kind: "register";
  readonly walCoins: WalCoins;
  readonly registrations: readonly Registration[];
}

/** One blob to be certified (unless it is) and, where asked for, given away or shared. */
export interface Certification {
  readonly blob: ObjectRef;
  /** `null`: it is certified already. */
  readonly certificate: {
    readonly signature: Uint8Array;
    readonly signersBitmap: Uint8Array;
    readonly message: Uint8Array;
  } | null;
  readonly sendObjectTo: string | null;
  /** Wraps it in a SharedBlob; excludes `sendObjectTo`. */
  readonly share?: boolean;
}

/** Certifies several blobs. */
export interface CertifyStep {
  readonly kind: "certify";
  readonly certifications: readonly Certification[];
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
  /** The blob has expired: it is burned, and nothing comes back. */
  readonly burns?: boolean;
}

/** Sends SUI (split off the gas coin) and WAL to other addresses of the gateway. */
export interface RefillStep {
  readonly kind: "refill";
  readonly walCoins: WalCoins;
  /** Amounts of zero are not sent. */
  readonly transfers: readonly {
    readonly address: string;
    readonly frost: bigint;
    readonly mist: bigint;
  }[];
}

export type TransactionStep =
  | RegisterStep
  | CertifyStep
  | ExtendStep
  | ExtendSharedStep
  | DeleteStep
  | AttributesStep
  | RefillStep;

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
 * @throws {RangeError} When Sui would refuse them: too long, too many commands or inputs.
 */
export async function transactionBytes(transaction: Transaction): Promise<Uint8Array> {
  const { commands, inputs } = transaction.getData();
  assertAtMost(TRANSACTION_COMMANDS_MAX, "commands", commands.length);
  assertAtMost(TRANSACTION_INPUTS_MAX, "inputs", inputs.length);
  const bytes = await transaction.build();
  assertAtMost(TRANSACTION_BYTES_MAX, "bytes", bytes.length);
  return bytes;
}

function assertAtMost(countMax: number, unit: string, count: number): void {
  if (count <= countMax) return;
  throw new RangeError(
    `Cannot build transaction: expected at most ${countMax} ${unit}, got ${count}`,
  );
}

function addStep(transaction: Transaction, terms: TransactionTerms, step: TransactionStep): void {
  switch (step.kind) {
    case "register":
      return addRegister(transaction, terms, step);
    case "certify":
      return addCertify(transaction, terms, step);
    case "extend":
      return addExtend(transaction, terms, step);
    case "extend-shared":
      return addExtendShared(transaction, terms.contract, step);
    case "set-attributes":
      return addAttributeChange(transaction, terms.contract, step);
    case "delete":
      return addDelete(transaction, terms, step);
    case "refill":
      return addRefill(transaction, step);
  }
}

function addRegister(
  transaction: Transaction,
  { contract, sender }: TransactionTerms,
  { walCoins, registrations }: RegisterStep,
): void {
  checkBatch("register", registrations.length);
  const system = systemArgument(transaction, contract, true);
  const amounts = registrations.flatMap(({ storageFrost, writeFrost, reused }) =>
    reused === undefined ? [storageFrost, writeFrost] : [writeFrost],
  );
  const coins = [...payments(transaction, walCoins, amounts)];
  const rests: TransactionArgument[] = [];
  const blobs = registrations.map((registration) => {
    const { reused } = registration;
    const paid: TransactionArgument[] = [];
    const pay = () => {
      paid.push(required(coins.shift()));
      return required(paid.at(-1));
    };
    const storage =
      reused === undefined
        ? reserveSpace(transaction, contract, system, registration, pay())
        : transaction.objectRef(toRef(reused.storage));
    if (reused?.splits === true) {
      rests.push(splitOff(transaction, contract, storage, registration.encodedBytes));
    }
    const blob = addRegistration(transaction, contract, system, registration, [storage, pay()]);
    addAttributes(transaction, contract, blob, registration.attributes ?? []);
    for (const payment of paid) destroyZero(transaction, contract, payment);
    return blob;
  });
  transaction.transferObjects([...blobs, ...rests], sender);
}

function reserveSpace(
  transaction: Transaction,
  contract: ContractAddresses,
  system: TransactionArgument,
  { encodedBytes, epochs }: Registration,
  payment: TransactionArgument,
): TransactionArgument {
  return transaction.moveCall({
    target: `${contract.packageId}::system::reserve_space`,
    arguments: [system, transaction.pure.u64(encodedBytes), transaction.pure.u32(epochs), payment],
  });
}

/** Keeps `encodedBytes` of the storage and returns the rest. */
function splitOff(
  transaction: Transaction,
  contract: ContractAddresses,
  storage: TransactionArgument,
  encodedBytes: number,
): TransactionArgument {
  return transaction.moveCall({
    target: `${contract.packageId}::storage_resource::split_by_size`,
    arguments: [storage, transaction.pure.u64(encodedBytes)],
  });
}

function addRegistration(
  transaction: Transaction,
  contract: ContractAddresses,
  system: TransactionArgument,
  registration: Registration,
  [storage, writePayment]: readonly [TransactionArgument, TransactionArgument],
): TransactionArgument {
  return transaction.moveCall({
    target: `${contract.packageId}::system::register_blob`,
    arguments: [
      system,
      storage,
      transaction.pure(bytes32("blob ID", registration.blobId)),
      transaction.pure(bytes32("root hash", registration.rootHash)),
      transaction.pure.u64(registration.unencodedBytes),
      transaction.pure.u8(ENCODING_TYPE_RS2),
      transaction.pure.bool(registration.deletable),
      writePayment,
    ],
  });
}

function addCertify(
  transaction: Transaction,
  { contract }: TransactionTerms,
  { certifications }: CertifyStep,
): void {
  checkBatch("certify", certifications.length);
  for (const { blob: ref, certificate, sendObjectTo, share } of certifications) {
    const blob = transaction.objectRef(toRef(ref));
    if (certificate !== null) {
      transaction.moveCall({
        target: `${contract.packageId}::system::certify_blob`,
        arguments: [
          systemArgument(transaction, contract, false),
          blob,
          byteVector(transaction, "signature", certificate.signature),
          byteVector(transaction, "signers bitmap", certificate.signersBitmap),
          byteVector(transaction, "message", certificate.message),
        ],
      });
    }
    if (share === true) {
      // What the Rust client's `share_blob` calls; `blob::share` is only a method alias.
      const target = `${contract.packageId}::shared_blob::new`;
      transaction.moveCall({ target, arguments: [blob] });
    } else if (sendObjectTo !== null) transaction.transferObjects([blob], sendObjectTo);
  }
}

function checkBatch(what: string, count: number): void {
  if (count === 0 || count > WALLET_BATCH_MAX) {
    throw new RangeError(`Cannot ${what}: expected 1 to ${WALLET_BATCH_MAX} blobs, got ${count}`);
  }
}

/** Commands of one registration besides its attributes: two calls, two payments destroyed as zero. */
export const COMMANDS_PER_REGISTRATION = 4;

/**
 * Which commands of the transaction belong to which blob of the step, in order: `[first, end)`. An
 * abort names its command, and so the blob that is to blame.
 */
export function commandRanges(step: TransactionStep): readonly (readonly [number, number])[] {
  switch (step.kind) {
    case "register": {
      // The coins are merged, where there are several, and split once.
      let end = step.walCoins.length > 1 ? 2 : 1;
      return step.registrations.map(({ attributes = [], reused }) => {
        const start = end;
        // Storage at hand is neither reserved nor paid for; a split is one command more.
        const saved = reused === undefined ? 0 : reused.splits ? 1 : 2;
        end += COMMANDS_PER_REGISTRATION - saved + attributes.length;
        return [start, end];
      });
    }
    case "certify": {
      let end = 0;
      return step.certifications.map(({ certificate, sendObjectTo, share }) => {
        const start = end;
        const isMoved = share === true || sendObjectTo !== null;
        end += (certificate === null ? 0 : 1) + (isMoved ? 1 : 0);
        return [start, end];
      });
    }
    case "extend":
    case "extend-shared":
    case "delete":
    case "set-attributes":
    case "refill":
      return [[0, Number.MAX_SAFE_INTEGER]];
  }
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
  { blob, burns = false }: DeleteStep,
): void {
  if (burns) {
    const target = `${contract.packageId}::blob::burn`;
    transaction.moveCall({ target, arguments: [transaction.objectRef(toRef(blob))] });
    return;
  }
  const storage = transaction.moveCall({
    target: `${contract.packageId}::system::delete_blob`,
    arguments: [systemArgument(transaction, contract, false), transaction.objectRef(toRef(blob))],
  });
  transaction.transferObjects([storage], sender);
}

function addRefill(transaction: Transaction, { walCoins, transfers }: RefillStep): void {
  if (transfers.length === 0) throw new RangeError("Cannot refill: expected a transfer, got none");
  const withWal = transfers.filter(({ frost }) => frost > 0n);
  const withSui = transfers.filter(({ mist }) => mist > 0n);
  if (withWal.length > 0) {
    const amounts = withWal.map(({ frost }) => frost);
    const coins = payments(transaction, walCoins, amounts);
    for (const [index, { address }] of withWal.entries()) {
      transaction.transferObjects([required(coins[index])], address);
    }
  }
  if (withSui.length > 0) {
    const amounts = withSui.map(({ mist }) => transaction.pure.u64(mist));
    const coins = transaction.splitCoins(transaction.gas, amounts);
    for (const [index, { address }] of withSui.entries()) {
      transaction.transferObjects([required(coins[index])], address);
    }
  }
}
