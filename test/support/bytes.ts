/** Byte strings of the test vectors and small conversions. */
import { createHash } from "node:crypto";

/** `tb(size, seed)` of the vectors: byte i is (i + seed) mod 256. */
export function countingBytes(byteCount: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: byteCount }, (_, index) => (index + seed) & 0xff);
}

/** Lowercase hex. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Bytes of hex, spaces allowed. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

/** SHA-256 of the concatenation, as hex. */
export function sha256Hex(...parts: readonly Uint8Array[]): string {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest("hex");
}
