/**
 * Checks a transaction before it runs: size limits, expiration, gas, inputs, packages.
 *
 * Texts are those of sui-types `error.rs` (`UserInputError`, `SuiErrorKind`), because clients match
 * them. Order as in sui-core: form, signature (in `ledger.ts`), gas, objects.
 */
import { bcs } from "@mysten/sui/bcs";
import { normalizeSuiAddress } from "@mysten/sui/utils";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { fromBase64 } from "../../../shared/bytes/text.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import {
  MAX_ARGUMENTS,
  MAX_COMMANDS,
  MAX_GAS_BUDGET,
  MAX_GAS_PAYMENTS,
  MAX_GAS_PRICE,
  MAX_INPUTS,
  MAX_PURE_BYTES,
  MAX_TRANSACTION_BYTES,
  MAX_TYPE_ARGUMENTS,
  MIN_COMPUTATION_UNITS,
} from "./limits.ts";
import { SUI_TYPE } from "./move-types.ts";
import { coinBalance, coinTypeOf } from "./objects.ts";
import type { Registry } from "./registry.ts";
import { clockAt, type RunInput } from "./run.ts";
import type { CallInput, Command } from "./slots.ts";
import type { ObjectView } from "./store.ts";
import type { LedgerObject, Refusal, TransactionData } from "./types.ts";

/** Transaction data of the one supported kind. */
export interface Transaction {
  readonly data: TransactionData["V1"];
  readonly inputs: readonly CallInput[];
  readonly commands: readonly Command[];
}

/** What a transaction's references point to. */
export interface ResolvedTransaction {
  readonly inputs: readonly RunInput[];
  readonly payment: readonly LedgerObject[];
}

export interface CheckEnvironment {
  readonly registry: Registry;
  readonly view: ObjectView;
  readonly suiEpoch: bigint;
  readonly chainId: string;
  readonly referenceGasPrice: bigint;
  readonly nowMs: number;
}

/** A refusal of kind "invalid". */
export function invalid(reason: Refusal["reason"], message: string): Refusal {
  return { kind: "invalid", reason, message };
}

/** Parses transaction bytes and checks everything that needs no state. */
export function parseTransaction(bytes: Uint8Array): Result<Transaction, Refusal> {
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    return overLimit("serialized transaction size", MAX_TRANSACTION_BYTES, bytes.length);
  }
  let parsed: TransactionData;
  try {
    parsed = bcs.TransactionData.parse(bytes);
    const again = bcs.TransactionData.serialize(parsed).toBytes();
    if (!equalBytes(again, bytes)) throw new RangeError("remaining input");
  } catch (error) {
    return err(invalid("malformed", `Invalid transaction BCS: ${(error as Error).message}`));
  }
  return checkForm(parsed);
}

function checkForm(parsed: TransactionData): Result<Transaction, Refusal> {
  const data = parsed.V1;
  const programmable = data.kind.ProgrammableTransaction;
  if (programmable === undefined || programmable === null) {
    return err(invalid("unsupported", "Only programmable transactions may be submitted"));
  }
  const { inputs, commands } = programmable;
  if (commands.length === 0) return err(invalid("malformed", "Empty command input"));
  const limit =
    tooMany("commands in a programmable transaction", MAX_COMMANDS, commands.length) ??
    tooMany("input objects in a transaction", MAX_INPUTS, inputs.length) ??
    tooMany("gas payment objects", MAX_GAS_PAYMENTS, data.gasData.payment.length);
  if (limit !== null) return limit;
  for (const input of inputs) {
    const refused = checkInputForm(input);
    if (refused !== null) return refused;
  }
  for (const command of commands) {
    const refused = checkCommandForm(command);
    if (refused !== null) return refused;
  }
  return ok({ data, inputs, commands });
}

function checkInputForm(input: CallInput): Result<never, Refusal> | null {
  if (input.$kind === "Pure") {
    const bytes = fromBase64(input.Pure.bytes)?.length ?? 0;
    return tooMany("pure argument size", MAX_PURE_BYTES, bytes);
  }
  if (input.$kind === "FundsWithdrawal") {
    return err(invalid("unsupported", "Address balance withdrawals are not supported here"));
  }
  if (input.Object.$kind === "Receiving") {
    return err(invalid("unsupported", "Receiving object arguments are not supported here"));
  }
  return null;
}

