/**
 * From a command to the transaction that carries it out, by what the chain says now.
 *
 * Everything that can be refused for nothing is refused here, before a coin is touched.
 */
import {
  EXTENSIONS_PER_TRANSACTION_MAX,
  GAS_BUDGET_BASE_MIST,
  GAS_BUDGET_PER_BLOB_MIST,
  TRANSACTION_EXPIRATION_EPOCHS,
} from "../../../shared/limits.ts";
import { isUnexpired, type BlobObject } from "../../../shared/protocol/blob-object.ts";
import { parseConfirmation } from "../../../shared/protocol/confirmation.ts";
import { registrationCost, storageCost } from "../../../shared/protocol/price.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  Chain,
  ChainFailure,
  Coin,
  ContractState,
  ObjectRef,
  ObjectView,
} from "../../../shared/sui/chain.ts";
import type { TransactionStep, TransactionTerms } from "../../../shared/sui/transactions.ts";
import { selectCoins } from "./coin-selection.ts";
import type {
  CertifyCommand,
  DeleteCommand,
  ExtendCommand,
  RegisterCommand,
  WalletCommand,
  WalletDone,
  WalletFailure,
} from "./commands.ts";
import type { Outcome } from "./journal.ts";

/** What to sign, or the answer where nothing has to be done. */
export type Prepared =
  | {
      readonly kind: "transaction";
      readonly terms: TransactionTerms;
      readonly step: TransactionStep;
      readonly ownedInputs: readonly ObjectRef[];
      readonly costFrost: bigint;
      readonly outcome: Outcome;
    }
  | { readonly kind: "nothing-to-do"; readonly done: WalletDone };

/** A step with what its transaction takes in and what will be answered. */
interface Draft {
  readonly step: TransactionStep;
  readonly inputs: readonly ObjectRef[];
  readonly costFrost: bigint;
  readonly outcome: Outcome;
  /** Blobs that are extended: they need more gas. */
  readonly blobCount: number;
}

type Drafted = Result<
  Draft | { readonly kind: "nothing-to-do"; readonly done: WalletDone },
  WalletFailure
>;

/** What preparing needs. */
export interface Preparation {
  readonly chain: Chain;
  readonly address: string;
  /** How much more than usual the gas budget is: doubled after a transaction ran out of gas. */
  readonly gasFactor: bigint;
}

/** Prepares a command. */
export async function prepare(
  command: WalletCommand,
  context: Preparation,
): Promise<Result<Prepared, WalletFailure>> {
  const state = await context.chain.readContract();
  if (!state.ok) return chainFailure(state.failure);
  const drafted = await draft(command, context, state.value);
  if (!drafted.ok) return drafted;
  if ("kind" in drafted.value) return ok(drafted.value);
  return withTerms(drafted.value, context, state.value);
}

function draft(
  command: WalletCommand,
  context: Preparation,
  state: ContractState,
): Promise<Drafted> {
  switch (command.kind) {
    case "register":
      return draftRegister(command, context, state);
    case "certify":
      return draftCertify(command, context, state);
    case "extend":
      return draftExtend(command, context, state);
    case "delete":
      return draftDelete(command, context, state);
  }
}

async function draftRegister(
  command: RegisterCommand,
  context: Preparation,
  state: ContractState,
): Promise<Drafted> {
  const { epochs, encodedBytes } = command;
  if (epochs > state.maxEpochsAhead) {
    const detail = `epochs ${epochs} is more than ${state.maxEpochsAhead}`;
    return err({ kind: "invalid-command", detail });
  }
  const cost = registrationCost(encodedBytes, epochs, state.prices);
  const coins = await walCoins(context, state, cost.totalFrost);
  if (!coins.ok) return coins;
  const { storageFrost, writeFrost, totalFrost } = cost;
  const { blobId, rootHash, unencodedBytes, deletable } = command;
  return ok({
    step: {
      kind: "register",
      walCoins: coins.value,
      storageFrost,
      writeFrost,
      blobId,
      rootHash,
      unencodedBytes,
      encodedBytes,
      epochs,
      deletable,
    },
    inputs: coins.value,
    costFrost: totalFrost,
    outcome: {
      kind: "registered",
      encodedBytes,
      epochs,
      blobType: `${state.contract.originalPackageId}::blob::Blob`,
    },
    blobCount: 0,
  });
}

