/**
 * The door from HTTP to Upload objects: names them, and stays with one until it has an answer.
 */
import { toBase64Url, toHex } from "../../shared/bytes/text.ts";
import { concatBytes, utf8Bytes } from "../../shared/bytes/arrays.ts";
import { UPLOAD_RESUMES_MAX } from "../../shared/limits.ts";
import type { Log, Random } from "../../shared/ports.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UploadFailure } from "./upload/failure.ts";
import type { Journal, UploadRequest } from "./upload/journal.ts";
import type { UploadRecord, UploadRpc } from "./upload/object.ts";
import type { BodyBounds } from "./upload/stage.ts";

/** Upload objects by name. */
export interface UploadDirectory {
  getByName(uploadId: string): UploadRpc;
}

const RANDOM_ID_BYTES = 16;

/** A name nobody can guess: 22 characters of base64url. */
export function randomUploadId(random: Random): string {
  return toBase64Url(random.bytes(RANDOM_ID_BYTES));
}

/** The name of one event of one webhook source: 43 characters of base64url. */
export async function hookUploadId(source: string, eventId: string): Promise<string> {
  // The source's length comes first, so that no two pairs have the same bytes.
  const name = concatBytes(Uint8Array.of(source.length), utf8Bytes(source), utf8Bytes(eventId));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
}

/** Whether a text can be the name of an upload. */
function isUploadId(text: string): boolean {
  return /^(?:[A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43})$/.test(text);
}

/** Hex SHA-256: tells whether a repeated delivery carries the same bytes. */
export async function contentDigest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/**
 * Hands a body to its upload and waits as the request says.
 *
 * The object may be restarted under us (a deploy): its bytes are durable by then, so it is asked to
 * go on. What was not yet durable is lost, and the client is told so.
 */
export async function storeInUpload(
  uploads: UploadDirectory,
  log: Log,
  request: UploadRequest,
  bounds: BodyBounds,
  body: ReadableStream<Uint8Array> | null,
): Promise<Result<Journal, UploadFailure>> {
  const { uploadId } = request;
  try {
    return await uploads.getByName(uploadId).store(request, bounds, body);
  } catch (error) {
    log.warn({ event: "upload.call-lost", uploadId, error: String(error) });
  }
  for (let resume = 1; resume <= UPLOAD_RESUMES_MAX; resume++) {
    try {
      const journal = await uploads.getByName(uploadId).resume();
      // Nothing of the body is safe: the client is not to blame, and may send it again.
      return journal === null ? err({ kind: "interrupted" }) : ok(journal);
    } catch (error) {
      log.warn({ event: "upload.resume-lost", uploadId, resume, error: String(error) });
    }
  }
  return err({ kind: "interrupted" });
}

/** What is known of an upload; `null` when there is none of this name. */
export async function viewUpload(
  uploads: UploadDirectory,
  uploadId: string,
): Promise<UploadRecord | null> {
  return isUploadId(uploadId) ? uploads.getByName(uploadId).view() : null;
}

/** Ends an upload nothing was paid for; `null` when there is none of this name. */
export async function cancelUpload(
  uploads: UploadDirectory,
  uploadId: string,
): Promise<{ readonly isCancelled: boolean; readonly record: UploadRecord } | null> {
  return isUploadId(uploadId) ? uploads.getByName(uploadId).cancel() : null;
}