function checkCommandForm(command: Command): Result<never, Refusal> | null {
  switch (command.$kind) {
    case "Publish":
    case "Upgrade":
      return err(
        invalid("unsupported", `${command.$kind} is not supported: this ledger runs no bytecode`),
      );
    case "MoveCall":
      return (
        tooMany("arguments in a move call", MAX_ARGUMENTS, command.MoveCall.arguments.length) ??
        tooMany("type arguments", MAX_TYPE_ARGUMENTS, command.MoveCall.typeArguments.length)
      );
    case "TransferObjects":
      return checkArguments(command.TransferObjects.objects.length);
    case "SplitCoins":
      return checkArguments(command.SplitCoins.amounts.length);
    case "MergeCoins":
      return checkArguments(command.MergeCoins.sources.length);
    case "MakeMoveVec":
      return tooMany("arguments in a command", MAX_ARGUMENTS, command.MakeMoveVec.elements.length);
  }
}

function checkArguments(count: number): Result<never, Refusal> | null {
  if (count === 0) return err(invalid("malformed", "Empty command input"));
  return tooMany("arguments in a command", MAX_ARGUMENTS, count);
}

function tooMany(what: string, limit: number, value: number): Result<never, Refusal> | null {
  return value > limit ? overLimit(what, limit, value) : null;
}

function overLimit(what: string, limit: number, value: number): Result<never, Refusal> {
  const message = `Size limit exceeded: maximum ${what} is ${limit}, got ${value}`;
  return err(invalid("limit", message));
}

/** Checks whether the transaction may run in this Sui epoch. */
export function checkExpiration(
  { data }: Transaction,
  { suiEpoch, chainId, nowMs }: CheckEnvironment,
): Refusal | null {
  const { expiration } = data;
  if (expiration.$kind === "None") return null;
  if (expiration.$kind === "Epoch") {
    return BigInt(expiration.Epoch) < suiEpoch ? expired() : null;
  }
  const during = expiration.$kind === "ValidDuring" ? expiration.ValidDuring : expiration.Validity;
  if (during.chain !== chainId) {
    return invalid("expired", "The chain id provided in the transaction is invalid");
  }
  const now = BigInt(nowMs);
  const isEarly =
    (during.minEpoch !== null && suiEpoch < BigInt(during.minEpoch)) ||
    (during.minTimestamp !== null && now < BigInt(during.minTimestamp));
  const isLate =
    (during.maxEpoch !== null && suiEpoch > BigInt(during.maxEpoch)) ||
    (during.maxTimestamp !== null && now > BigInt(during.maxTimestamp));
  return isEarly || isLate ? expired() : null;
}

function expired(): Refusal {
  return invalid("expired", "Transaction Expired");
}

/** Price and budget against Sui's bounds. */
export function checkGasTerms(
  { data }: Transaction,
  { referenceGasPrice }: CheckEnvironment,
): Refusal | null {
  const price = BigInt(data.gasData.price);
  const budget = BigInt(data.gasData.budget);
  if (price < referenceGasPrice) {
    return invalid(
      "gas",
      `Gas price ${price} under reference gas price (RGP) ${referenceGasPrice}`,
    );
  }
  if (price >= MAX_GAS_PRICE) {
    return invalid("gas", `Gas price cannot exceed ${MAX_GAS_PRICE} mist`);
  }
  const least = MIN_COMPUTATION_UNITS * price;
  if (budget > MAX_GAS_BUDGET) {
    return invalid("gas", `Gas budget: ${budget} is higher than max: ${MAX_GAS_BUDGET}.`);
  }
  if (budget < least) {
    return invalid("gas", `Gas budget: ${budget} is lower than min: ${least}.`);
  }
  return null;
}

/** Finds every object the transaction names and checks that its sender may use it. */
export function resolveInputs(
  transaction: Transaction,
  environment: CheckEnvironment,
): Result<ResolvedTransaction, Refusal> {
  const payment = resolvePayment(transaction, environment);
  if (!payment.ok) return payment;
  const inputs = resolveCallInputs(transaction, environment, transaction.data.sender);
  if (!inputs.ok) return inputs;
  const used = new Set<string>();
  const callObjects = inputs.value.flatMap((input) =>
    input.kind === "object" ? [input.object] : [],
  );
  for (const { id } of [...payment.value, ...callObjects]) {
    if (used.has(id)) {
      const message = `Mutable object ${id} cannot appear more than one in one transaction`;
      return err(invalid("malformed", message));
    }
    used.add(id);
  }
  return ok({ inputs: inputs.value, payment: payment.value });
}

function resolvePayment(
  { data }: Transaction,
  environment: CheckEnvironment,
): Result<LedgerObject[], Refusal> {
  const { owner, payment, budget } = data.gasData;
  if (payment.length === 0) return err(invalid("gas", "Missing gas payment"));
  const coins: LedgerObject[] = [];
  for (const reference of payment) {
    const coin = ownedObject(reference, owner, environment);
    if (!coin.ok) return coin;
    if (coin.value.owner.kind !== "address" || coin.value.type !== coinTypeOf(SUI_TYPE)) {
      return err(invalid("gas", `Gas object is not an owned object with owner: ${owner}`));
    }
    coins.push(coin.value);
  }
  const balance = coins.reduce((total, coin) => total + coinBalance(coin), 0n);
  if (balance >= BigInt(budget)) return ok(coins);
  const message = `Balance of gas object ${balance} is lower than the needed amount: ${budget}.`;
  return err(invalid("gas", message));
}

