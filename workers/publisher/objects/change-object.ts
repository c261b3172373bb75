/**
 * `PATCH` and `DELETE /edge/v1/objects/{objectId}`, `POST /edge/v1/objects/{objectId}/extend`.
 *
 * Each is one command to the wallet that owns the object. With an `Idempotency-Key` the command is
 * named by subject, method, object and key, so that the wallet's journal answers a repetition and
 * pays nothing twice; another content under the same name is refused.
 */
import * as v from "valibot";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toBase64Url } from "../../../shared/bytes/text.ts";
import { readBody } from "../../../shared/http/body.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { EPOCHS_QUERY_MAX, OBJECT_BODY_BYTES_MAX } from "../../../shared/limits.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { type Answer, refuse } from "../answer.ts";
import { attributeProblem } from "../attribute-problem.ts";
import { attributeChange } from "../attributes.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem, type PublisherFailure } from "../failure-to-problem.ts";
import { readKey } from "../idempotency.ts";
import { chainFailure } from "../upload/failure-of.ts";
import { randomUploadId } from "../uploads.ts";
import type { WalletCommand } from "../wallet/commands.ts";
import { askWallet } from "./ask-wallet.ts";
import { type AskedObject, findObject, type FoundObject } from "./find-object.ts";
import { objectProblem, refusedObject } from "./object-problem.ts";
import { leaseView } from "./view.ts";

/** PATCH with `{"attributes": {"key": "value", "other": null}}`: sets and removes. */
export async function patchObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const prepared = await prepareChange(request, asked, context);
  if (!prepared.ok) return refuse(request, failureToProblem(prepared.failure));
  const { json, id, object } = prepared.value;
  const change = attributeChange(json);
  if (!change.ok) return attributeProblem(change.failure);
  const owned = ownedBy(object, context);
  if (!owned.ok) return failureToProblem(owned.failure);
  const { set, remove } = change.value;
  const { lease, onChain } = object;
  const { blobObjectId } = lease;
  const pairs = Object.entries(set);
  const done = await askWallet(context, owned.value, {
    kind: "set-attributes",
    id,
    blobObjectId,
    set: pairs,
    remove,
  });
  if (!done.ok) return failureToProblem(done.failure);
  const attributes = Object.fromEntries(
    [...onChain.attributes, ...pairs].filter(([key]) => !remove.includes(key)),
  );
  await context.leaseBook.setAttributes(blobObjectId, attributes);
  const { txDigest, gasMist } = done.value;
  return jsonResponse({
    ...leaseView({ ...lease, attributes }),
    ...receipt(txDigest, 0n, gasMist),
  });
}

/** DELETE: its storage goes back to the wallet, for a store that reuses it; what is over is burned. */
export async function deleteObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const prepared = await prepareChange(request, asked, context);
  if (!prepared.ok) return refuse(request, failureToProblem(prepared.failure));
  const { id, object } = prepared.value;
  const owned = ownedBy(object, context);
  if (!owned.ok) return failureToProblem(owned.failure);
  const { lease, onChain } = object;
  const { deletable, storage } = onChain.blob;
  const contract = await context.chain.readContract();
  if (!contract.ok) return failureToProblem(chainFailure(contract.failure));
  const isOver = storage.endEpoch <= contract.value.epoch;
  if (!isOver && !deletable) {
    return objectProblem({ kind: "object-permanent", endEpoch: storage.endEpoch });
  }
  const { blobObjectId, blobId } = lease;
  const command = { kind: "delete", id, blobObjectId, burnsExpired: isOver } as const;
  const done = await askWallet(context, owned.value, command);
  if (!done.ok) return failureToProblem(done.failure);
  await context.leaseBook.forget([blobObjectId]);
  // What is cached of it was served on the word of this lease, unless another one holds it.
  if ((await context.leaseBook.ofBlob(blobId)).length === 0) await context.gate().purge(blobId);
  const { txDigest, gasMist } = done.value;
  const { objectId, endEpoch, storageBytes } = storage;
  return jsonResponse({
    deleted: { objectId: blobObjectId, blobId },
    returnedStorage: isOver ? null : { id: objectId, endEpoch, storageSize: storageBytes },
    ...receipt(txDigest, 0n, gasMist),
  });
}

