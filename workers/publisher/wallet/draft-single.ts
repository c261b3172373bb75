/**
 * Drafts of commands that have a transaction of their own: an extension of many blobs or of a shared
 * one, a change of attributes, a deletion.
 */
import { GAS_BUDGET_PER_BLOB_MIST } from "../../../shared/limits.ts";
import { storageCost } from "../../../shared/protocol/price.ts";
import { isUnexpired } from "../../../shared/protocol/blob-object.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ContractState, ObjectRef } from "../../../shared/sui/chain.ts";
import { attributesGasMist } from "./attribute-budget.ts";
import type {
  AttributesCommand,
  BlobExtension,
  DeleteCommand,
  ExtendCommand,
  ExtendSharedCommand,
  WalletFailure,
} from "./commands.ts";
import {
  answered,
  capFailure,
  chainFailure,
  type DraftContext,
  type Drafted,
  ownedBlobs,
  unusable,
  walCoins,
} from "./draft.ts";

export async function draftExtend(command: ExtendCommand, context: DraftContext): Promise<Drafted> {
  const { state, allowance } = context;
  const wanted = new Map(command.extensions.map((one) => [one.blobObjectId, one]));
  if (wanted.size !== command.extensions.length) {
    return err({ kind: "invalid-command", detail: "a blob is named twice" });
  }
  const owned = await ownedBlobs(context, [...wanted.keys()]);
  if (!owned.ok) return owned;
  const ends = [];
  const extensions = [];
  for (const blob of owned.value) {
    if (!blob.ok) return blob;
    const { ref, content } = blob.value;
    const extension = wanted.get(ref.objectId);
    const moved = movedFrom(ref, extension === undefined ? undefined : versionOf(extension));
    if (moved !== null) return err(moved);
    const { endEpoch: fromEndEpoch, storageBytes } = content.storage;
    const endEpoch = endOf(fromEndEpoch, extension);
    ends.push({ blobObjectId: ref.objectId, fromEndEpoch, endEpoch, version: ref.version });
    const epochs = endEpoch - fromEndEpoch;
    if (epochs === 0) continue;
    if (content.certifiedEpoch === null) return unusable(ref.objectId, "not-certified");
    if (endEpoch > state.epoch + state.maxEpochsAhead) return tooFarAhead(endEpoch, state);
    const costFrost = storageCost(storageBytes, epochs, state.prices);
    extensions.push({ blob: ref, epochs, costFrost });
  }
  if (extensions.length === 0) {
    const done = { kind: "extended", ends, txDigest: null, costFrost: 0n, gasMist: 0n } as const;
    return answered(command.id, done);
  }
  const costFrost = extensions.reduce((sum, one) => sum + one.costFrost, 0n);
  const capped = capFailure(allowance, costFrost);
  if (capped !== null) return err(capped);
  const coins = await walCoins(context, costFrost);
  if (!coins.ok) return coins;
  const draft = {
    step: { kind: "extend", walCoins: coins.value, extensions },
    inputs: [...coins.value, ...extensions.map(({ blob }) => blob)],
    members: [{ id: command.id, costFrost, outcome: { kind: "extended", ends } }],
    gasMist: BigInt(extensions.length) * GAS_BUDGET_PER_BLOB_MIST,
    reserveMist: 0n,
  } as const;
  return ok({ answers: new Map(), draft });
}

function endOf(fromEndEpoch: number, extension: BlobExtension | undefined): number {
  if (extension === undefined) return fromEndEpoch;
  return "byEpochs" in extension
    ? fromEndEpoch + extension.byEpochs
    : Math.max(fromEndEpoch, extension.toEndEpoch);
}

function versionOf(extension: BlobExtension): string | undefined {
  return "byEpochs" in extension ? extension.atVersion : undefined;
}

/** Why what is asked for one version cannot be done; `null` where it stands at it. */
function movedFrom(
  { objectId, version }: ObjectRef,
  atVersion: string | undefined,
): WalletFailure | null {
  if (atVersion === undefined || version === atVersion) return null;
  // An RPC node that is behind shows an older version: asked again, it will not.
  return BigInt(version) < BigInt(atVersion)
    ? { kind: "chain", failure: { kind: "object-not-found", objectId } }
    : { kind: "object-moved", objectId, version };
}

function tooFarAhead(
  endEpoch: number,
  { maxEpochsAhead }: ContractState,
): Result<never, WalletFailure> {
  const detail = `end epoch ${endEpoch} is more than ${maxEpochsAhead} ahead`;
  return err({ kind: "invalid-command", detail });
}

