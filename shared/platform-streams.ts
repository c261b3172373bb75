/**
 * The streams of the platform that rows and slivers go through: what is written is let go as soon as
 * the other side has it, where streams made of JavaScript, and requests and answers with bytes as
 * their body, hold it until it is collected.
 */

import { STREAM_PART_BYTES, STREAMED_BODY_BYTES_MIN } from "./limits.ts";

/** The two ends of a pipe without a buffer. */
export interface BytePipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A pipe whose writes end when the reader has the bytes. */
export function platformPipe(): BytePipe {
  return new IdentityTransformStream();
}

/** The body of a request or an answer, with its length known. */
export function platformBody(bytes: Uint8Array<ArrayBuffer>): BodyInit {
  if (bytes.length < STREAMED_BODY_BYTES_MIN) return bytes;
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  // A request that fails says so itself.
  writeParts(writer, bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  return readable;
}

/** Writes bytes a part at a time; resolves when the other side has taken them all. */
export async function writeParts(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  bytes: Uint8Array,
): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += STREAM_PART_BYTES) {
    await writer.write(bytes.subarray(offset, offset + STREAM_PART_BYTES));
  }
}
