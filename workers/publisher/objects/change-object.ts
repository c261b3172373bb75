/**
 * `PATCH` and `DELETE /edge/v1/objects/{objectId}`, `POST /edge/v1/objects/{objectId}/extend`.
 *
 * Each is one command to the wallet that owns the object, done once under an `Idempotency-Key`
 * (`keyed/change-once.ts`). With `If-Match` the command pins the object's version, so that the chain
 * itself compares and sets.
 */
import * as v from "valibot";
import { strongEtag } from "../../../shared/http/etag.ts";
import { readJson } from "../../../shared/http/json-body.ts";
import type { Problem } from "../../../shared/http/problem.ts";
import { EPOCHS_QUERY_MAX, OBJECT_BODY_BYTES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { Answer } from "../answer.ts";
import { attributeProblem } from "../attribute-problem.ts";
import { attributeChange } from "../attributes.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem, type PublisherFailure } from "../failure-to-problem.ts";
import { type ChangeAnswer, changeOnce } from "../keyed/change-once.ts";
import { chainFailure } from "../upload/failure-of.ts";
import { recentShard } from "../recent/recent.ts";
import { readRequestBody } from "../request-body.ts";
import { randomUploadId } from "../uploads.ts";
import type { Receipt, WalletDone } from "../wallet/commands.ts";
import { carryOutByWallet, type WalletWish } from "./ask-wallet.ts";
import { isConditional } from "./condition.ts";
import { type AskedObject, findForChange, type FoundObject } from "./find-object.ts";
import { objectProblem, refusedObject } from "./object-problem.ts";
import { leaseView } from "./view.ts";

/** One change to one object: what is asked of the wallet, and what was known when it was. */
interface ObjectWish extends WalletWish {
  readonly lease: Lease;
}

interface PatchWish extends ObjectWish {
  /** Those the object has after it. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** PATCH with `{"attributes": {"key": "value", "other": null}}`: sets and removes. */
export function patchObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const plan = (body: Uint8Array, object: FoundObject): Result<PatchWish, Problem> => {
    const change = attributeChange(body);
    if (!change.ok) return err(attributeProblem(change.failure));
    const payer = ownedBy(object, context);
    if (!payer.ok) return err(failureToProblem(payer.failure));
    const { remove } = change.value;
    const set = Object.entries(change.value.set);
    const { lease, onChain } = object;
    const { blobObjectId } = lease;
    // Always of the version that was read: so the attributes after it are known.
    const pin = { id: commandName(context), atVersion: onChain.version };
    return ok({
      payer: payer.value,
      command: { kind: "set-attributes", ...pin, blobObjectId, set, remove },
      isConditional: isConditional(request.headers),
      lease,
      attributes: Object.fromEntries(
        [...onChain.attributes, ...set].filter(([key]) => !remove.includes(key)),
      ),
    });
  };
  return changeObject(request, asked, context, {
    plan,
    async answer({ lease, attributes }, done) {
      await context.leaseBook.setAttributes(lease.blobObjectId, attributes);
      const version = done.kind === "attributes-set" ? done.version : null;
      return versioned(version, { ...leaseView({ ...lease, attributes }), ...receipt(done) });
    },
  });
}

interface DeleteWish extends ObjectWish {
  /** The storage that stays with the wallet; `null` where it is over. */
  readonly returnedStorage: object | null;
}

/** DELETE: its storage goes back to the wallet, for a store that reuses it; what is over is burned. */
export function deleteObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const plan = async (_: unknown, object: FoundObject): Promise<Result<DeleteWish, Problem>> => {
    const payer = ownedBy(object, context);
    if (!payer.ok) return err(failureToProblem(payer.failure));
    const { lease, onChain } = object;
    const { deletable, storage } = onChain.blob;
    const { objectId: id, endEpoch, storageBytes: storageSize } = storage;
    const contract = await context.chain.readContract();
    if (!contract.ok) return err(failureToProblem(chainFailure(contract.failure)));
    const isOver = endEpoch <= contract.value.epoch;
    if (!isOver && !deletable) {
      return err(objectProblem({ kind: "object-permanent", endEpoch }));
    }
    const { blobObjectId } = lease;
    const pin = { id: commandName(context), ...pinned(request, object) };
    return ok({
      payer: payer.value,
      command: { kind: "delete", ...pin, blobObjectId, burnsExpired: isOver },
      isConditional: isConditional(request.headers),
      lease,
      returnedStorage: isOver ? null : { id, endEpoch, storageSize },
    });
  };
  return changeObject(request, asked, context, {
    plan,
    async answer({ lease: { blobObjectId: objectId, blobId }, returnedStorage }, done) {
      const beganAtMs = context.clock.nowMs();
      await context.leaseBook.forget([objectId]);
      if ((await context.leaseBook.ofBlob(blobId)).length === 0) {
        await forgetBlob(blobId, beganAtMs, context);
      }
      return { body: { deleted: { objectId, blobId }, returnedStorage, ...receipt(done) } };
    },
  });
}

/**
 * Nothing here holds the blob any more: what is cached of it was served on the word of a lease, and
 * a 404 is true unless somebody has stored it since.
 */
async function forgetBlob(blobId: string, beganAtMs: number, context: AppContext): Promise<void> {
  const { gate, recents } = context;
  await recents.getByName(recentShard(blobId)).forget(blobId, beganAtMs);
  await gate().purge(blobId);
}