/**
 * Any SharedBlob can be extended by anybody: who pays is all there is to it. The end told is the one
 * read here; where another extension comes between, it is later still.
 */
export async function draftExtendShared(
  { id, sharedObjectId, byEpochs }: ExtendSharedCommand,
  context: DraftContext,
): Promise<Drafted> {
  const { chain, state, allowance } = context;
  const views = await chain.readObjects([sharedObjectId]);
  if (!views.ok) return chainFailure(views.failure);
  const view = views.value[0] ?? null;
  if (view === null) return unusable(sharedObjectId, "not-found");
  if (!view.type.endsWith("::shared_blob::SharedBlob") || view.owner.kind !== "shared") {
    return unusable(sharedObjectId, "not-shared");
  }
  const blob = await chain.readBlobObject(sharedObjectId);
  if (!blob.ok) return chainFailure(blob.failure);
  const { blobObjectId, certifiedEpoch, storage } = blob.value;
  if (!isUnexpired(blob.value, state.epoch)) return unusable(blobObjectId, "expired");
  if (certifiedEpoch === null) return unusable(blobObjectId, "not-certified");
  const { endEpoch: fromEndEpoch, storageBytes } = storage;
  const endEpoch = fromEndEpoch + byEpochs;
  if (endEpoch > state.epoch + state.maxEpochsAhead) return tooFarAhead(endEpoch, state);
  const costFrost = storageCost(storageBytes, byEpochs, state.prices);
  const capped = capFailure(allowance, costFrost);
  if (capped !== null) return err(capped);
  const coins = await walCoins(context, costFrost);
  if (!coins.ok) return coins;
  const sharedBlob = {
    objectId: sharedObjectId,
    initialSharedVersion: view.owner.initialSharedVersion,
  };
  const ends = [{ blobObjectId, fromEndEpoch, endEpoch, version: view.version }];
  const draft = {
    step: {
      kind: "extend-shared",
      walCoins: coins.value,
      sharedBlob,
      epochs: byEpochs,
      costFrost,
    },
    inputs: coins.value,
    members: [{ id, costFrost, outcome: { kind: "extended", ends, sharedObjectId } }],
    gasMist: GAS_BUDGET_PER_BLOB_MIST,
    reserveMist: 0n,
  } as const;
  return ok({ answers: new Map(), draft });
}

/** The contract asks nothing of the blob: attributes outlive its storage (`blob.move`, metadata). */
export async function draftAttributes(
  { id, blobObjectId, set, remove, atVersion }: AttributesCommand,
  context: DraftContext,
): Promise<Drafted> {
  const owned = await ownedBlobs(context, [blobObjectId], true);
  if (!owned.ok) return owned;
  const [blob] = owned.value;
  if (blob === undefined) return unusable(blobObjectId, "not-found");
  if (!blob.ok) return blob;
  const { ref } = blob.value;
  const moved = movedFrom(ref, atVersion);
  if (moved !== null) return err(moved);
  const draft = {
    step: { kind: "set-attributes", blob: ref, set, remove },
    inputs: [ref],
    members: [{ id, costFrost: 0n, outcome: { kind: "attributes-set", blobObjectId } }],
    gasMist: attributesGasMist(set),
    reserveMist: 0n,
  } as const;
  return ok({ answers: new Map(), draft });
}

export async function draftDelete(
  { id, blobObjectId, burnsExpired = false, atVersion }: DeleteCommand,
  context: DraftContext,
): Promise<Drafted> {
  const owned = await ownedBlobs(context, [blobObjectId], burnsExpired);
  if (!owned.ok) return owned;
  const [blob] = owned.value;
  if (blob === undefined) return unusable(blobObjectId, "not-found");
  if (!blob.ok) return blob;
  const { ref, content } = blob.value;
  const moved = movedFrom(ref, atVersion);
  if (moved !== null) return err(moved);
  const burns = !isUnexpired(content, context.state.epoch);
  if (!burns && !content.deletable) return unusable(blobObjectId, "not-deletable");
  const draft = {
    step: { kind: "delete", blob: ref, burns },
    inputs: [ref],
    members: [{ id, costFrost: 0n, outcome: { kind: "deleted", blobObjectId } }],
    gasMist: 0n,
    reserveMist: 0n,
  } as const;
  return ok({ answers: new Map(), draft });
}
