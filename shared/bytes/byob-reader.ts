/** Streams that are read into buffers of their reader. Pure over the stream given. */

/** `null` for a stream that is none of bytes, as bodies made by hand may be. */
export function byobReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError) || stream.locked) throw error;
    return null;
  }
}
