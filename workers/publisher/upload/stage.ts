/**
 * Takes a body into rows of `UPLOAD_ROW_BYTES_MAX` as it comes, holding one row in memory.
 *
 * Pure but for the sink it writes to; nothing is known of the bytes here but their number.
 */
import { ChunkReader } from "../../../shared/bytes/chunk-reader.ts";
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
  const reader = new ChunkReader(body);
  // One buffer for all rows: `write` keeps nothing of it.
  const row = new Uint8Array(UPLOAD_ROW_BYTES_MAX);
  let rowBytes = 0;
  let rowIndex = 0;
  let total = 0;
  try {
    for (;;) {
      const chunk = await reader.next();
      if (chunk === null) break;
      total += chunk.length;
      if (total > bounds.bytesMax) {
        await reader.cancel("the body is too large");
        return err({ kind: "body-too-large", bytesMax: bounds.bytesMax });
      }
      for (let rest = chunk; rest.length > 0;) {
        const part = rest.subarray(0, UPLOAD_ROW_BYTES_MAX - rowBytes);
        row.set(part, rowBytes);
        rowBytes += part.length;
        rest = rest.subarray(part.length);
        if (rowBytes === UPLOAD_ROW_BYTES_MAX) {
          write(rowIndex++, row);
          rowBytes = 0;
        }
      }
    }
  } catch {
    return err({ kind: "body-interrupted", receivedBytes: total });
  }
  if (bounds.declaredBytes !== null && bounds.declaredBytes !== total) {
    return err({ kind: "body-interrupted", receivedBytes: total });
  }
  if (rowBytes > 0) write(rowIndex, row.slice(0, rowBytes));
  return ok(total);
}
