/**
 * Reads by object ID: a Blob or a SharedBlob names the blob, its attributes become headers, and its
 * storage says how long it is paid for.
 */
import { remember } from "../../shared/remember.ts";
import { OBJECT_HOLD_SECONDS, OBJECTS_REMEMBERED_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AttributedBlob } from "../../shared/sui/attributed-blob.ts";
import { parseSuiId } from "../../shared/sui/sui-id.ts";
import { withAttributes } from "./attribute-headers.ts";
import { blobContent, type BlobServing } from "./blob-content.ts";
import type { Exchange } from "./exchange.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { openBlob, type OpenBlob } from "./open-blob.ts";
import { consistencyFor, readConsistency, readPresentation } from "./query.ts";
import { badId } from "./refusals.ts";
import { type Representation, shortLease } from "./representation.ts";
import type { AggregatorServices } from "./services.ts";

/** A blob opened by way of an object. */
export interface OpenObject {
  readonly object: AttributedBlob;
  readonly blob: OpenBlob;
}

/** `GET`, `HEAD /v1/blobs/by-object-id/{object_id}` */
export async function readObject(exchange: Exchange, idText: string): Promise<Response> {
  const { services, request } = exchange;
  const objectId = parseSuiId(idText);
  if (objectId === null) return exchange.problem(badId("object_id", idText));
  const consistency = readConsistency(exchange.query);
  if (!consistency.ok) return exchange.problem(consistency.failure);
  const presentation = readPresentation(exchange.query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const opened = await openObject(services, objectId, request.signal);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const serving: BlobServing = {
    consistency: consistencyFor(exchange, consistency.value),
    presentation: presentation.value,
    isHead: request.method === "HEAD",
  };
  return exchange.answer(await objectContent(services, opened.value, serving, request.signal));
}

/** Opens the blob that an object names. */
export async function openObject(
  services: AggregatorServices,
  objectId: string,
  signal: AbortSignal,
): Promise<Result<OpenObject, AggregatorFailure>> {
  const found = await findObject(services, objectId);
  if (!found.ok) return found;
  const object = found.value;
  const opened = await openBlob(services, object.blob.blobId, signal);
  if (!opened.ok) return opened;
  proveLease(opened.value, object);
  return ok({ object, blob: opened.value });
}

async function objectContent(
  services: AggregatorServices,
  { object, blob }: OpenObject,
  serving: BlobServing,
  signal: AbortSignal,
): Promise<Result<Representation, AggregatorFailure>> {
  const plain = await blobContent(services, blob, serving, signal);
  if (!plain.ok) return plain;
  const content = withAttributes(plain.value, object.attributes, serving.presentation);
  const lease = shortLease(services, [blob], OBJECT_HOLD_SECONDS);
  return ok({ ...content, lease, tag: versionedId({ object, blob }) });
}

/** The bytes are the blob's, the headers this version's: a tag must change with either. */
export function versionedId({ object, blob }: OpenObject): string {
  return `${blob.id}.${object.version}`;
}

/** The object as the chain has it, or had it a moment ago. */
async function findObject(
  services: AggregatorServices,
  objectId: string,
): Promise<Result<AttributedBlob, AggregatorFailure>> {
  const { objects } = services.remembered;
  const nowMs = services.clock.nowMs();
  const held = objects.get(objectId);
  if (held !== undefined && nowMs < held.untilMs) return ok(held.object);
  const read = await services.readObject(objectId);
  if (!read.ok) {
    const { kind } = read.failure;
    if (kind === "object-not-found") {
      return err({ kind: "object-not-found", objectId, what: "no-such-object" });
    }
    return kind === "wrong-object-type"
      ? err({ kind: "object-not-found", objectId, what: "not-a-blob" })
      : err({ kind: "chain-unavailable", cause: read.failure });
  }
  const remembered = { object: read.value, untilMs: nowMs + OBJECT_HOLD_SECONDS * 1_000 };
  remember(objects, objectId, remembered, OBJECTS_REMEMBERED_MAX);
  return read;
}

/** A certified permanent Blob proves its own end, where nothing later is known. */
function proveLease({ known }: OpenBlob, { blob: owned }: AttributedBlob): void {
  const proves = owned.certifiedEpoch !== null && !owned.deletable;
  if (proves) known.prove(owned.storage.endEpoch, "blob-object");
}
