/**
 * Drafts of what is batched: many registrations, or many certifications, in one transaction.
 *
 * Each registration has storage of its own, so its cost is its estimate. A command that cannot be
 * carried out is answered here and leaves the others alone.
 */
import {
  GAS_BUDGET_BASE_MIST,
  GAS_BUDGET_PER_BLOB_MIST,
  GAS_BUDGET_PER_REGISTRATION_MIST,
} from "../../../shared/limits.ts";
import { parseConfirmation } from "../../../shared/protocol/confirmation.ts";
import { registrationCost } from "../../../shared/protocol/price.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { FreeStorage, ObjectRef } from "../../../shared/sui/chain.ts";
import type {
  Certification,
  Registration,
  ReusedStorage,
} from "../../../shared/sui/transactions.ts";
import { attributesGasMist } from "./attribute-budget.ts";
import type { CertifyCommand, RegisterCommand, WalletFailure, WalletReply } from "./commands.ts";
import {
  capFailure,
  chainFailure,
  type Draft,
  type DraftContext,
  type Drafted,
  ownedBlobs,
  type OwnedBlob,
  refOf,
  walCoins,
} from "./draft.ts";
import { FreeStoragePool } from "./free-storage.ts";

type Members = Draft["members"][number][];

export async function draftRegisters(
  commands: readonly RegisterCommand[],
  context: DraftContext,
): Promise<Drafted> {
  const { state, allowance } = context;
  const answers = new Map<string, WalletReply>();
  const registrations: Registration[] = [];
  const members: Members = [];
  const inputs: ObjectRef[] = [];
  const pool = await freeStorage(commands, context);
  if (!pool.ok) return pool;
  let totalFrost = 0n;
  for (const { id, kind: _, reuseStorage = false, ...command } of commands) {
    const { epochs, encodedBytes, blobId, deletable } = command;
    if (epochs > state.maxEpochsAhead) {
      const detail = `epochs ${epochs} is more than ${state.maxEpochsAhead}`;
      answers.set(id, err({ kind: "invalid-command", detail }));
      continue;
    }
    const need = { encodedBytes, epoch: state.epoch, endEpoch: state.epoch + epochs };
    const free = reuseStorage ? pool.value.take(need) : null;
    const cost = registrationCost(encodedBytes, free === null ? epochs : 0, state.prices);
    const leftFrost = allowance.leftFrost - totalFrost;
    const capped = capFailure({ ...allowance, leftFrost }, cost.totalFrost);
    if (capped !== null) {
      answers.set(id, err(capped));
      continue;
    }
    const { storageFrost, writeFrost } = cost;
    totalFrost += cost.totalFrost;
    registrations.push({
      ...command,
      attributes: command.attributes ?? [],
      storageFrost,
      writeFrost,
      ...(free === null ? {} : { reused: reusedOf(free, encodedBytes) }),
    });
    if (free !== null) inputs.push(refOf(free));
    const blobType = `${state.contract.originalPackageId}::blob::Blob`;
    const outcome = {
      kind: "registered",
      blobId,
      deletable,
      encodedBytes,
      epochs: free === null ? epochs : free.endEpoch - free.startEpoch,
      reusesStorage: free !== null,
      blobType,
    } as const;
    members.push({ id, costFrost: cost.totalFrost, outcome });
  }
  if (registrations.length === 0) return ok({ answers, draft: null });
  const coins = await walCoins(context, totalFrost);
  if (!coins.ok) return coins;
  const draft = {
    step: { kind: "register", walCoins: coins.value, registrations },
    inputs: [...coins.value, ...inputs],
    members,
    gasMist: registrations.reduce(
      (sum, { attributes = [] }) => sum + attributesGasMist(attributes),
      BigInt(registrations.length) * GAS_BUDGET_PER_REGISTRATION_MIST,
    ),
    // Nothing is registered that could not be certified for want of gas.
    reserveMist: GAS_BUDGET_BASE_MIST + BigInt(registrations.length) * GAS_BUDGET_PER_BLOB_MIST,
  } as const;
  return ok({ answers, draft });
}