async function draftCertify(
  command: CertifyCommand,
  context: Preparation,
  state: ContractState,
): Promise<Drafted> {
  const { blobObjectId, signature, signersBitmap, message } = command;
  const confirmation = parseConfirmation(message);
  if (confirmation === null) {
    return err({ kind: "invalid-command", detail: "message is not a storage confirmation" });
  }
  const recipient = command.sendObjectTo ?? null;
  const owner = recipient ?? context.address;
  const outcome = { kind: "certified", blobObjectId, owner } as const;
  const owned = await ownedBlobs(context, [blobObjectId], state);
  if (!owned.ok) return owned;
  const [blob] = owned.value;
  if (blob === undefined) return unusable(blobObjectId, "not-found");
  if (blob.content.certifiedEpoch !== null) {
    if (recipient === null || recipient === context.address) {
      return nothingToDo({ ...outcome, txDigest: null, costFrost: 0n, gasMist: 0n });
    }
    const step = { kind: "transfer", blob: blob.ref, recipient } as const;
    return ok({ step, inputs: [blob.ref], costFrost: 0n, outcome, blobCount: 0 });
  }
  // An older certificate can only fail. A newer one means that this RPC node is behind: try it.
  if (confirmation.epoch < state.epoch) {
    return err({ kind: "wrong-epoch", txDigest: null, gasMist: 0n });
  }
  return ok({
    step: {
      kind: "certify",
      blob: blob.ref,
      signature,
      signersBitmap,
      message,
      sendObjectTo: recipient === context.address ? null : recipient,
    },
    inputs: [blob.ref],
    costFrost: 0n,
    outcome,
    blobCount: 0,
  });
}

async function draftExtend(
  command: ExtendCommand,
  context: Preparation,
  state: ContractState,
): Promise<Drafted> {
  const wanted = new Map(command.extensions.map((one) => [one.blobObjectId, one.toEndEpoch]));
  if (wanted.size !== command.extensions.length) {
    return err({ kind: "invalid-command", detail: "a blob is named twice" });
  }
  const owned = await ownedBlobs(context, [...wanted.keys()], state);
  if (!owned.ok) return owned;
  const ends = [];
  const extensions = [];
  for (const { ref, content } of owned.value) {
    const { endEpoch: fromEndEpoch, storageBytes } = content.storage;
    const toEndEpoch = wanted.get(ref.objectId) ?? fromEndEpoch;
    const endEpoch = Math.max(fromEndEpoch, toEndEpoch);
    ends.push({ blobObjectId: ref.objectId, fromEndEpoch, endEpoch });
    const epochs = endEpoch - fromEndEpoch;
    if (epochs === 0) continue;
    if (content.certifiedEpoch === null) return unusable(ref.objectId, "not-certified");
    if (endEpoch > state.epoch + state.maxEpochsAhead) {
      const detail = `end epoch ${endEpoch} is more than ${state.maxEpochsAhead} ahead`;
      return err({ kind: "invalid-command", detail });
    }
    const costFrost = storageCost(storageBytes, epochs, state.prices);
    extensions.push({ blob: ref, epochs, costFrost });
  }
  if (extensions.length === 0) {
    return nothingToDo({ kind: "extended", ends, txDigest: null, costFrost: 0n, gasMist: 0n });
  }
  const costFrost = extensions.reduce((sum, one) => sum + one.costFrost, 0n);
  const coins = await walCoins(context, state, costFrost);
  if (!coins.ok) return coins;
  return ok({
    step: { kind: "extend", walCoins: coins.value, extensions },
    inputs: [...coins.value, ...extensions.map(({ blob }) => blob)],
    costFrost,
    outcome: { kind: "extended", ends },
    blobCount: extensions.length,
  });
}

async function draftDelete(
  { blobObjectId }: DeleteCommand,
  context: Preparation,
  state: ContractState,
): Promise<Drafted> {
  const owned = await ownedBlobs(context, [blobObjectId], state);
  if (!owned.ok) return owned;
  const [blob] = owned.value;
  if (blob === undefined) return unusable(blobObjectId, "not-found");
  if (!blob.content.deletable) return unusable(blobObjectId, "not-deletable");
  return ok({
    step: { kind: "delete", blob: blob.ref },
    inputs: [blob.ref],
    costFrost: 0n,
    outcome: { kind: "deleted", blobObjectId },
    blobCount: 0,
  });
}

