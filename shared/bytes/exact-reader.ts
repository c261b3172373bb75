/** Hands out exact byte counts from a stream of arbitrary chunks. */

/** Reads one stream; nobody else may. */
export class ExactReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * `byteCount` bytes, or `null` when the stream ends exactly here.
   *
   * @throws {Error} When the stream ends within them, or fails.
   */
  async read(byteCount: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(byteCount);
    let filled = 0;
    while (filled < byteCount) {
      if (this.#chunk.length === 0) {
        const next = await this.#reader.read();
        if (next.done) {
          if (filled === 0) return null;
          throw new Error(`Cannot read: the stream ended after ${filled} of ${byteCount} bytes`);
        }
        this.#chunk = next.value;
        continue;
      }
      const part = this.#chunk.subarray(0, byteCount - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return bytes;
  }

  /** Tells the stream that no more is wanted. */
  cancel(): void {
    // A stream that has ended or failed has nothing left to cancel.
    this.#reader.cancel().catch(() => undefined);
  }
}
