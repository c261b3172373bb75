/**
 * Takes a body into rows of at most 1 MiB as it comes, holding one row in memory.
 *
 * Pure but for the sink it writes to; nothing is known of the bytes here but their number.
 */
import { STAGED_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UploadFailure } from "./failure.ts";

/** What is known of a body before it is read. */
export interface BodyBounds {
  readonly bytesMax: number;
  /** `Content-Length`; `null` for a chunked body. */
  readonly declaredBytes: number | null;
}

/**
 * Reads `body` to its end and writes it as rows 0, 1, ….
 *
 * @returns The number of bytes. A body that is too long, breaks off or is not as long as declared
 *   is a failure; the rows written until then are the caller's to remove.
 */
export async function stageBody(
  body: ReadableStream<Uint8Array>,
  bounds: BodyBounds,
  write: (rowIndex: number, bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Result<number, UploadFailure>> {
  const reader = body.getReader();
  let row = new Uint8Array(STAGED_ROW_BYTES_MAX);
  let rowBytes = 0;
  let rowIndex = 0;
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.length;
      if (total > bounds.bytesMax) {
        await reader.cancel("the body is too large");
        return err({ kind: "body-too-large", bytesMax: bounds.bytesMax });
      }
      for (let rest = value; rest.length > 0;) {
        const part = rest.subarray(0, STAGED_ROW_BYTES_MAX - rowBytes);
        row.set(part, rowBytes);
        rowBytes += part.length;
        rest = rest.subarray(part.length);
        if (rowBytes === STAGED_ROW_BYTES_MAX) {
          write(rowIndex++, row);
          row = new Uint8Array(STAGED_ROW_BYTES_MAX);
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
