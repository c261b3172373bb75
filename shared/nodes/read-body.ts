/**
 * The body of a node's answer, read whole within a bound.
 *
 * A body of declared length is read into one buffer of that length. Read in chunks and joined, a row
 * leaves its own size and a little more behind as garbage, and an engine collects buffers late.
 */
import { concatBytes } from "../bytes/arrays.ts";
import { byobReaderOf } from "../bytes/byob-reader.ts";
import { declaredLength } from "../http/body.ts";
import { STREAM_PART_BYTES } from "../platform-streams.ts";
import { NODE_SHORT_ANSWER_BYTES } from "../limits.ts";

/**
 * Reads a body of at most `bytesMax` bytes; `null`, and the rest cancelled, when it is longer.
 *
 * @param onProgress Called whenever some of it has come.
 * @throws {Error} When it is not as long as it was declared, or breaks off.
 */
export async function readBody(
  response: Response,
  bytesMax: number,
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const { body } = response;
  if (body === null) return new Uint8Array();
  const declaredBytes = declaredLength(response.headers);
  if (declaredBytes !== null && declaredBytes > bytesMax) {
    await body.cancel();
    return null;
  }
  // What is compressed is of another length once it is read.
  const isPlain = response.headers.get("content-encoding") === null;
  if (declaredBytes !== null && declaredBytes <= NODE_SHORT_ANSWER_BYTES) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    return isPlain ? checkedLength(bytes, declaredBytes) : bytes;
  }
  const byob = declaredBytes !== null && isPlain ? byobReaderOf(body) : null;
  if (byob !== null && declaredBytes !== null) {
    return checkedLength(await readInto(byob, declaredBytes, onProgress), declaredBytes);
  }
  const bytes = await readChunks(body, bytesMax, onProgress);
  return bytes !== null && declaredBytes !== null && isPlain
    ? checkedLength(bytes, declaredBytes)
    : bytes;
}

/** What comes, up to `byteCount` bytes and one that would be too many. */
async function readInto(
  reader: ReadableStreamBYOBReader,
  byteCount: number,
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new ArrayBuffer(byteCount);
  let filled = 0;
  while (filled < byteCount) {
    const part = Math.min(byteCount - filled, STREAM_PART_BYTES);
    const { done, value } = await reader.read(new Uint8Array(buffer, filled, part));
    // With it went the buffer, and what was in it.
    if (value === undefined) throw new Error(`body was cancelled after ${filled} bytes`);
    buffer = value.buffer;
    if (done) return new Uint8Array(buffer, 0, filled);
    onProgress();
    filled += value.length;
  }
  const { done } = await reader.read(new Uint8Array(1));
  if (done) return new Uint8Array(buffer);
  await reader.cancel();
  throw new Error(`body goes on after its ${byteCount} bytes`);
}

async function readChunks(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let total = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(...parts);
    onProgress();
    total += value.length;
    if (total > bytesMax) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
}

function checkedLength(
  bytes: Uint8Array<ArrayBuffer>,
  declaredBytes: number,
): Uint8Array<ArrayBuffer> {
  if (bytes.length === declaredBytes) return bytes;
  throw new Error(`body ended after ${bytes.length} of ${declaredBytes} bytes`);
}