/** The call inputs alone; `sender` null skips the ownership check (simulation without checks). */
export function resolveCallInputs(
  transaction: Transaction,
  environment: CheckEnvironment,
  sender: string | null,
): Result<RunInput[], Refusal> {
  const missing = missingPackage(transaction.commands, environment.registry);
  if (missing !== null) return err(missing);
  const inputs: RunInput[] = [];
  for (const input of transaction.inputs) {
    const resolved = resolveInput(input, sender, environment);
    if (!resolved.ok) return resolved;
    inputs.push(resolved.value);
  }
  return ok(inputs);
}

function missingPackage(commands: readonly Command[], registry: Registry): Refusal | null {
  for (const command of commands) {
    if (command.$kind !== "MoveCall") continue;
    const id = command.MoveCall.package;
    if (registry.package(id) === undefined) {
      return invalid("package-not-found", `Dependent package not found on-chain: ${id}`);
    }
  }
  return null;
}

function resolveInput(
  input: CallInput,
  sender: string | null,
  environment: CheckEnvironment,
): Result<RunInput, Refusal> {
  if (input.$kind === "Pure") {
    return ok({ kind: "pure", bytes: fromBase64(input.Pure.bytes) ?? new Uint8Array() });
  }
  if (input.$kind !== "Object" || input.Object.$kind === "Receiving") {
    return err(invalid("unsupported", `${input.$kind} inputs are not supported here`));
  }
  if (input.Object.$kind === "ImmOrOwnedObject") {
    const object = ownedObject(input.Object.ImmOrOwnedObject, sender, environment);
    if (!object.ok) return object;
    const mutable = object.value.owner.kind === "address";
    return ok({ kind: "object", object: object.value, mutable });
  }
  const { objectId, initialSharedVersion, mutable } = input.Object.SharedObject;
  const object = environment.view.get(normalizeSuiAddress(objectId));
  if (object === undefined) return err(notFound(objectId, null));
  if (object.owner.kind !== "shared") {
    return err(invalid("object-owner", "Object used as shared is not shared."));
  }
  if (object.owner.initialVersion !== BigInt(initialSharedVersion)) {
    return err(invalid("object-version", "Wrong initial version given for shared object"));
  }
  return ok({ kind: "object", object: clockAt(object, environment.nowMs), mutable });
}

function ownedObject(
  reference: { readonly objectId: string; readonly version: string; readonly digest: string },
  owner: string | null,
  { view }: CheckEnvironment,
): Result<LedgerObject, Refusal> {
  const id = normalizeSuiAddress(reference.objectId);
  const object = view.get(id);
  if (object === undefined) return err(notFound(id, reference.version));
  if (object.owner.kind === "shared") {
    return err(invalid("object-owner", "Object used as owned is not owned."));
  }
  if (object.owner.kind === "object") {
    const message = `Invalid Child Object Argument: Object ${id} is owned by object ${object.owner.parentId}. Objects owned by other objects cannot be used as input arguments`;
    return err(invalid("object-owner", message));
  }
  if (object.version !== BigInt(reference.version)) {
    const message =
      object.version < BigInt(reference.version)
        ? notFound(id, reference.version).message
        : `Transaction needs to be rebuilt because object ${id} version ${hex(reference.version)} (${reference.digest}) is unavailable for consumption, current version: ${hex(object.version)}`;
    return err(invalid("object-version", message));
  }
  if (object.digest !== reference.digest) {
    const message = `Invalid Object digest for object ${id}. Expected digest : ${object.digest}`;
    return err(invalid("object-version", message));
  }
  const isForeign =
    owner !== null &&
    object.owner.kind === "address" &&
    object.owner.address !== normalizeSuiAddress(owner);
  if (isForeign) {
    const message = `Transaction was not signed by the correct sender: Object ${id} is owned by account address ${object.owner.kind === "address" ? object.owner.address : ""}, but given owner/signer address is ${owner}`;
    return err(invalid("object-owner", message));
  }
  return ok(object);
}

function hex(version: bigint | string): string {
  return `0x${BigInt(version).toString(16)}`;
}

function notFound(id: string, version: string | null): Refusal {
  const at = version === null ? "None" : `Some(SequenceNumber(${version}))`;
  const message = `Could not find the referenced object ${id} at version ${at}`;
  return invalid("object-not-found", message);
}
