/** Little-endian integers and Sui's BCS reader (`sui::bcs`). */
import { at, ensure } from "./abort.ts";

/** `value` in `length` bytes, least significant first. */
export function toLittleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let index = 0; index < length; index++) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The integer whose bytes are given least significant first. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Peels values from the front of a byte string; too few bytes abort with `EOutOfRange`. */
export class BcsReader {
  private offset = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  u8(): number {
    return Number(this.integer(1, "peel_u8"));
  }

  u32(): number {
    return Number(this.integer(4, "peel_u32"));
  }

  u256(): bigint {
    return this.integer(32, "peel_u256");
  }

  /** `0x` and 64 hex digits. */
  address(): string {
    const digits = Array.from(this.take(32, "peel_address"), (byte) =>
      byte.toString(16).padStart(2, "0"),
    );
    return `0x${digits.join("")}`;
  }

  remainder(): Uint8Array {
    return this.bytes.subarray(this.offset);
  }

  private integer(length: number, functionName: string): bigint {
    return fromLittleEndian(this.take(length, functionName));
  }

  private take(length: number, functionName: string): Uint8Array {
    const end = this.offset + length;
    ensure(end <= this.bytes.length, at("bcs", functionName), "EOutOfRange");
    const part = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return part;
  }
}
