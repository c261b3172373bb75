/** Ports of work on a blob larger than memory, kept in this process and strict about their use. */
import type { BlobSource, ScratchStore } from "../../shared/codec/index.ts";

/** A blob in memory; refuses what lies past its end. */
export function sourceOf(blob: Uint8Array): BlobSource {
  return {
    async read(offset, byteCount) {
      if (offset < 0 || byteCount <= 0 || offset + byteCount > blob.length) {
        throw new RangeError(`Cannot read ${byteCount} bytes at ${offset} of ${blob.length}`);
      }
      return blob.slice(offset, offset + byteCount);
    },
  };
}

/** Bytes that grow; the buffer doubles. */
interface Section {
  buffer: Uint8Array;
  length: number;
}

/** Sections in memory. A repeated append must repeat the bytes; a gap is refused. */
export class MemoryScratch implements ScratchStore {
  readonly #sections = new Map<string, Section>();
  /** Appends so far, and how many more are taken before the store breaks down. */
  appends = 0;
  appendsLeft = Number.POSITIVE_INFINITY;
  /** The largest piece seen. */
  pieceBytesMax = 0;

  async append(section: string, offset: number, bytes: Uint8Array): Promise<void> {
    if (this.appendsLeft-- <= 0) throw new Error("the store broke down");
    this.appends++;
    this.pieceBytesMax = Math.max(this.pieceBytesMax, bytes.length);
    const held = this.#section(section);
    if (offset > held.length) throw new RangeError(`Cannot append at ${offset} of ${held.length}`);
    const overlap = held.buffer.subarray(offset, Math.min(offset + bytes.length, held.length));
    if (!Buffer.from(overlap).equals(bytes.subarray(0, overlap.length))) {
      throw new RangeError(`Cannot append to ${section} at ${offset}: other bytes are there`);
    }
    const end = offset + bytes.length;
    if (end > held.buffer.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(held.buffer.subarray(0, held.length));
      held.buffer = grown;
    }
    held.buffer.set(bytes, offset);
    held.length = Math.max(held.length, end);
  }

  async read(section: string, offset: number, byteCount: number): Promise<Uint8Array> {
    const held = this.#section(section);
    if (offset + byteCount > held.length) {
      throw new RangeError(`Cannot read ${byteCount} bytes at ${offset} of ${section}`);
    }
    this.pieceBytesMax = Math.max(this.pieceBytesMax, byteCount);
    return held.buffer.slice(offset, offset + byteCount);
  }

  #section(name: string): Section {
    const held = this.#sections.get(name) ?? { buffer: new Uint8Array(0), length: 0 };
    this.#sections.set(name, held);
    return held;
  }
}
