/** Drafts of commands that have a transaction of their own: an extension of many blobs, a deletion. */
import { GAS_BUDGET_PER_BLOB_MIST } from "../../../shared/limits.ts";
import { storageCost } from "../../../shared/protocol/price.ts";
import { err, ok } from "../../../shared/result.ts";
import type { DeleteCommand, ExtendCommand } from "./commands.ts";
import {
  answered,
  capFailure,
  type DraftContext,
  type Drafted,
  ownedBlobs,
  unusable,
  walCoins,
} from "./draft.ts";

export async function draftExtend(command: ExtendCommand, context: DraftContext): Promise<Drafted> {
  const { state, allowance } = context;
  const wanted = new Map(command.extensions.map((one) => [one.blobObjectId, one.toEndEpoch]));
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

export async function draftDelete(
  { id, blobObjectId }: DeleteCommand,
  context: DraftContext,
): Promise<Drafted> {
  const owned = await ownedBlobs(context, [blobObjectId]);
  if (!owned.ok) return owned;
  const [blob] = owned.value;
  if (blob === undefined) return unusable(blobObjectId, "not-found");
  if (!blob.ok) return blob;
  const { ref, content } = blob.value;
  if (!content.deletable) return unusable(blobObjectId, "not-deletable");
  const draft = {
    step: { kind: "delete", blob: ref },
    inputs: [ref],
    members: [{ id, costFrost: 0n, outcome: { kind: "deleted", blobObjectId } }],
    gasMist: 0n,
    reserveMist: 0n,
  } as const;
  return ok({ answers: new Map(), draft });
}