const extensionSchema = v.strictObject({
  epochs: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(EPOCHS_QUERY_MAX)),
});

/** POST with `{"epochs": n}`: so many on top of its end; a SharedBlob is funded for it. */
export async function extendObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const prepared = await prepareChange(request, asked, context);
  if (!prepared.ok) return refuse(request, failureToProblem(prepared.failure));
  const { json, id, object } = prepared.value;
  const parsed = v.safeParse(extensionSchema, json);
  if (!parsed.success) return objectProblem({ kind: "extension-malformed" });
  const { lease } = object;
  const command = extensionOf(object, parsed.output.epochs, id, context);
  if (!command.ok) return failureToProblem(command.failure);
  const done = await askWallet(context, command.value.payer, command.value.command);
  if (!done.ok) {
    const beyond = await horizonFailure(object, parsed.output.epochs, context);
    return failureToProblem(beyond ?? done.failure);
  }
  const { txDigest, costFrost, gasMist } = done.value;
  const [end] = done.value.kind === "extended" ? done.value.ends : [];
  const endEpoch = end?.endEpoch ?? lease.endEpoch;
  await context.leaseBook.updateEnds([{ blobObjectId: lease.blobObjectId, endEpoch }]);
  return jsonResponse({
    ...leaseView({ ...lease, endEpoch }),
    fromEndEpoch: end?.fromEndEpoch ?? lease.endEpoch,
    ...receipt(txDigest, costFrost, gasMist),
  });
}

interface Change {
  /** The body; `null` where it is none. */
  readonly json: unknown;
  /** Names the wallet's command. */
  readonly id: string;
  readonly object: FoundObject;
}

/** What all changes have in common; every refusal comes before anything is paid. */
async function prepareChange(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Result<Change, PublisherFailure>> {
  const key = readKey(request.headers);
  if (!key.ok) return key;
  const body = await readBody(request, OBJECT_BODY_BYTES_MAX);
  if (!body.ok) return body;
  const object = await findObject(asked, context);
  if (!object.ok) return object;
  const { pathname } = new URL(request.url);
  const id =
    key.value === null
      ? `object/${randomUploadId(context.random)}`
      : `object/${await hashOf([asked.sub, request.method, pathname, key.value])}`;
  return ok({ json: parseJson(body.value), id, object: object.value });
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

function extensionOf(
  object: FoundObject,
  byEpochs: number,
  id: string,
  context: AppContext,
): Result<{ readonly payer: string; readonly command: WalletCommand }, PublisherFailure> {
  const { blobObjectId, sharedObjectId } = object.lease;
  const [main] = context.wallets.addresses;
  if (sharedObjectId !== undefined && main !== undefined) {
    return ok({ payer: main, command: { kind: "extend-shared", id, sharedObjectId, byEpochs } });
  }
  const owned = ownedBy(object, context);
  if (!owned.ok) return owned;
  const command = { kind: "extend", id, extensions: [{ blobObjectId, byEpochs }] } as const;
  return ok({ payer: owned.value, command });
}

/**
 * Whether it failed because the network sells so many epochs ahead and no more. Asked afterwards: a
 * repetition of what was done has its answer from the wallet, wherever the end lies by now.
 */
async function horizonFailure(
  { onChain }: FoundObject,
  byEpochs: number,
  { chain }: AppContext,
): Promise<PublisherFailure | null> {
  const contract = await chain.readContract();
  if (!contract.ok) return null;
  const { epoch, maxEpochsAhead } = contract.value;
  const { endEpoch } = onChain.blob.storage;
  const epochsMax = epoch + maxEpochsAhead - endEpoch;
  return endEpoch > epoch && byEpochs > epochsMax ? { kind: "epochs-too-many", epochsMax } : null;
}

function receipt(txDigest: string | null, costFrost: bigint, gasMist: bigint): object {
  return { txDigest, cost: Number(costFrost), gas: Number(gasMist) };
}

async function hashOf(parts: readonly (string | null)[]): Promise<string> {
  const name = utf8Bytes(JSON.stringify(parts));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
