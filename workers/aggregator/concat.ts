/**
 * `GET`, `HEAD`, `POST /v1alpha/blobs/concat`: several blobs one after the other.
 *
 * All of them are opened before a byte leaves, so that an unknown or blocked one is a clean error
 * and the answer has a length, a tag and ranges. A blob that fails later cuts the body short of
 * its length, which no cache keeps.
 */
import * as v from "valibot";
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { toBase64Url } from "../../shared/bytes/text.ts";
import { parseBlobId } from "../../shared/codec/index.ts";
import { readBody } from "../../shared/http/body.ts";
import { parseJson } from "../../shared/http/json-body.ts";
import type { Problem } from "../../shared/http/problem.ts";
import {
  CONCAT_BODY_BYTES_MAX,
  CONCAT_MAX_IDS,
  OBJECT_HOLD_SECONDS,
  STRICT_READ_BYTES_MAX,
} from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import { parseSuiId } from "../../shared/sui/sui-id.ts";
import { withAttributes } from "./attribute-headers.ts";
import { blobContent, type BlobServing } from "./blob-content.ts";
import type { Exchange } from "./exchange.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { openBlob, type OpenBlob } from "./open-blob.ts";
import {
  type Consistency,
  consistencyOf,
  type Presentation,
  readConsistency,
  readOne,
  readPresentation,
} from "./query.ts";
import { openObject, versionedId } from "./read-object.ts";
import { badBody, badConcatId, badIdCount } from "./refusals.ts";
import {
  officialContent,
  baseHeaders,
  leaseOf,
  type Pieces,
  type Representation,
  shortLease,
} from "./representation.ts";
import type { AggregatorServices } from "./services.ts";

interface Asked {
  readonly ids: readonly string[];
  readonly consistency: Consistency;
}

const flag = v.optional(v.nullable(v.boolean()));
const bodySchema = v.strictObject({
  ids: v.array(v.string()),
  strict_consistency_check: flag,
  skip_consistency_check: flag,
});

/** Answers a concat. */
export async function concat(exchange: Exchange): Promise<Response> {
  const { request, query } = exchange;
  const asked = request.method === "POST" ? await fromBody(request) : fromQuery(query);
  if (!asked.ok) return exchange.problem(asked.failure);
  const presentation = readPresentation(query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const { ids, consistency } = asked.value;
  if (ids.length === 0 || ids.length > CONCAT_MAX_IDS) {
    return exchange.problem(badIdCount(ids.length));
  }
  const unknown = ids.find((id) => parseBlobId(id) === null && parseSuiId(id) === null);
  if (unknown !== undefined) return exchange.problem(badConcatId(unknown));
  return serve(exchange, ids, consistency, presentation.value);
}

interface Part {
  readonly blob: OpenBlob;
  /** What the tag says of it: the blob's ID, with the version of the object it was named by. */
  readonly named: string;
  /** Of the object it was named by; `null` where it was named by its blob ID. */
  readonly attributes: ReadonlyMap<string, string> | null;
}

async function serve(
  exchange: Exchange,
  ids: readonly string[],
  consistency: Consistency,
  presentation: Presentation,
): Promise<Response> {
  const { request } = exchange;
  const parts: Part[] = [];
  for (const id of ids) {
    const opened = await openEither(exchange, id);
    if (!opened.ok) return exchange.refuse(opened.failure);
    const { unencodedBytes } = opened.value.blob.entry;
    if (consistency === "strict" && unencodedBytes > STRICT_READ_BYTES_MAX) {
      return exchange.refuse({ kind: "strict-too-large", unencodedBytes });
    }
    parts.push(opened.value);
  }
  const serving = { consistency, presentation, isHead: request.method === "HEAD" };
  const joined = await join(exchange.services, ids, parts, serving);
  const attributes = parts[0]?.attributes ?? new Map<string, string>();
  return exchange.answer(ok(withAttributes(joined, attributes, presentation)));
}

async function openEither(
  { services, request }: Exchange,
  id: string,
): Promise<Result<Part, AggregatorFailure>> {
  const blobId = parseBlobId(id);
  const objectId = parseSuiId(id);
  // `0x` and 64 digits may be either: here it is an object ID, as it always is officially.
  if (objectId !== null) {
    const opened = await openObject(services, objectId, request.signal);
    if (opened.ok) {
      const { blob, object } = opened.value;
      return ok({ blob, named: versionedId(opened.value), attributes: object.attributes });
    }
    return opened.failure.kind === "object-not-found"
      ? err({ kind: "concat-object-not-found", objectId })
      : opened;
  }
  if (blobId === null) throw new TypeError(`Cannot open: expected a checked ID, got ${id}`);
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return opened;
  return ok({ blob: opened.value, named: opened.value.id, attributes: null });
}

async function join(
  services: AggregatorServices,
  asked: readonly string[],
  parts: readonly Part[],
  serving: BlobServing,
): Promise<Representation> {
  const blobs = parts.map(({ blob }) => blob);
  const [first, ...others] = blobs;
  if (first === undefined) throw new TypeError("Cannot join: expected at least one blob, got none");
  const headers = baseHeaders(first, serving.presentation);
  const ids = blobs.map(({ id }) => id);
  // Headers are taken from the first object: its attributes may change.
  const isDescribed = (parts[0]?.attributes ?? null) !== null;
  headers.set("Cache-Tag", [...new Set(ids)].join(","));
  const official = officialContent(await tagOf(asked), false);
  const { consistency } = serving;
  return {
    tag: await tagOf(parts.map(({ named }) => named)),
    official: { ...official, hasLength: false },
    totalBytes: blobs.reduce((total, { entry }) => total + entry.unencodedBytes, 0),
    headers,
    lease: isDescribed
      ? shortLease(services, [first, ...others], OBJECT_HOLD_SECONDS)
      : leaseOf(services, [first, ...others]),
    contentType: serving.presentation.contentType,
    learnType: null,
    verified: consistency === "skip" ? "slivers" : consistency,
    tier: first.tier,
    bytes: (range, signal) => joinedBytes(services, blobs, serving, range, signal),
  };
}

/** The official tag is over the IDs as they were written; ours over what they name. */
async function tagOf(ids: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8Bytes(ids.join(",")));
  return toBase64Url(new Uint8Array(digest));
}

