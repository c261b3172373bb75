/**
 * Sends a representation: preconditions, ranges, `HEAD`, type, and a body of promised length.
 *
 * The head of the answer leaves when the first bytes are verified. A failure after that breaks the
 * connection, as a shorter body under a promised length, and never reaches a cache. RFC 9110 §13
 * and §14.
 */
import { concatBytes } from "../../shared/bytes/arrays.ts";
import { matchesNone, matchesRange, matchesSome, strongEtag } from "../../shared/http/etag.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { type ByteRange, contentRange, parseRange } from "../../shared/http/range.ts";
import { SNIFF_BYTES_MAX } from "../../shared/limits.ts";
import { writeParts } from "../../shared/platform-streams.ts";
import type { Random } from "../../shared/ports.ts";
import type { Result } from "../../shared/result.ts";
import { isInert } from "./content-type.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { multipart } from "./multipart.ts";
import { preconditionFailed } from "./refusals.ts";
import {
  type BodyPiece,
  type BytesPiece,
  type Piece,
  type Pieces,
  readPiece,
  type Representation,
} from "./representation.ts";
import type { TierName } from "./tiers.ts";

/**
 * Makes the two ends of a body: what is written to one comes out of the other, and a promised length
 * (`null` for none) is held to. The platform has streams of its own for that, whose writes end when
 * the other side has the bytes: then their memory is given back.
 */
export type BodyPipe = (byteCount: number | null) => TransformStream<Uint8Array, Uint8Array>;

/** What sending needs besides the content. */
export interface Sending {
  readonly bodyPipe: BodyPipe;
  readonly random: Random;
  readonly problem: (problem: Problem) => Response;
  /** Logs a failure that comes before the head has left, and answers it. */
  readonly refuse: (failure: AggregatorFailure) => Response;
  /** Logs a failure that comes later. */
  readonly broke: (failure: AggregatorFailure) => void;
  /** Called when a body begins to be sent; what it returns is called once when that is over. */
  readonly streams: () => () => void;
  /** Lets the sending of a body go on after its head has left. */
  readonly background: (work: Promise<void>) => void;
}

/** Name of this cache in `Cache-Status` (RFC 9211). */
const CACHE_NAME = "walrus-edge";

/**
 * Answers `request` with the content, or what the preconditions make of it. `Range` is defined for
 * `GET` alone (RFC 9110 §14.2): a `HEAD` and a `POST` are told of the whole.
 */
export function send(
  request: Request,
  content: Representation,
  sending: Sending,
): Response | Promise<Response> {
  const early = precondition(request, content.tag);
  if (early === "failed") return sending.problem(preconditionFailed());
  const headers = new Headers(content.headers);
  headers.set("ETag", strongEtag(content.tag));
  if (early === "not-modified") return bodiless(content, headers, 304);
  if (request.method === "HEAD") {
    setType(headers, content.contentType);
    headers.set("Content-Length", String(content.totalBytes));
    return bodiless(content, headers, 200);
  }
  const { totalBytes } = content;
  const honoured =
    request.method === "GET" && matchesRange(request.headers.get("If-Range"), content.tag);
  const asked = parseRange(honoured ? request.headers.get("Range") : null, totalBytes);
  const { outgoing, signal } = outgoingOf(request, content, headers, sending);
  switch (asked.kind) {
    case "unsatisfiable":
      return sending.refuse({ kind: "range-not-satisfiable", totalBytes });
    case "whole":
      return sendRange(outgoing, { start: 0, end: totalBytes }, 200, signal);
    case "partial":
      headers.set("Content-Range", contentRange(asked.range, totalBytes));
      return sendRange(outgoing, asked.range, 206, signal);
    case "several":
      return sendSeveral(outgoing, asked.ranges, signal);
  }
}

/** Sends one range under headers that are complete but for what depends on the bytes. */
export function deliver(
  request: Request,
  content: Representation,
  headers: Headers,
  range: ByteRange,
  status: 200 | 206,
  sending: Sending,
): Promise<Response> {
  const { outgoing, signal } = outgoingOf(request, content, headers, sending);
  return sendRange(outgoing, range, status, signal);
}

function outgoingOf(
  request: Request,
  content: Representation,
  headers: Headers,
  sending: Sending,
): { readonly outgoing: Outgoing; readonly signal: AbortSignal } {
  const stop = new AbortController();
  const abort = () => stop.abort(new DOMException("The client has gone", "AbortError"));
  if (request.signal.aborted) abort();
  else request.signal.addEventListener("abort", abort, { once: true });
  return { outgoing: { content, headers, sending, abort }, signal: stop.signal };
}

