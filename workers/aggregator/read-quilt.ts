/**
 * Reads of quilts: one patch by its ID or by its identifier, and the list of patches.
 *
 * Existence and length of a patch are written in its columns, so a `HEAD` reads them too. A patch
 * has a tag of its own: its ID. Source: walrus-sdk `node_client/quilt_client.rs`.
 */
import {
  decodeQuiltPatch,
  formatPatchId,
  parseBlobId,
  parsePatchId,
  type QuiltPatch,
  type QuiltPatchId,
} from "../../shared/codec/index.ts";
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { toBase64 } from "../../shared/bytes/text.ts";
import { strongEtag } from "../../shared/http/etag.ts";
import type { HeldMemory } from "../../shared/held-memory.ts";
import { SNIFF_BYTES_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { withAttributes } from "./attribute-headers.ts";
import { sniffType } from "./content-type.ts";
import type { Exchange } from "./exchange.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { openBlob, type OpenBlob } from "./open-blob.ts";
import { type Presentation, readPresentation } from "./query.ts";
import { openQuilt, type QuiltReader, readIndex } from "./quilt-columns.ts";
import { badId } from "./refusals.ts";
import {
  officialContent,
  baseHeaders,
  inMemory,
  leaseOf,
  plainHeaders,
  withDigest,
} from "./representation.ts";
import { bodiless, precondition } from "./send.ts";
import type { TierName } from "./tiers.ts";

const HEADER_TEXT = /^[\x20-\x7e]+$/;

/** `GET`, `HEAD /v1/blobs/by-quilt-patch-id/{patch_id}` */
export async function readPatchById(exchange: Exchange, idText: string): Promise<Response> {
  const patchId = parsePatchId(idText);
  if (patchId === null) return exchange.problem(badId("quilt_patch_id", idText));
  const presentation = readPresentation(exchange.query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const opened = await open(exchange, patchId.quiltId);
  if (!opened.ok) return exchange.refuse(opened.failure);
  return sendPatch(exchange, opened.value, patchId, presentation.value);
}

/** `GET`, `HEAD /v1/blobs/by-quilt-id/{quilt_id}/{identifier}` */
export async function readPatchByIdentifier(
  exchange: Exchange,
  idText: string,
  identifier: string,
): Promise<Response> {
  const quiltId = parseBlobId(idText);
  if (quiltId === null) return exchange.problem(badId("quilt_id", idText));
  const presentation = readPresentation(exchange.query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const opened = await open(exchange, quiltId);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const read = await readIndex(opened.value.quilt, exchange.request.signal);
  if (!read.ok) return exchange.refuse(read.failure);
  const entry = read.value.index.patches.find((patch) => patch.identifier === identifier);
  if (entry === undefined) {
    return exchange.refuse({ kind: "patch-not-found", what: "no-such-identifier" });
  }
  return sendPatch(exchange, opened.value, { ...entry, quiltId }, presentation.value);
}

/** `GET`, `HEAD /v1/quilts/{quilt_id}/patches`: in the order of the index, in official spelling. */
export async function listPatches(exchange: Exchange, idText: string): Promise<Response> {
  const { services, request } = exchange;
  const quiltId = parseBlobId(idText);
  if (quiltId === null) return exchange.problem(badId("quilt_id", idText));
  const opened = await open(exchange, quiltId);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const { blob, quilt } = opened.value;
  const read = await readIndex(quilt, request.signal);
  if (!read.ok) return exchange.refuse(read.failure);
  const patches = read.value.index.patches.map(({ identifier, tags, startIndex, endIndex }) => ({
    identifier,
    patch_id: formatPatchId({ quiltId, startIndex, endIndex }),
    tags: Object.fromEntries(tags),
  }));
  const bytes = utf8Bytes(JSON.stringify(patches));
  const content = inMemory(bytes, {
    tag: `${blob.id}.patches`,
    official: officialContent(null, false),
    headers: plainHeaders(blob),
    lease: leaseOf(services, [blob]),
    contentType: "application/json",
    tier: read.value.tier,
  });
  return exchange.answer(ok(content));
}

interface OpenQuilt {
  readonly blob: OpenBlob;
  readonly quilt: QuiltReader;
}

async function open(
  { services, request }: Exchange,
  quiltId: Uint8Array,
): Promise<Result<OpenQuilt, AggregatorFailure>> {
  const blob = await openBlob(services, quiltId, request.signal);
  if (!blob.ok) return blob;
  const quilt = openQuilt(services, blob.value);
  return quilt.ok ? ok({ blob: blob.value, quilt: quilt.value }) : quilt;
}

async function sendPatch(
  exchange: Exchange,
  { blob, quilt }: OpenQuilt,
  patchId: QuiltPatchId,
  presentation: Presentation,
): Promise<Response> {
  const { services, request } = exchange;
  const tag = formatPatchId(patchId);
  const headers = baseHeaders(blob, presentation);
  const lease = leaseOf(services, [blob]);
  if (!exchange.isExact && isHeld(request, tag)) {
    // Who names the tag has had the patch: no column is needed to say that it is still so.
    headers.set("ETag", strongEtag(tag));
    return bodiless({ lease, tier: blob.tier }, headers, 304);
  }
  const read = await readPatch(quilt, patchId, request.signal);
  if (!read.ok) return exchange.refuse(read.failure);
  const { patch, tier, held } = read.value;
  exchange.atEnd(() => held.release());
  if (HEADER_TEXT.test(patch.identifier)) {
    headers.set("X-Quilt-Patch-Identifier", patch.identifier);
  }
  const digest = await crypto.subtle.digest("SHA-256", patch.data);
  withDigest(headers, toBase64(new Uint8Array(digest)));
  const content = inMemory(patch.data, {
    tag,
    // All patches of a quilt share one.
    official: officialContent(blob.id, false),
    headers,
    lease,
    contentType: presentation.contentType ?? (await sniffType(sniffed(patch.data))),
    tier,
  });
  return exchange.answer(ok(withAttributes(content, patch.tags, presentation)));
}

interface ReadPatch {
  readonly patch: QuiltPatch;
  readonly tier: TierName | null;
  /** Memory for the patch's bytes, to be given back when they are sent. */
  readonly held: HeldMemory;
}

/** A patch by the columns its ID names; columns that hold none are not found. */
async function readPatch(
  quilt: QuiltReader,
  { startIndex, endIndex }: QuiltPatchId,
  signal: AbortSignal,
): Promise<Result<ReadPatch, AggregatorFailure>> {
  const noSuchColumns = { kind: "patch-not-found", what: "no-such-columns" } as const;
  if (startIndex === 0 || endIndex > quilt.columnCount) return err(noSuchColumns);
  for (const reader of [quilt, quilt.doubting()]) {
    const read = await reader.read(startIndex, endIndex, signal);
    if (!read.ok) return read;
    const { columns, tier, held } = read.value;
    const patch = decodeQuiltPatch(columns);
    if (patch.ok) {
      held.hasPassed();
      return ok({ patch: patch.value, tier, held });
    }
    // Given back before they are read once more.
    held.release();
  }
  return err(noSuchColumns);
}

/** Whether a 304 needs no look at the columns: the tag is named, not guessed by `*`. */
function isHeld(request: Request, tag: string): boolean {
  const named = request.headers.get("If-None-Match")?.trim() !== "*";
  return named && precondition(request, tag) === "not-modified";
}

function sniffed(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, SNIFF_BYTES_MAX);
}
