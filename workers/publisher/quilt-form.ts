/**
 * From the form of `PUT /v1/quilts` to a quilt. Pure.
 *
 * Every field is a patch under its name; `_metadata` holds tags as JSON, where entries for other
 * identifiers are passed over. Source: `walrus-service client/daemon/routes.rs::put_quilt`,
 * `parse_multipart_quilt`.
 */
import * as v from "valibot";
import {
  encodeQuilt,
  type EncodedQuilt,
  type QuiltFailure,
  type QuiltPatchInput,
} from "../../shared/codec/index.ts";
import {
  type MultipartFailure,
  type MultipartPart,
  parseMultipart,
} from "../../shared/http/multipart.ts";
import { QUILT_METADATA_BYTES_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** Why a form is no quilt. */
export type QuiltFormFailure =
  | MultipartFailure
  | QuiltFailure
  | { readonly kind: "quilt-metadata-malformed"; readonly detail: string };

const METADATA_FIELD = "_metadata";

const metadataSchema = v.array(
  v.object({ identifier: v.string(), tags: v.optional(v.record(v.string(), v.unknown()), {}) }),
);

/** Lays the files of a form out as one quilt over `shardCount` shards. */
export function quiltOfForm(
  body: Uint8Array,
  boundary: string,
  shardCount: number,
): Result<EncodedQuilt, QuiltFormFailure> {
  const parts = parseMultipart(body, boundary);
  if (!parts.ok) return parts;
  const tags = tagsOfParts(parts.value);
  if (!tags.ok) return tags;
  const patches: QuiltPatchInput[] = parts.value
    .filter(({ name }) => name !== METADATA_FIELD)
    .map(({ name, data }) => ({
      identifier: name,
      data,
      tags: tags.value.get(name) ?? new Map<string, string>(),
    }));
  return encodeQuilt(patches, shardCount);
}

type Tags = ReadonlyMap<string, ReadonlyMap<string, string>>;

function tagsOfParts(parts: readonly MultipartPart[]): Result<Tags, QuiltFormFailure> {
  const [metadata, second] = parts.filter(({ name }) => name === METADATA_FIELD);
  if (metadata === undefined) return ok(new Map());
  if (second !== undefined) return badMetadata("it is given twice");
  if (metadata.data.length > QUILT_METADATA_BYTES_MAX) {
    return badMetadata(`it is longer than ${QUILT_METADATA_BYTES_MAX} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(metadata.data),
    );
  } catch {
    return badMetadata("it is not JSON");
  }
  const parsed = v.safeParse(metadataSchema, json);
  if (!parsed.success)
    return badMetadata('expected [{"identifier": "…", "tags": {"key": "value"}}]');
  const tags = new Map<string, ReadonlyMap<string, string>>();
  for (const entry of parsed.output) {
    if (tags.has(entry.identifier)) return badMetadata(`${entry.identifier} is listed twice`);
    tags.set(entry.identifier, new Map(Object.entries(entry.tags).map(textTag)));
  }
  return ok(tags);
}

/** Tags are text: other JSON values are written as JSON, as the official publisher does. */
function textTag([key, value]: [string, unknown]): [string, string] {
  return [key, typeof value === "string" ? value : JSON.stringify(value)];
}

function badMetadata(detail: string): Result<never, QuiltFormFailure> {
  return err({ kind: "quilt-metadata-malformed", detail });
}