/** No byte waits behind such an answer, so it waits for all there is to say. */
export async function bodiless(
  content: Pick<Representation, "lease" | "tier">,
  headers: Headers,
  status: 200 | 206 | 304,
): Promise<Response> {
  await content.lease.settled;
  setLease(headers, content);
  headers.set("Cache-Status", cacheStatus(content.tier));
  return new Response(null, { status, headers });
}

/** Bytes `range` as a content of its own: what the byte-range route answers with status 200. */
export function partOf(content: Representation, range: ByteRange): Representation {
  const tag = `${content.tag}-${range.start}-${range.end - range.start}`;
  return {
    ...content,
    tag,
    official: { ...content.official, tag, hasRanges: false },
    headers: ofPart(content.headers),
    totalBytes: range.end - range.start,
    // The type belongs to the whole: a part of an image is none.
    contentType: content.contentType,
    learnType: null,
    verified: content.verified === "default" ? "slivers" : content.verified,
    bytes: (inner, signal) =>
      content.bytes({ start: range.start + inner.start, end: range.start + inner.end }, signal),
  };
}

/**
 * What the preconditions say, in the order of RFC 9110 §13.2.2. Only what reads can be told that it
 * has the content already; a `POST` that wanted none of it has failed.
 */
export function precondition(request: Request, tag: string): "failed" | "not-modified" | "proceed" {
  if (!matchesSome(request.headers.get("If-Match"), tag)) return "failed";
  if (!matchesNone(request.headers.get("If-None-Match"), tag)) return "proceed";
  return request.method === "POST" ? "failed" : "not-modified";
}

/** A part is a content of its own: the digest is that of the whole. */
function ofPart(whole: Headers): Headers {
  const headers = new Headers(whole);
  headers.delete("Repr-Digest");
  return headers;
}

interface Outgoing {
  readonly content: Representation;
  readonly headers: Headers;
  readonly sending: Sending;
  readonly abort: () => void;
}

async function sendRange(
  outgoing: Outgoing,
  range: ByteRange,
  status: 200 | 206,
  signal: AbortSignal,
): Promise<Response> {
  const { content, headers, sending } = outgoing;
  setVerified(outgoing, status === 206);
  const pieces = content.bytes(range, signal);
  const headBytes = Math.min(SNIFF_BYTES_MAX, content.totalBytes);
  const { learnType } = content;
  const learns =
    content.contentType === null &&
    learnType !== null &&
    range.start === 0 &&
    range.end >= headBytes;
  const sent = { status, byteCount: range.end - range.start };
  if (!learns) {
    const begun = await orEnded(pieces, beginUnread(pieces));
    if (!begun.ok) return sending.refuse(begun.failure);
    setType(headers, content.contentType);
    return respond(outgoing, begun.value, pieces, sent);
  }
  const begun = await orEnded(pieces, begin(pieces, headBytes));
  if (!begun.ok) return sending.refuse(begun.failure);
  setType(headers, await learnType(headOf(begun.value, headBytes)));
  return respond(outgoing, begun.value, pieces, sent);
}

async function sendSeveral(
  outgoing: Outgoing,
  ranges: readonly ByteRange[],
  signal: AbortSignal,
): Promise<Response> {
  const { content, headers, sending } = outgoing;
  setVerified(outgoing, true);
  const { pieces, byteCount, contentType } = multipart(content, ranges, sending.random, signal);
  const begun = await orEnded(pieces, beginUnread(pieces));
  if (!begun.ok) return sending.refuse(begun.failure);
  setType(headers, content.contentType);
  headers.set("Content-Type", contentType);
  return respond(outgoing, begun.value, pieces, { status: 206, byteCount });
}

/** What was begun of `pieces`. Where nothing was, they are ended: else they hold what they reserved. */
async function orEnded<T>(
  pieces: Pieces,
  beginning: Promise<Result<T, AggregatorFailure>>,
): Promise<Result<T, AggregatorFailure>> {
  let isBegun = false;
  try {
    const begun = await beginning;
    isBegun = begun.ok;
    return begun;
  } finally {
    if (!isBegun) await pieces.return(undefined);
  }
}

/** Reads pieces until they hold `byteCount` bytes or there are no more. */
async function begin(
  pieces: Pieces,
  byteCount: number,
): Promise<Result<readonly BytesPiece[], AggregatorFailure>> {
  const begun: BytesPiece[] = [];
  let collected = 0;
  while (collected < byteCount) {
    const step = await pieces.next();
    if (step.done === true) break;
    if (!step.value.ok) return step.value;
    const piece = await readPiece(step.value.value);
    if (!piece.ok) return piece;
    begun.push(piece.value);
    collected += piece.value.bytes.length;
  }
  return { ok: true, value: begun };
}

