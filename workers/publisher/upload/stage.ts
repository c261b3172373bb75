/**
 * Takes a body into rows of `UPLOAD_ROW_BYTES_MAX` as it comes, holding one row in memory.
 *
 * Pure but for the sink it writes to; nothing is known of the bytes here but their number.
 */
import { ExactReader } from "../../../shared/bytes/exact-reader.ts";
import { UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UploadFailure } from "./failure.ts";

/** What is known of a body before it is read. */
export interface BodyBounds {
  readonly bytesMax: number;
  /** `Content-Length`; `null` for a chunked body. */
  readonly declaredBytes: number | null;
}

/**
 * Reads `body` to its end and writes it as rows 0, 1, …, whose bytes are valid during the call.
 *
 * @returns The number of bytes. A body that is too long, breaks off or is not as long as declared
 *   is a failure; the rows written until then are the caller's to remove.
 */
export async function stageBody(
  body: ReadableStream<Uint8Array>,
  bounds: BodyBounds,
  write: (rowIndex: number, bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Result<number, UploadFailure>> {
  const reader = new ExactReader(body);
  // One buffer for all rows: `write` keeps nothing of it.
  let buffer = new ArrayBuffer(UPLOAD_ROW_BYTES_MAX);
  let total = 0;
  for (let rowIndex = 0; ; rowIndex++) {
    let row: Uint8Array<ArrayBuffer>;
    try {
      row = await reader.readInto(buffer);
    } catch {
      return err({ kind: "body-interrupted", receivedBytes: reader.receivedBytes });
    }
    total += row.length;
    if (total > bounds.bytesMax) {
      reader.cancel("the body is too large");
      return err({ kind: "body-too-large", bytesMax: bounds.bytesMax });
    }
    if (row.length > 0) write(rowIndex, row);
    if (row.length < UPLOAD_ROW_BYTES_MAX) break;
    ({ buffer } = row);
  }
  return bounds.declaredBytes === null || bounds.declaredBytes === total
    ? ok(total)
    : err({ kind: "body-interrupted", receivedBytes: total });
}