const extensionSchema = v.strictObject({
  epochs: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(EPOCHS_QUERY_MAX)),
});

/** POST with `{"epochs": n}`: so many on top of its end; a SharedBlob is funded for it. */
export function extendObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const plan = async (
    body: Uint8Array,
    object: FoundObject,
  ): Promise<Result<ObjectWish, Problem>> => {
    const extension = readJson(body, extensionSchema);
    if (!extension.ok) {
      return err(objectProblem({ kind: "extension-malformed", flaw: extension.failure }));
    }
    const { epochs } = extension.value;
    const wish = extensionOf(request, object, epochs, context);
    if (!wish.ok) return err(failureToProblem(wish.failure));
    const beyond = await horizonFailure(object, epochs, context);
    return beyond === null ? ok({ ...wish.value, lease: object.lease }) : err(beyond);
  };
  return changeObject(request, asked, context, {
    plan,
    async answer({ lease }, done) {
      const [end] = done.kind === "extended" ? done.ends : [];
      const { endEpoch = lease.endEpoch, fromEndEpoch = lease.endEpoch } = end ?? {};
      await context.leaseBook.updateEnds([{ blobObjectId: lease.blobObjectId, endEpoch }]);
      const view = { ...leaseView({ ...lease, endEpoch }), fromEndEpoch, ...receipt(done) };
      return versioned(end?.version ?? null, view);
    },
  });
}

/** What differs between the changes. */
interface ObjectChange<Wish extends ObjectWish> {
  plan(
    body: Uint8Array,
    object: FoundObject,
  ): Result<Wish, Problem> | Promise<Result<Wish, Problem>>;
  /** Writes down what was done; may be called again for the same wish. */
  answer(wish: Wish, done: WalletDone): Promise<ChangeAnswer>;
}

async function changeObject<Wish extends ObjectWish>(
  request: Request,
  asked: AskedObject,
  context: AppContext,
  change: ObjectChange<Wish>,
): Promise<Answer> {
  const body = await readRequestBody(request, OBJECT_BODY_BYTES_MAX);
  if (!body.ok) return body.failure;
  return changeOnce<Wish>({ ...asked, request, body: body.value }, context, {
    async plan() {
      const object = await findForChange(request.headers, asked, context);
      return object.ok
        ? change.plan(body.value, object.value)
        : err(failureToProblem(object.failure));
    },
    carryOut: (wish) =>
      carryOutByWallet(wish, context, (done) => change.answer(wish, done), wish.lease),
  });
}

/** Names the wallet's command; it is kept with the wish. */
function commandName({ random }: AppContext): string {
  return `object/${randomUploadId(random)}`;
}

function pinned(request: Request, { onChain }: FoundObject): { readonly atVersion?: string } {
  return isConditional(request.headers) ? { atVersion: onChain.version } : {};
}

/** The address of ours that owns it. */
function ownedBy(
  { lease, owner }: FoundObject,
  { wallets }: AppContext,
): Result<string, PublisherFailure> {
  const { sharedObjectId } = lease;
  if (sharedObjectId !== undefined) return refusedObject({ kind: "object-shared", sharedObjectId });
  return wallets.isOurs(owner) ? ok(owner) : refusedObject({ kind: "object-not-ours", owner });
}

/** A SharedBlob cannot be pinned: whoever funds it changes its version. */
function extensionOf(
  request: Request,
  object: FoundObject,
  byEpochs: number,
  context: AppContext,
): Result<WalletWish, PublisherFailure> {
  const id = commandName(context);
  const { blobObjectId, sharedObjectId } = object.lease;
  const [main] = context.wallets.addresses;
  if (sharedObjectId !== undefined && main !== undefined) {
    const command = { kind: "extend-shared", id, sharedObjectId, byEpochs } as const;
    return ok({ payer: main, command, isConditional: false });
  }
  const owned = ownedBy(object, context);
  if (!owned.ok) return owned;
  const extensions = [{ blobObjectId, byEpochs, ...pinned(request, object) }];
  return ok({
    payer: owned.value,
    command: { kind: "extend", id, extensions },
    isConditional: isConditional(request.headers),
  });
}

/** Whether the network sells so many epochs ahead and no more. */
async function horizonFailure(
  { onChain }: FoundObject,
  byEpochs: number,
  { chain }: AppContext,
): Promise<Problem | null> {
  const contract = await chain.readContract();
  if (!contract.ok) return failureToProblem(chainFailure(contract.failure));
  const { epoch, maxEpochsAhead } = contract.value;
  const { endEpoch } = onChain.blob.storage;
  const epochsMax = epoch + maxEpochsAhead - endEpoch;
  return endEpoch > epoch && byEpochs > epochsMax
    ? failureToProblem({ kind: "epochs-too-many", asked: byEpochs, epochsMax })
    : null;
}

/** An answer that tells the version the object has by it, also as its entity tag. */
function versioned(version: string | null, body: object): ChangeAnswer {
  return version === null
    ? { body }
    : { headers: { ETag: strongEtag(version) }, body: { ...body, version } };
}

function receipt({ txDigest, costFrost, gasMist }: Receipt): object {
  return { txDigest, cost: Number(costFrost), gas: Number(gasMist) };
}