async function withTerms(
  { step, inputs, costFrost, outcome, blobCount }: Draft,
  { chain, address, gasFactor }: Preparation,
  { contract }: ContractState,
): Promise<Result<Prepared, WalletFailure>> {
  const gasBudgetMist =
    gasFactor * (GAS_BUDGET_BASE_MIST + BigInt(blobCount) * GAS_BUDGET_PER_BLOB_MIST);
  const [sui, held] = await Promise.all([
    chain.readSuiEpoch(),
    chain.listCoins(address, "0x2::sui::SUI"),
  ]);
  if (!sui.ok) return chainFailure(sui.failure);
  if (!held.ok) return chainFailure(held.failure);
  const gas = selectCoins(held.value, gasBudgetMist);
  if (!gas.ok) {
    const { needed: neededMist, held: heldMist } = gas.failure;
    return err({ kind: "insufficient-sui", neededMist, heldMist });
  }
  const gasCoins = gas.value.coins.map(refOf);
  const expirationEpoch = sui.value.epoch + TRANSACTION_EXPIRATION_EPOCHS;
  const gasPriceMist = sui.value.referenceGasPrice;
  return ok({
    kind: "transaction",
    terms: { sender: address, gasCoins, gasBudgetMist, gasPriceMist, expirationEpoch, contract },
    step,
    ownedInputs: [...gasCoins, ...inputs],
    costFrost,
    outcome,
  });
}

async function walCoins(
  { chain, address }: Preparation,
  { contract }: ContractState,
  neededFrost: bigint,
): Promise<Result<readonly ObjectRef[], WalletFailure>> {
  const held = await chain.listCoins(address, contract.walType);
  if (!held.ok) return chainFailure(held.failure);
  const chosen = selectCoins(held.value, neededFrost);
  if (!chosen.ok) {
    return err({ kind: "insufficient-wal", neededFrost, heldFrost: chosen.failure.held });
  }
  return ok(chosen.value.coins.map(refOf));
}

interface OwnedBlob {
  readonly ref: ObjectRef;
  readonly content: BlobObject;
}

/** Unexpired blobs of this wallet, in the order asked for. */
async function ownedBlobs(
  { chain, address }: Preparation,
  objectIds: readonly string[],
  state: ContractState,
): Promise<Result<readonly OwnedBlob[], WalletFailure>> {
  if (objectIds.length === 0 || objectIds.length > EXTENSIONS_PER_TRANSACTION_MAX) {
    const detail = `${objectIds.length} blobs in one command`;
    return err({ kind: "invalid-command", detail });
  }
  const views = await chain.readObjects(objectIds);
  if (!views.ok) return chainFailure(views.failure);
  const misfit = firstMisfit(objectIds, views.value, address);
  if (misfit !== null) return err(misfit);
  const contents = await chain.readBlobObjects(objectIds);
  if (!contents.ok) return chainFailure(contents.failure);
  const owned: OwnedBlob[] = [];
  for (const [index, blobObjectId] of objectIds.entries()) {
    const view = views.value[index];
    const content = contents.value[index];
    if (!view || !content) return unusable(blobObjectId, "not-found");
    if (!isUnexpired(content, state.epoch)) return unusable(blobObjectId, "expired");
    owned.push({ ref: refOf(view), content });
  }
  return ok(owned);
}

function firstMisfit(
  objectIds: readonly string[],
  views: readonly (ObjectView | null)[],
  address: string,
): WalletFailure | null {
  for (const [index, blobObjectId] of objectIds.entries()) {
    const view = views[index] ?? null;
    const misfit = { kind: "blob-unusable", blobObjectId } as const;
    if (view === null) return { ...misfit, reason: "not-found" };
    if (!view.type.endsWith("::blob::Blob")) return { ...misfit, reason: "not-a-blob" };
    if (view.owner.kind !== "address" || view.owner.address !== address) {
      return { ...misfit, reason: "not-owned" };
    }
  }
  return null;
}

function refOf({ objectId, version, digest }: ObjectView | Coin): ObjectRef {
  return { objectId, version, digest };
}

function nothingToDo(done: WalletDone): Drafted {
  return ok({ kind: "nothing-to-do", done });
}

function chainFailure(failure: ChainFailure): Result<never, WalletFailure> {
  return err({ kind: "chain", failure });
}

function unusable(
  blobObjectId: string,
  reason: Extract<WalletFailure, { kind: "blob-unusable" }>["reason"],
): Result<never, WalletFailure> {
  return err({ kind: "blob-unusable", blobObjectId, reason });
}
