/**
 * Memory and constants of BLAKE2b over three messages at a time (RFC 7693).
 *
 * Two messages are a pair: the same word of both lies side by side, as the lanes of a vector. The
 * third is single.
 *
 *     MESSAGE_P   w0: m0 m1 │ w1: m0 m1 │ …           256 bytes
 *     MESSAGE_S   w0: m2    │ w1: m2    │ …           128 bytes
 *     STATE       h0 … h7 of the pair, of the single  128 + 64 bytes
 *     START       the same before the first block     128 + 64 bytes, constant
 *     VECTORS     the initial vector in the same form 128 + 64 bytes, constant
 */
import { MESSAGE } from "./layout";

export const MESSAGE_P: usize = MESSAGE;
export const MESSAGE_S: usize = MESSAGE + 256;
export const STATE: usize = MESSAGE + 384;

/** Byte orders that turn both 64-bit lanes right by 16 and 24 bits. */
export const TURN_16: usize = memory.data<u8>([
  2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
]);
export const TURN_24: usize = memory.data<u8>([
  3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
]);

/** 128 bytes of ones, then 128 of zeros: what masks a last block of any length. */
export const MASKS: usize = memory.data<u64>([
  -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0,
]);

/** The initial vector. Constants in memory, not in code: engines build those anew at every use. */
export const VECTORS: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0x5be0cd19137e2179,
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

/**
 * Chain values before the first block: the initial vector, with the parameter block 0x01010020 (32
 * bytes of output, no key, fanout and depth 1) added to its first word.
 */
export const START: usize = memory.data<u64>([
  0x6a09e667f2bdc928, 0x6a09e667f2bdc928, 0xbb67ae8584caa73b, 0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0x5be0cd19137e2179,
  0x6a09e667f2bdc928, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
