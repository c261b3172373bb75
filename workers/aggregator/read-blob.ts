/**
 * `GET` and `HEAD /v1/blobs/{blob_id}`: one blob, whole or in part, verified before it is sent.
 *
 * The head of the answer leaves when the first row is verified. A failure after that breaks the
 * connection, as a shorter body under a promised length, and never reaches a cache.
 */
import { matchesNone, matchesRange, strongEtag } from "../../shared/http/etag.ts";
import { type ByteRange, contentRange, parseRange } from "../../shared/http/range.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import type { Result } from "../../shared/result.ts";
import { parseBlobId } from "../../shared/codec/index.ts";
import { blobBytes, type Piece } from "./blob-bytes.ts";
import { cacheControl } from "./cache-policy.ts";
import { type AggregatorFailure, failureToProblem } from "./failure-to-problem.ts";
import { type AggregatorServices, openBlob, type OpenBlob } from "./open-blob.ts";
import type { TierName } from "./tiers.ts";

/** Wraps a body whose length is promised; workerd needs its own stream for that. */
export type FixedLength = (
  body: ReadableStream<Uint8Array>,
  byteCount: number,
) => ReadableStream<Uint8Array>;

/** Name of this cache in `Cache-Status` (RFC 9211). */
const CACHE_NAME = "walrus-edge";

/** Answers a read of the blob whose ID has the text `idText`. */
export async function readBlob(
  services: AggregatorServices,
  request: Request,
  idText: string,
  fixedLength: FixedLength,
): Promise<Response> {
  const refuse = (failure: AggregatorFailure) => {
    logFailure(services, idText, failure);
    return problemResponse(failureToProblem(failure), request.method);
  };
  const blobId = parseBlobId(idText);
  if (blobId === null) return refuse({ kind: "bad-blob-id", text: idText });
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return refuse(opened.failure);
  const blob = opened.value;
  const headers = blobHeaders(services, blob);
  // Only now: a blob that is blocked or gone must not be confirmed by a 304.
  if (matchesNone(request.headers.get("If-None-Match"), blob.id)) {
    headers.set("Cache-Status", cacheStatus(blob.tier));
    return new Response(null, { status: 304, headers });
  }
  const totalBytes = blob.entry.unencodedBytes;
  if (request.method === "HEAD") {
    headers.set("Content-Length", String(totalBytes));
    headers.set("Cache-Status", cacheStatus(blob.tier));
    return new Response(null, { headers });
  }
  const honoured = matchesRange(request.headers.get("If-Range"), blob.id);
  const asked = parseRange(honoured ? request.headers.get("Range") : null, totalBytes);
  if (asked.kind === "unsatisfiable") return refuse({ kind: "range-not-satisfiable", totalBytes });
  const partial = asked.kind === "partial";
  const range = partial ? asked.range : { start: 0, end: totalBytes };
  if (partial) headers.set("Content-Range", contentRange(range, totalBytes));
  const answer = { headers, status: partial ? 206 : 200 };
  return sendBytes(services, blob, range, answer, request.signal, { fixedLength, refuse });
}

interface Sending {
  readonly fixedLength: FixedLength;
  readonly refuse: (failure: AggregatorFailure) => Response;
}

async function sendBytes(
  services: AggregatorServices,
  blob: OpenBlob,
  range: ByteRange,
  answer: { readonly headers: Headers; readonly status: number },
  signal: AbortSignal,
  { fixedLength, refuse }: Sending,
): Promise<Response> {
  const stop = new AbortController();
  const abort = () => stop.abort(new DOMException("The client has gone", "AbortError"));
  signal.addEventListener("abort", abort, { once: true });
  const pieces = blobBytes(services, blob, range, stop.signal);
  const first = await pieces.next();
  if (first.done === true) {
    answer.headers.set("Content-Length", "0");
    answer.headers.set("Cache-Status", cacheStatus(blob.tier));
    return new Response(new Uint8Array(0), answer);
  }
  if (!first.value.ok) return refuse(first.value.failure);
  answer.headers.set("Cache-Status", cacheStatus(first.value.value.tier));
  answer.headers.set("Content-Length", String(range.end - range.start));
  const body = bodyOf(first.value, pieces, {
    failed: (failure) => logFailure(services, blob.id, failure),
    cancelled: abort,
  });
  return new Response(fixedLength(body, range.end - range.start), answer);
}

interface BodyEvents {
  readonly failed: (failure: AggregatorFailure) => void;
  readonly cancelled: () => void;
}

/** One piece per pull, so that no more is fetched than the client takes. */
function bodyOf(
  first: Result<Piece, AggregatorFailure>,
  pieces: AsyncGenerator<Result<Piece, AggregatorFailure>>,
  events: BodyEvents,
): ReadableStream<Uint8Array> {
  let next: Result<Piece, AggregatorFailure> | null = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next === null) {
        const step = await pieces.next();
        if (step.done === true) {
          controller.close();
          return;
        }
        next = step.value;
      }
      const piece = next;
      next = null;
      if (piece.ok) {
        controller.enqueue(piece.value.bytes);
        return;
      }
      events.failed(piece.failure);
      controller.error(new Error(`The read broke off: ${piece.failure.kind}`));
    },
    async cancel() {
      events.cancelled();
      await pieces.return(undefined);
    },
  });
}

function blobHeaders(services: AggregatorServices, blob: OpenBlob): Headers {
  const { entry, view } = blob;
  const headers = new Headers({
    ETag: strongEtag(blob.id),
    "Accept-Ranges": "bytes",
    "Cache-Control": cacheControl(entry, view.timing, services.clock.nowMs()),
    "Content-Type": "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    // Every row against its hash, every hash against the blob ID, padding zero.
    "X-Walrus-Verified": "default",
  });
  if (entry.endEpoch !== null) headers.set("X-Walrus-End-Epoch", String(entry.endEpoch));
  return headers;
}

function cacheStatus(tier: TierName | null): string {
  return tier === null ? `${CACHE_NAME}; fwd=miss` : `${CACHE_NAME}; hit; detail=${tier}`;
}

/** A client's own mistakes are not news; what the network did is. */
function logFailure(services: AggregatorServices, id: string, failure: AggregatorFailure): void {
  switch (failure.kind) {
    case "bad-blob-id":
    case "range-not-satisfiable":
    case "blob-not-found":
      return;
    case "blob-blocked":
      services.log.info({ event: "read.blocked", blobId: id });
      return;
    case "chain-unavailable":
      services.log.error({ event: "read.failed", blobId: id, kind: failure.cause.kind });
      return;
    case "blob-inconsistent":
      services.log.warn({ event: "read.failed", blobId: id, kind: failure.kind });
      return;
    case "metadata-unavailable":
    case "slivers-unavailable":
      services.log.warn({
        event: "read.failed",
        blobId: id,
        kind: failure.kind,
        causes: failure.causes.map((cause) => `${cause.nodeId} ${cause.kind}`),
      });
  }
}