/** The first piece, unread; none where there is none. */
async function beginUnread(pieces: Pieces): Promise<Result<readonly Piece[], AggregatorFailure>> {
  const step = await pieces.next();
  if (step.done === true) return { ok: true, value: [] };
  return step.value.ok ? { ok: true, value: [step.value.value] } : step.value;
}

function headOf(pieces: readonly BytesPiece[], byteCount: number): Uint8Array {
  return concatBytes(...pieces.map(({ bytes }) => bytes.subarray(0, byteCount))).subarray(
    0,
    byteCount,
  );
}

function respond(
  outgoing: Outgoing,
  begun: readonly Piece[],
  pieces: Pieces,
  { status, byteCount }: { readonly status: number; readonly byteCount: number },
): Response {
  const { headers, sending, content } = outgoing;
  const [first] = begun;
  headers.set("Cache-Status", cacheStatus(first === undefined ? content.tier : first.tier));
  if (content.hasUnknownLength !== true) headers.set("Content-Length", String(byteCount));
  // The first bytes are here: what is known of the lease by now is said, nothing is waited for.
  setLease(headers, content);
  if (first === undefined) return new Response(new Uint8Array(0), { status, headers });
  const isUnknown = content.hasUnknownLength === true;
  if (!isUnknown && "body" in first && first.byteCount === byteCount) {
    // The platform carries it from the cache to the client: nothing of it is held here.
    return new Response(first.body, { status, headers });
  }
  const { readable, writable } = sending.bodyPipe(isUnknown ? null : byteCount);
  sending.background(pump(begun, pieces, writable, outgoing));
  return new Response(readable, { status, headers });
}

/** Sends piece after piece, so that no more is fetched than the client takes. Never rejects. */
async function pump(
  begun: readonly Piece[],
  pieces: Pieces,
  to: WritableStream<Uint8Array>,
  { sending, abort }: Outgoing,
): Promise<void> {
  const ended = sending.streams();
  try {
    for (const piece of begun) await pass(piece, to);
    for await (const step of pieces) {
      if (!step.ok) {
        sending.broke(step.failure);
        await to.abort(new Error(`The read broke off: ${step.failure.kind}`));
        return;
      }
      await pass(step.value, to);
    }
    await to.close();
  } catch (error) {
    // The client has gone, or a tier has broken off: either way the connection is cut.
    abort();
    await to.abort(error).catch(() => undefined);
  } finally {
    await pieces.return(undefined);
    ended();
  }
}

/** Resolves when the client has taken it. */
async function pass(piece: Piece, to: WritableStream<Uint8Array>): Promise<void> {
  if ("body" in piece) return handOn(piece, to);
  const writer = to.getWriter();
  try {
    await writeParts(writer, piece.bytes);
  } finally {
    piece.release?.();
    // A locked pipe could not be aborted.
    writer.releaseLock();
  }
}

/** How much of it the client has had is not known: when it breaks off, the next read finds it gone. */
async function handOn(piece: BodyPiece, to: WritableStream<Uint8Array>): Promise<void> {
  const { body } = piece;
  try {
    await body.pipeTo(to, { preventClose: true });
  } catch (error) {
    // A body that the client has left is cancelled, which closes it.
    const hasBrokenOff = await body.getReader().closed.then(
      () => false,
      () => true,
    );
    if (hasBrokenOff) await piece.evict();
    throw error;
  }
}

function setLease(headers: Headers, { lease }: Pick<Representation, "lease">): void {
  for (const [name, value] of Object.entries(lease.headers())) headers.set(name, value);
}

function setVerified({ content, headers }: Outgoing, partial: boolean): void {
  const { verified } = content;
  headers.set("X-Walrus-Verified", partial && verified === "default" ? "slivers" : verified);
}

/** The type, and what keeps a browser from running it on our origin. */
export function setType(headers: Headers, contentType: string | null): void {
  if (contentType === null) return;
  headers.set("Content-Type", contentType);
  if (!isInert(contentType)) headers.set("Content-Security-Policy", "sandbox");
}

/** RFC 9211: which tier answered. */
function cacheStatus(tier: TierName | null): string {
  return tier === null ? `${CACHE_NAME}; fwd=miss` : `${CACHE_NAME}; hit; detail=${tier}`;
}
