/**
 * Reads a byte stream through one buffer, so that a body of any length leaves no garbage behind it.
 *
 * A stream that hands out chunks of its own hands out one new buffer after the other, and those of
 * a large body outgrow the isolate before they are collected. Pure over the stream given.
 */

/** Bytes asked for at once. */
const CHUNK_BYTES = 64 * 1024;

/** Chunks of one stream; each is valid until the next is asked for. */
export class ChunkReader {
  readonly #byob: ReadableStreamBYOBReader | null;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | null;
  #buffer = new ArrayBuffer(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#byob = byobReaderOf(stream);
    this.#plain = this.#byob === null ? stream.getReader() : null;
  }

  /** The next bytes, at least one; `null` at the end. Rejects when the stream fails. */
  async next(): Promise<Uint8Array | null> {
    if (this.#byob === null) {
      const chunk = await this.#plain?.read();
      return chunk === undefined || chunk.done ? null : chunk.value;
    }
    // The buffer is the stream's while it reads, and comes back under the chunk.
    if (this.#buffer.byteLength === 0) this.#buffer = new ArrayBuffer(CHUNK_BYTES);
    const { done, value } = await this.#byob.read(new Uint8Array(this.#buffer));
    this.#buffer = value?.buffer ?? new ArrayBuffer(0);
    return done || value === undefined ? null : value;
  }

  /** Tells the stream that nothing more is wanted. */
  async cancel(reason: string): Promise<void> {
    await (this.#byob ?? this.#plain)?.cancel(reason);
  }
}

/** `null` for a stream that is none of bytes. */
function byobReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError) || stream.locked) throw error;
    return null;
  }
}
