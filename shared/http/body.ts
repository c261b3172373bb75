/**
 * Reading the body of a request or an answer whole, within a bound.
 *
 * A body of declared length is read into one buffer of that length: `arrayBuffer()` of 60 MB peaks at
 * more than twice that, and a body that is read in chunks and joined leaves its own size behind as
 * garbage, which an engine collects late. Pure over the streams given.
 */
import { err, ok, type Result } from "../result.ts";
import { concatBytes } from "../bytes/arrays.ts";
import { byobReaderOf } from "../bytes/byob-reader.ts";
import { SHORT_BODY_BYTES, STREAM_PART_BYTES } from "../limits.ts";

/** A body that cannot be taken. */
export type BodyFailure =
  | { readonly kind: "body-too-large"; readonly bytesMax: number }
  | {
      /** `Content-Length` and what arrived disagree. */
      readonly kind: "body-length-mismatch";
      readonly declaredBytes: number;
      /** Where there are more than declared: those that were looked at. */
      readonly receivedBytes: number;
    }
  | {
      readonly kind: "body-interrupted";
      /** Those of before; 0 for a short body, which comes at once or not at all. */
      readonly receivedBytes: number;
      /** What the stream threw. */
      readonly cause: unknown;
    };

/** A request or an answer. */
export type Message = Pick<Body, "body" | "arrayBuffer"> & { readonly headers: Headers };

type Whole = Result<Uint8Array<ArrayBuffer>, BodyFailure>;

/**
 * Reads the whole body of `message`, at most `bytesMax` bytes.
 *
 * A declared length above the bound is refused before anything is read; a body that turns out
 * longer than the bound or than declared is cancelled there.
 *
 * @param onProgress Called whenever some of a longer body has come.
 */
export async function readBody(
  message: Message,
  bytesMax: number,
  onProgress: () => void = () => undefined,
): Promise<Whole> {
  const { body, headers } = message;
  const headerBytes = declaredLength(headers);
  if (headerBytes !== null && headerBytes > bytesMax) {
    await body?.cancel();
    return err({ kind: "body-too-large", bytesMax });
  }
  // An answer that came compressed is of another length once it is read.
  const declaredBytes = headers.get("Content-Encoding") === null ? headerBytes : null;
  if (body === null) return ofDeclaredLength(new Uint8Array(0), declaredBytes);
  if (declaredBytes === null) return readChunks(body, bytesMax, onProgress);
  const read =
    declaredBytes <= SHORT_BODY_BYTES
      ? await readAtOnce(message)
      : await readDeclared(body, declaredBytes, onProgress);
  return read.ok ? ofDeclaredLength(read.value, declaredBytes) : read;
}

/** `Content-Length` as a number; `null` when absent or not a whole number. */
export function declaredLength(headers: Headers): number | null {
  const text = headers.get("Content-Length");
  if (text === null || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

async function readAtOnce(message: Message): Promise<Whole> {
  try {
    return ok(new Uint8Array(await message.arrayBuffer()));
  } catch (cause) {
    return err({ kind: "body-interrupted", receivedBytes: 0, cause });
  }
}

/** What comes, unless it goes on after `byteCount` bytes. */
async function readDeclared(
  body: ReadableStream<Uint8Array>,
  byteCount: number,
  onProgress: () => void,
): Promise<Whole> {
  const reader = byobReaderOf(body);
  if (reader === null) {
    const read = await readChunks(body, byteCount, onProgress);
    return read.ok || read.failure.kind !== "body-too-large" ? read : longerThan(byteCount);
  }
  let buffer = new ArrayBuffer(byteCount);
  let filled = 0;
  try {
    while (filled < byteCount) {
      const part = Math.min(byteCount - filled, STREAM_PART_BYTES);
      const { done, value } = await reader.read(new Uint8Array(buffer, filled, part));
      // With it went the buffer, and what was in it.
      if (value === undefined) throw new Error("the body was cancelled");
      buffer = value.buffer;
      if (done) return ok(new Uint8Array(buffer, 0, filled));
      onProgress();
      filled += value.length;
    }
    if ((await reader.read(new Uint8Array(1))).done) return ok(new Uint8Array(buffer));
    await reader.cancel();
    return longerThan(byteCount);
  } catch (cause) {
    return err({ kind: "body-interrupted", receivedBytes: filled, cause });
  }
}

async function readChunks(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  onProgress: () => void,
): Promise<Whole> {
  const chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return ok(concatBytes(...chunks));
      onProgress();
      if (receivedBytes + value.length > bytesMax) {
        await reader.cancel();
        return err({ kind: "body-too-large", bytesMax });
      }
      receivedBytes += value.length;
      chunks.push(value);
    }
  } catch (cause) {
    return err({ kind: "body-interrupted", receivedBytes, cause });
  }
}

function longerThan(declaredBytes: number): Whole {
  return err({ kind: "body-length-mismatch", declaredBytes, receivedBytes: declaredBytes + 1 });
}

function ofDeclaredLength(bytes: Uint8Array<ArrayBuffer>, declaredBytes: number | null): Whole {
  if (declaredBytes === null || declaredBytes === bytes.length) return ok(bytes);
  return err({ kind: "body-length-mismatch", declaredBytes, receivedBytes: bytes.length });
}
