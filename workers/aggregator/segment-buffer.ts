/**
 * The bytes of one segment while they are sent and cached, in one buffer with room for their digest.
 *
 * Rows are put into it one after the other, or come to lie there by themselves. Its memory is given
 * back when all who hold it have let it go; who never does leaves that to the engine.
 */
import { freeBytes } from "../../shared/bytes/arrays.ts";
import { SEAL_BYTES } from "../../shared/cache/sealed.ts";

/** One segment that is being put together. */
export class SegmentBuffer {
  /** The segment and the room behind it. */
  readonly value: Uint8Array<ArrayBuffer>;
  #filledBytes = 0;
  #holderCount = 0;

  /** @param byteCount Of the segment alone. */
  constructor(byteCount: number) {
    this.value = new Uint8Array(byteCount + SEAL_BYTES);
  }

  /** Every row is here. */
  get isWhole(): boolean {
    return this.#filledBytes === this.value.length - SEAL_BYTES;
  }

  /** Where the next row belongs; `null` where there is no room for so much. */
  room(byteCount: number): Uint8Array<ArrayBuffer> | null {
    const end = this.#filledBytes + byteCount;
    return end > this.value.length - SEAL_BYTES
      ? null
      : this.value.subarray(this.#filledBytes, end);
  }

  /** Whether the bytes lie in here. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.value.buffer;
  }

  /**
   * Takes the next row, which is copied unless it lies in its room, and returns it as it lies here.
   *
   * @throws {RangeError} When there is no room for it.
   */
  append(row: Uint8Array): Uint8Array {
    const room = this.room(row.length);
    if (room === null) {
      throw new RangeError(`Cannot append row: no room for ${row.length} bytes`);
    }
    if (!this.holds(row)) room.set(row);
    this.#filledBytes += row.length;
    return room;
  }

  /** Holds the memory until the function that is returned is called. */
  hold(): () => void {
    this.#holderCount++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#holderCount--;
      if (this.#holderCount === 0) freeBytes(this.value);
    };
  }
}