/** What the address owns of storage, where any of the commands may use it. */
async function freeStorage(
  commands: readonly RegisterCommand[],
  { chain, address }: DraftContext,
): Promise<Result<FreeStoragePool, WalletFailure>> {
  if (!commands.some(({ reuseStorage = false }) => reuseStorage))
    return ok(new FreeStoragePool([]));
  const listed = await chain.listOwnedStorage(address);
  return listed.ok ? ok(new FreeStoragePool(listed.value)) : chainFailure(listed.failure);
}

function reusedOf(free: FreeStorage, encodedBytes: number): ReusedStorage {
  return { storage: refOf(free), splits: free.storageBytes > encodedBytes };
}

/** @param commands Of different blobs. */
export async function draftCertifies(
  commands: readonly CertifyCommand[],
  context: DraftContext,
): Promise<Drafted> {
  const owned = await ownedBlobs(
    context,
    commands.map(({ blobObjectId }) => blobObjectId),
  );
  if (!owned.ok) return owned;
  const answers = new Map<string, WalletReply>();
  const certifications: Certification[] = [];
  const members: Members = [];
  const inputs: ObjectRef[] = [];
  for (const [index, command] of commands.entries()) {
    const { id, blobObjectId } = command;
    const blob = owned.value[index];
    if (blob === undefined) continue;
    const certification = blob.ok
      ? certificationOf(command, blob.value, context)
      : err(absenceOf(blob.failure));
    if (!certification.ok) {
      answers.set(id, certification);
      continue;
    }
    const owner = command.sendObjectTo ?? context.address;
    const sharedBlobType = `${context.state.contract.originalPackageId}::shared_blob::SharedBlob`;
    const outcome = {
      kind: "certified",
      blobObjectId,
      owner,
      ...(command.share === true ? { sharedBlobType } : {}),
    } as const;
    if (certification.value === null) {
      answers.set(id, ok({ ...outcome, txDigest: null, costFrost: 0n, gasMist: 0n }));
      continue;
    }
    certifications.push(certification.value);
    inputs.push(certification.value.blob);
    members.push({ id, costFrost: 0n, outcome });
  }
  if (certifications.length === 0) return ok({ answers, draft: null });
  const gasMist = BigInt(certifications.length) * GAS_BUDGET_PER_BLOB_MIST;
  const step = { kind: "certify", certifications } as const;
  return ok({ answers, draft: { step, inputs, members, gasMist, reserveMist: 0n } });
}

/**
 * A blob to be certified was registered a moment ago: a node that does not have it is behind, so its
 * absence is no final answer.
 */
function absenceOf(failure: WalletFailure): WalletFailure {
  if (failure.kind !== "blob-unusable" || failure.reason !== "not-found") return failure;
  const { blobObjectId: objectId } = failure;
  return { kind: "chain", failure: { kind: "object-not-found", objectId } };
}

/** What is to be done for one blob; `null` for nothing. */
function certificationOf(
  { signature, signersBitmap, message, sendObjectTo, share = false }: CertifyCommand,
  { ref, content }: OwnedBlob,
  { address, state }: DraftContext,
): Result<Certification | null, WalletFailure> {
  const confirmation = parseConfirmation(message);
  if (confirmation === null) {
    return err({ kind: "invalid-command", detail: "message is not a storage confirmation" });
  }
  const isGivenAway = sendObjectTo !== undefined && sendObjectTo !== address;
  const recipient = isGivenAway ? sendObjectTo : null;
  if (content.certifiedEpoch !== null) {
    const isDone = recipient === null && !share;
    return ok(isDone ? null : { blob: ref, certificate: null, sendObjectTo: recipient, share });
  }
  // An older certificate can only fail. A newer one means that this RPC node is behind: try it.
  if (confirmation.epoch < state.epoch) {
    return err({ kind: "wrong-epoch", txDigest: null, gasMist: 0n });
  }
  const certificate = { signature, signersBitmap, message };
  return ok({ blob: ref, certificate, sendObjectTo: recipient, share });
}
