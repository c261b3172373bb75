/**
 * The streams of the platform that slivers go through: what is written is let go as soon as the
 * other side has it, where streams made of JavaScript, and requests with bytes as their body, hold
 * it until it is collected.
 */

/** Bodies below this are sent as they are. */
const STREAMED_BODY_BYTES_MIN = 64 * 1024;

/** The two ends of a pipe without a buffer. */
export interface BytePipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A pipe whose writes end when the reader has the bytes. */
export function platformPipe(): BytePipe {
  return new IdentityTransformStream();
}

/** The body of a request, with its length known. */
export function platformBody(bytes: Uint8Array<ArrayBuffer>): BodyInit {
  if (bytes.length < STREAMED_BODY_BYTES_MIN) return bytes;
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  // A request that fails says so itself.
  writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  return readable;
}