/** The bytes of `range` of the blobs laid end to end; each is checked when its turn has come. */
async function* joinedBytes(
  services: AggregatorServices,
  blobs: readonly OpenBlob[],
  serving: BlobServing,
  range: ByteRange,
  signal: AbortSignal,
): Pieces {
  let offset = 0;
  for (const blob of blobs) {
    const start = Math.max(0, range.start - offset);
    const end = Math.min(blob.entry.unencodedBytes, range.end - offset);
    offset += blob.entry.unencodedBytes;
    if (end <= start) continue;
    const content = await blobContent(services, blob, serving, signal);
    if (!content.ok) {
      yield content;
      return;
    }
    yield* content.value.bytes({ start, end }, signal);
  }
}

function fromQuery(query: URLSearchParams): Result<Asked, Problem> {
  const ids = readOne(query, "ids");
  if (!ids.ok) return ids;
  const consistency = readConsistency(query);
  if (!consistency.ok) return consistency;
  const listed = (ids.value ?? "").split(",").map((id) => id.trim());
  return ok({ ids: listed.filter((id) => id !== ""), consistency: consistency.value });
}

async function fromBody(request: Request): Promise<Result<Asked, Problem>> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(type)) {
    return err(badBody(415, "the body must be application/json"));
  }
  const bytes = await readBody(request, CONCAT_BODY_BYTES_MAX);
  if (!bytes.ok) {
    return err(
      bytes.failure.kind === "body-too-large"
        ? badBody(413, `the body is longer than ${CONCAT_BODY_BYTES_MAX} bytes`)
        : badBody(400, "the body broke off or is not as long as declared"),
    );
  }
  const read = parseJson(bytes.value);
  if (read === null) return err(badBody(400, "the body is not JSON"));
  const parsed = v.safeParse(bodySchema, read.json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const key = v.getDotPath(issue);
    return err(badBody(422, `the body${key === null ? "" : ` at ${key}`}: ${issue.message}`));
  }
  const { ids, strict_consistency_check: strict, skip_consistency_check: skip } = parsed.output;
  const consistency = consistencyOf(strict ?? false, skip ?? false);
  return consistency.ok ? ok({ ids, consistency: consistency.value }) : consistency;
}
