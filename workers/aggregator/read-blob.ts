/**
 * Reads by blob ID: `/v1/blobs/{id}`, its `byte-range` and the alpha `stream`.
 *
 * All three give the same verified bytes; they differ in status and a header, as the official
 * aggregator's do (walrus-service `client/daemon/routes.rs`).
 */
import { parseBlobId } from "../../shared/codec/index.ts";
import { blobContent } from "./blob-content.ts";
import type { Exchange } from "./exchange.ts";
import { openBlob } from "./open-blob.ts";
import { consistencyFor, readConsistency, readPresentation, readStartAndLength } from "./query.ts";
import { ok } from "../../shared/result.ts";
import { badByteRange, badId } from "./refusals.ts";
import type { Representation } from "./representation.ts";
import { partOf } from "./send.ts";

/** `GET`, `HEAD /v1/blobs/{blob_id}` */
export async function readBlob(exchange: Exchange, idText: string): Promise<Response> {
  const content = await wholeBlob(exchange, idText);
  return content instanceof Response ? content : exchange.answer(ok(content));
}

/** The blob as content, or what keeps it from being served. */
async function wholeBlob(exchange: Exchange, idText: string): Promise<Representation | Response> {
  const { services, request } = exchange;
  const blobId = parseBlobId(idText);
  if (blobId === null) return exchange.problem(badId("blob_id", idText));
  const consistency = readConsistency(exchange.query);
  if (!consistency.ok) return exchange.problem(consistency.failure);
  const presentation = readPresentation(exchange.query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const serving = {
    consistency: consistencyFor(exchange, consistency.value),
    presentation: presentation.value,
    isHead: request.method === "HEAD",
  };
  const content = await blobContent(services, opened.value, serving, request.signal);
  return content.ok ? content.value : exchange.refuse(content.failure);
}

/** `GET`, `HEAD /v1alpha/blobs/{blob_id}/stream` */
export async function streamBlob(exchange: Exchange, idText: string): Promise<Response> {
  const content = await wholeBlob(exchange, idText);
  if (content instanceof Response) return content;
  const official = { ...content.official, hasRanges: false };
  const response = await exchange.answer(ok({ ...content, official }));
  if (response.ok) response.headers.set("X-Walrus-Streaming", "true");
  return response;
}

/** `GET`, `HEAD /v1/blobs/{blob_id}/byte-range?start=&length=`: 200, so that any CDN keeps it. */
export async function readByteRange(exchange: Exchange, idText: string): Promise<Response> {
  const { services, request } = exchange;
  const blobId = parseBlobId(idText);
  if (blobId === null) return exchange.problem(badId("blob_id", idText));
  const part = readStartAndLength(exchange.query);
  if (!part.ok) return exchange.problem(part.failure);
  const presentation = readPresentation(exchange.query);
  if (!presentation.ok) return exchange.problem(presentation.failure);
  const { start, length } = part.value;
  const end = start + length;
  if (length === 0) return exchange.problem(badByteRange("the length must be greater than 0"));
  if (!Number.isSafeInteger(end)) {
    return exchange.problem(badByteRange("the end of the range is no number we can hold"));
  }
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const blob = opened.value;
  if (end > blob.entry.unencodedBytes) {
    const total = blob.entry.unencodedBytes;
    return exchange.problem(badByteRange(`the range ends at ${end}, the blob at ${total}`));
  }
  const serving = {
    consistency: "default",
    presentation: presentation.value,
    isHead: request.method === "HEAD",
  } as const;
  const content = await blobContent(services, blob, serving, request.signal);
  if (!content.ok) return exchange.refuse(content.failure);
  return exchange.answer(ok(partOf(content.value, { start, end })));
}
