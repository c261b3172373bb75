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

/** Sections in memory. A repeated append must repeat the bytes; a gap is refused. */
export class MemoryScratch implements ScratchStore {
  readonly #sections = new Map<string, Uint8Array>();
  /** Appends so far, and how many more are taken before the store breaks down. */
  appends = 0;
  appendsLeft = Number.POSITIVE_INFINITY;
  /** The largest piece seen. */
  pieceBytesMax = 0;

  async append(section: string, offset: number, bytes: Uint8Array): Promise<void> {
    if (this.appendsLeft-- <= 0) throw new Error("the store broke down");
    this.appends++;
    this.pieceBytesMax = Math.max(this.pieceBytesMax, bytes.length);
    const held = this.#sections.get(section) ?? new Uint8Array(0);
    if (offset > held.length) throw new RangeError(`Cannot append at ${offset} of ${held.length}`);
    const overlap = held.subarray(offset, offset + bytes.length);
    if (!Buffer.from(overlap).equals(bytes.subarray(0, overlap.length))) {
      throw new RangeError(`Cannot append to ${section} at ${offset}: other bytes are there`);
    }
    const end = offset + bytes.length;
    if (end <= held.length) return;
    const grown = new Uint8Array(end);
    grown.set(held);
    grown.set(bytes, offset);
    this.#sections.set(section, grown);
  }

  async read(section: string, offset: number, byteCount: number): Promise<Uint8Array> {
    const held = this.#sections.get(section) ?? new Uint8Array(0);
    if (offset + byteCount > held.length) {
      throw new RangeError(`Cannot read ${byteCount} bytes at ${offset} of ${section}`);
    }
    this.pieceBytesMax = Math.max(this.pieceBytesMax, byteCount);
    return held.slice(offset, offset + byteCount);
  }
}
