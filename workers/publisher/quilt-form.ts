/**
 * From the form of `PUT /v1/quilts` to the plan of a quilt. Pure over the form, which may be of any
 * length.
 *
 * Every field is a patch under its name; `_metadata` holds tags as JSON, where entries for other
 * identifiers are passed over. Source: `walrus-service client/daemon/routes.rs::put_quilt`,
 * `parse_multipart_quilt`.
 */
import * as v from "valibot";
import { planQuilt, type QuiltFailure, type QuiltPlan } from "../../shared/codec/index.ts";
import {
  findParts,
  type MultipartBody,
  type MultipartFailure,
  type MultipartPart,
} from "../../shared/http/multipart.ts";
import { parseJson } from "../../shared/http/json-body.ts";
import { echoed } from "../../shared/http/problem.ts";
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

/** A quilt of the files of a form, before its bytes are put together. */
export interface FormPlan {
  readonly plan: QuiltPlan;
  /** The files as they lie in the form; `QuiltPiece.patch` counts them. */
  readonly files: readonly MultipartPart[];
}

/** Lays the files of a form out as one quilt over `shardCount` shards. */
export async function planForm(
  body: MultipartBody,
  boundary: string,
  shardCount: number,
): Promise<Result<FormPlan, QuiltFormFailure>> {
  const parts = await findParts(body, boundary);
  if (!parts.ok) return parts;
  const tags = await tagsOfParts(body, parts.value);
  if (!tags.ok) return tags;
  const files = parts.value.filter(({ name }) => name !== METADATA_FIELD);
  const patches = files.map(({ name, byteCount }) => ({
    identifier: name,
    byteCount,
    tags: tags.value.get(name) ?? new Map<string, string>(),
  }));
  const plan = planQuilt(patches, shardCount);
  return plan.ok ? ok({ plan: plan.value, files }) : plan;
}

type Tags = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function tagsOfParts(
  body: MultipartBody,
  parts: readonly MultipartPart[],
): Promise<Result<Tags, QuiltFormFailure>> {
  const [metadata, second] = parts.filter(({ name }) => name === METADATA_FIELD);
  if (metadata === undefined) return ok(new Map());
  if (second !== undefined) return badMetadata("it is given twice");
  if (metadata.byteCount > QUILT_METADATA_BYTES_MAX) {
    return badMetadata(`it is longer than ${QUILT_METADATA_BYTES_MAX} bytes`);
  }
  const { offset, byteCount } = metadata;
  const text = byteCount === 0 ? new Uint8Array() : await body.read(offset, byteCount);
  const read = parseJson(text);
  if (read === null) return badMetadata("it is not JSON");
  const parsed = v.safeParse(metadataSchema, read.json);
  if (!parsed.success)
    return badMetadata('expected [{"identifier": "…", "tags": {"key": "value"}}]');
  const tags = new Map<string, ReadonlyMap<string, string>>();
  for (const entry of parsed.output) {
    if (tags.has(entry.identifier))
      return badMetadata(`${echoed(entry.identifier)} is listed twice`);
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
