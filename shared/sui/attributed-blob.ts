/**
 * Reads a Blob object together with its attributes and its version.
 *
 * Attributes are a dynamic field of the Blob under the bytes `metadata`. They may change at any
 * time; each change gives the object, or the SharedBlob around it, a new version. Source: Move
 * `system/blob.move`, `system/metadata.move`; walrus-sui `client/read_client.rs::get_blob_attribute`.
 */
import { bcs } from "@mysten/bcs";
import { deriveDynamicFieldID } from "@mysten/sui/utils";
import type { Fetch, Timer } from "../ports.ts";
import type { BlobObject } from "../protocol/blob-object.ts";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure } from "./chain.ts";
import { createObjects } from "./objects.ts";
import { malformedContents, parseBlobObject, parseContents, type RawObject } from "./parse.ts";
import { createRpc } from "./rpc.ts";

/** A Blob, or the one inside a SharedBlob, as it stands in one version. */
export interface AttributedBlob {
  readonly blob: BlobObject;
  /** Version of the object by which it was read: decimal text. */
  readonly version: string;
  /** In the order stored; keys and values as the owner wrote them. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads by object ID (`0x` and 64 hex digits). */
export type ReadAttributedBlob = (
  objectId: string,
) => Promise<Result<AttributedBlob, ChainFailure>>;

const AttributesField = bcs.struct("Field", {
  id: bcs.bytes(32),
  name: bcs.byteVector(),
  value: bcs.vector(bcs.tuple([bcs.string(), bcs.string()])),
});

const ATTRIBUTES_NAME = bcs.byteVector().serialize(new TextEncoder().encode("metadata")).toBytes();

/** Makes the reader of one invocation. */
export function createAttributedBlobs(options: {
  readonly suiRpcUrl: string;
  readonly fetch: Fetch;
  readonly timer: Timer;
}): ReadAttributedBlob {
  const objects = createObjects(
    createRpc({ url: options.suiRpcUrl, fetch: options.fetch, timer: options.timer }),
  );
  return async (objectId) => {
    // A plain Blob's attributes can be asked for together with it.
    const found = await objects.find([objectId, attributesId(objectId)]);
    if (!found.ok) return found;
    const [raw, field = null] = found.value;
    if (raw === undefined || raw === null) return err({ kind: "object-not-found", objectId });
    const blob = parseBlobObject(raw);
    if (!blob.ok) return blob;
    const { version } = raw;
    const { blobObjectId } = blob.value;
    // One inside a SharedBlob is known only now.
    const fields =
      blobObjectId === objectId ? ok([field]) : await objects.find([attributesId(blobObjectId)]);
    if (!fields.ok) return fields;
    const attributes = parseAttributes(fields.value[0] ?? null);
    return attributes.ok
      ? ok({ blob: blob.value, version, attributes: attributes.value })
      : attributes;
  };
}

function attributesId(blobObjectId: string): string {
  return deriveDynamicFieldID(blobObjectId, "vector<u8>", ATTRIBUTES_NAME);
}

/** A blob without the field has none; a field of another layout is no answer, or a change would lose what it holds. */
export function parseAttributes(
  field: Pick<RawObject, "objectId" | "content"> | null,
): Result<ReadonlyMap<string, string>, ChainFailure> {
  if (field === null) return ok(new Map());
  const parsed = parseContents(AttributesField, field.content);
  return parsed === null ? malformedContents(field.objectId) : ok(new Map(parsed.value));
}
