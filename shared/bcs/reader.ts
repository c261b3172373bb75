/**
 * Reads BCS (Binary Canonical Serialization) from bytes that may be hostile.
 *
 * Strict: lengths are canonical ULEB128, nothing may be left over. Methods throw `BcsError`, which
 * only `readBcs` catches and turns into a `Result`; so a layout reads as straight code. No maps or
 * structs here: layouts belong to their owners.
 *
 * Source: the BCS specification (`bcs` crate): little-endian integers, ULEB128 lengths and tags.
 */
import { err, ok, type Result } from "../result.ts";

/** Why reading stopped. */
export type BcsReason = "too-short" | "too-long" | "bad-length" | "bad-tag";

/** Where and why bytes are not what their layout says. */
export interface BcsFailure {
  readonly kind: "malformed-bcs";
  readonly layout: string;
  readonly offset: number;
  readonly reason: BcsReason;
}

/** Largest ULEB128 value BCS allows for a length or an enum tag. */
const U32_MAX = 2 ** 32 - 1;

class BcsError extends Error {
  readonly offset: number;
  readonly reason: BcsReason;

  constructor(offset: number, reason: BcsReason) {
    super(`${reason} at byte ${offset}`);
    this.name = "BcsError";
    this.offset = offset;
    this.reason = reason;
  }
}

/** A cursor over BCS bytes; views it returns alias the input. */
export class BcsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next `byteCount` bytes. */
  fixed(byteCount: number): Uint8Array {
    const start = this.#take(byteCount);
    return this.#bytes.subarray(start, start + byteCount);
  }

  /** A canonical ULEB128 number of at most 32 bits. */
  uleb(): number {
    const start = this.#offset;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if ((byte === 0 && shift > 0) || value > U32_MAX) this.fail("bad-length", start);
        return value;
      }
    }
    return this.fail("bad-length", start);
  }

  /**
   * The length of a sequence whose items take at least `itemBytesMin` bytes each, so that a lying
   * length is refused before anything is allocated for it.
   */
  length(itemBytesMin = 1): number {
    const start = this.#offset;
    const count = this.uleb();
    if (count * itemBytesMin > this.remaining) this.fail("too-short", start);
    return count;
  }

  /** A length-prefixed byte vector, as a view. */
  bytes(): Uint8Array {
    return this.fixed(this.length());
  }

  /** Stops reading because a value has no meaning in this layout. */
  fail(reason: BcsReason, offset = this.#offset): never {
    throw new BcsError(offset, reason);
  }

  #take(byteCount: number): number {
    if (byteCount > this.remaining) this.fail("too-short");
    const start = this.#offset;
    this.#offset += byteCount;
    return start;
  }
}

/**
 * Reads one whole value: runs `read` and refuses leftover bytes.
 *
 * @param layout The structure's name, carried in the failure.
 */
export function readBcs<T>(
  layout: string,
  bytes: Uint8Array,
  read: (reader: BcsReader) => T,
): Result<T, BcsFailure> {
  const reader = new BcsReader(bytes);
  try {
    const value = read(reader);
    if (reader.remaining > 0) reader.fail("too-long");
    return ok(value);
  } catch (error) {
    if (!(error instanceof BcsError)) throw error;
    return err({ kind: "malformed-bcs", layout, offset: error.offset, reason: error.reason });
  }
}
