/**
 * Reading a request body within a bound, into one buffer.
 *
 * `arrayBuffer()` of a 60 MB body peaks at more than twice its size; one preallocated buffer, filled
 * chunk by chunk, at once its size. Pure over the streams given.
 */
import { err, ok, type Result } from "../result.ts";
import { concatBytes } from "../bytes/arrays.ts";

/** A body that cannot be taken. */
export type BodyFailure =
  | { readonly kind: "body-too-large"; readonly bytesMax: number }
  | {
      /** `Content-Length` and what arrived disagree. */
      readonly kind: "body-length-mismatch";
      readonly declaredBytes: number;
      readonly receivedBytes: number;
    }
  | { readonly kind: "body-interrupted"; readonly receivedBytes: number };

/**
 * Reads the whole body of `request`, at most `bytesMax` bytes.
 *
 * A declared length above the bound is refused before anything is read; a body that turns out
 * longer than the bound or than declared is cancelled at that byte.
 */
export async function readBody(
  request: Pick<Request, "headers" | "body">,
  bytesMax: number,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyFailure>> {
  const declaredBytes = declaredLength(request.headers);
  if (declaredBytes !== null && declaredBytes > bytesMax) {
    await request.body?.cancel();
    return err({ kind: "body-too-large", bytesMax });
  }
  if (request.body === null) return finish(new Uint8Array(0), declaredBytes);
  const sink = declaredBytes === null ? growingSink() : fixedSink(declaredBytes);
  const reader = request.body.getReader();
  let receivedBytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const total = receivedBytes + value.length;
      if (total > bytesMax || (declaredBytes !== null && total > declaredBytes)) {
        await reader.cancel();
        return declaredBytes !== null && total > declaredBytes
          ? err({ kind: "body-length-mismatch", declaredBytes, receivedBytes: total })
          : err({ kind: "body-too-large", bytesMax });
      }
      sink.write(value, receivedBytes);
      receivedBytes = total;
    }
  } catch {
    return err({ kind: "body-interrupted", receivedBytes });
  }
  return finish(sink.bytes(receivedBytes), declaredBytes);
}

/** `Content-Length` as a number; `null` when absent or not a whole number. */
export function declaredLength(headers: Headers): number | null {
  const text = headers.get("Content-Length");
  if (text === null || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

interface Sink {
  write(chunk: Uint8Array, offset: number): void;
  bytes(total: number): Uint8Array<ArrayBuffer>;
}

function fixedSink(byteCount: number): Sink {
  const buffer = new Uint8Array(byteCount);
  return {
    write: (chunk, offset) => buffer.set(chunk, offset),
    bytes: (total) => buffer.subarray(0, total),
  };
}

function growingSink(): Sink {
  const chunks: Uint8Array[] = [];
  return { write: (chunk) => void chunks.push(chunk), bytes: () => concatBytes(...chunks) };
}

function finish(
  bytes: Uint8Array<ArrayBuffer>,
  declaredBytes: number | null,
): Result<Uint8Array<ArrayBuffer>, BodyFailure> {
  if (declaredBytes === null || declaredBytes === bytes.length) return ok(bytes);
  return err({ kind: "body-length-mismatch", declaredBytes, receivedBytes: bytes.length });
}
