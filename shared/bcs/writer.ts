/**
 * Writes BCS (Binary Canonical Serialization) into a growing buffer.
 *
 * Values out of range are bugs of the caller and throw. Source: the BCS specification.
 */

const INITIAL_BYTES = 256;
const U32_MAX = 2 ** 32 - 1;

/** A growing BCS buffer; methods chain. Each grows first: growing replaces buffer and view. */
export class BcsWriter {
  #buffer: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** @param capacityBytes Expected size, to avoid growing. */
  constructor(capacityBytes = INITIAL_BYTES) {
    this.#buffer = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  u8(value: number): this {
    assertInteger("u8", value, 0xff);
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
    return this;
  }

  u16(value: number): this {
    assertInteger("u16", value, 0xffff);
    const start = this.#grow(2);
    this.#view.setUint16(start, value, true);
    return this;
  }

  u32(value: number): this {
    assertInteger("u32", value, U32_MAX);
    const start = this.#grow(4);
    this.#view.setUint32(start, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value >= 1n << 64n) {
      throw new RangeError(`Cannot write u64: expected 0 to 2^64 - 1, got ${value}`);
    }
    const start = this.#grow(8);
    this.#view.setBigUint64(start, value, true);
    return this;
  }

  /** Bytes as they are, without a length. */
  fixed(bytes: Uint8Array): this {
    const start = this.#grow(bytes.length);
    this.#buffer.set(bytes, start);
    return this;
  }

  /** A sequence length or enum tag. */
  uleb(value: number): this {
    assertInteger("length", value, U32_MAX);
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  /** A length-prefixed byte vector. */
  bytes(bytes: Uint8Array): this {
    return this.uleb(bytes.length).fixed(bytes);
  }

  /** What was written, in an array of exact size; the writer is spent. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#length === this.#buffer.length) return this.#buffer;
    return this.#buffer.slice(0, this.#length);
  }

  #grow(byteCount: number): number {
    const start = this.#length;
    const needed = start + byteCount;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = needed;
    return start;
  }
}

/** Bytes that ULEB128 takes for `value`. */
export function ulebBytes(value: number): number {
  let byteCount = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) byteCount++;
  return byteCount;
}

function assertInteger(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot write ${what}: expected an integer 0 to ${max}, got ${value}`);
  }
}
