/**
 * Reads exact byte counts from a stream, into buffers of the reader's own.
 *
 * A stream of bytes is asked for as many as are wanted at once: each read of a few KiB costs
 * objects that outlive many collections of their engine, and a body of 100 MB read in pieces as
 * they come leaves a third of an isolate in garbage. Pure over the stream given.
 */

import { STREAM_PART_BYTES } from "../limits.ts";
import { byobReaderOf } from "./byob-reader.ts";

/** Asked for ahead, where less is wanted; more is read into its own place. */
const AHEAD_BYTES = 64 * 1024;

/** The part of the platform's reader that is used; `min` is the standard's, and missing in its types. */
interface ByteReader {
  read(
    view: Uint8Array<ArrayBuffer>,
    options: { readonly min: number },
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** Reads one stream; nobody else may. */
export class ExactReader {
  readonly #byob: ByteReader | null;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | null;
  /** Read and not handed out. */
  #ahead: Uint8Array = new Uint8Array();
  #spare = new ArrayBuffer(0);
  #ended = false;
  #receivedBytes = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#byob = byobReaderOf(stream);
    this.#plain = this.#byob === null ? stream.getReader() : null;
  }

  /** Bytes that the stream has brought, handed out or not. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /**
   * `byteCount` bytes, or `null` when the stream ends exactly here.
   *
   * @throws {Error} When the stream ends within them, or fails.
   */
  async read(byteCount: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = await this.readInto(new ArrayBuffer(byteCount));
    if (bytes.length === byteCount) return bytes;
    if (bytes.length === 0) return null;
    throw new Error(`Cannot read: the stream ended after ${bytes.length} of ${byteCount} bytes`);
  }

  /**
   * Fills `buffer`, which becomes the reader's, and hands it back under the bytes: fewer than it
   * holds only at the end of the stream. Rejects when the stream fails.
   */
  async readInto(buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
    let bytes = new Uint8Array(buffer);
    const { length } = bytes;
    let filled = 0;
    for (;;) {
      filled += this.#takeAhead(bytes, filled);
      if (filled === length || this.#ended) return bytes.subarray(0, filled);
      if (this.#byob !== null && length - filled >= AHEAD_BYTES) {
        const partBytes = Math.min(length - filled, STREAM_PART_BYTES);
        const view = bytes.subarray(filled, filled + partBytes);
        const direct = await this.#readView(view, partBytes);
        filled += direct.length;
        bytes = new Uint8Array(direct.buffer);
      } else {
        this.#ahead = await this.#readAhead(length - filled);
      }
    }
  }

  /**
   * As `read`, into bytes that stay the caller's: for a place in a larger buffer. What comes goes
   * through one small buffer that is used again and again.
   *
   * @throws {Error} As `read`; some of them may have been written then.
   */
  async readTo(bytes: Uint8Array): Promise<Uint8Array | null> {
    let filled = this.#takeAhead(bytes, 0);
    while (filled < bytes.length && !this.#ended) {
      this.#ahead = await this.#readAhead(Math.min(bytes.length - filled, STREAM_PART_BYTES));
      filled += this.#takeAhead(bytes, filled);
    }
    if (filled === bytes.length) return bytes;
    if (filled === 0) return null;
    throw new Error(`Cannot read: the stream ended after ${filled} of ${bytes.length} bytes`);
  }

  /** Tells the stream that no more is wanted. */
  cancel(reason?: string): void {
    // A stream that has ended or failed has nothing left to cancel.
    (this.#byob ?? this.#plain)?.cancel(reason).catch(() => undefined);
  }

  /** Moves what is here into `bytes` from `offset` on; says how much that was. */
  #takeAhead(bytes: Uint8Array, offset: number): number {
    const part = this.#ahead.subarray(0, bytes.length - offset);
    bytes.set(part, offset);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }

  async #readAhead(byteCount: number): Promise<Uint8Array> {
    if (this.#plain !== null) {
      const { done, value = new Uint8Array() } = await this.#plain.read();
      this.#ended = done;
      this.#receivedBytes += value.length;
      return value;
    }
    const buffer =
      this.#spare.byteLength >= Math.max(byteCount, 1)
        ? this.#spare
        : new ArrayBuffer(Math.max(byteCount, AHEAD_BYTES));
    const bytes = await this.#readView(new Uint8Array(buffer), byteCount);
    this.#spare = bytes.buffer;
    return bytes;
  }

  /** At least `byteCount` bytes into `view`, whose buffer comes back under them; fewer at the end. */
  async #readView(
    view: Uint8Array<ArrayBuffer>,
    byteCount: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#byob === null) throw new TypeError("Cannot read into a view: no stream of bytes");
    const { done, value } = await this.#byob.read(view, { min: byteCount });
    // With it went the buffer, and what was in it.
    if (value === undefined) throw new Error("Cannot read: the stream was cancelled");
    this.#ended = done || value.length < byteCount;
    this.#receivedBytes += value.length;
    return value;
  }
}
