/**
 * Memory and constants of BLAKE2b over five messages at a time (RFC 7693).
 *
 * Words of the messages and of the chain values lie 16 bytes apart in three sets: pair a and pair b
 * hold one word of two messages each, s one word of one message and 8 bytes that nobody reads. So
 * one offset from SIGMA finds the same word of all five.
 *
 *     MESSAGE_A   w0: m0 m1 │ w1: m0 m1 │ …           256 bytes
 *     MESSAGE_B   w0: m2 m3 │ w1: m2 m3 │ …           256 bytes
 *     MESSAGE_S   w0: m4 -- │ w1: m4 -- │ …           256 bytes
 *     STATE       h0 … h7 of a, of b, of s        3 x 128 bytes
 *     START       the same before the first block 3 x 128 bytes, constant
 */
import { MESSAGE } from "./layout";

export const MESSAGE_A: usize = MESSAGE;
export const MESSAGE_B: usize = MESSAGE + 256;
export const MESSAGE_S: usize = MESSAGE + 512;
export const STATE: usize = MESSAGE + 768;

/** Offsets of the message words for each of the 12 rounds. */
export const SIGMA: usize = memory.data<u8>([
  0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 224, 160, 64, 128, 144,
  240, 208, 96, 16, 192, 0, 32, 176, 112, 80, 48, 176, 128, 192, 0, 80, 32, 240, 208, 160, 224, 48,
  96, 112, 16, 144, 64, 112, 144, 48, 16, 208, 192, 176, 224, 32, 96, 80, 160, 64, 0, 240, 128, 144,
  0, 80, 112, 32, 64, 160, 240, 224, 16, 176, 192, 96, 128, 48, 208, 32, 192, 96, 160, 0, 176, 128,
  48, 64, 208, 112, 80, 240, 224, 16, 144, 192, 80, 16, 240, 224, 208, 64, 160, 0, 112, 96, 48, 144,
  32, 128, 176, 208, 176, 112, 224, 192, 16, 48, 144, 80, 0, 240, 64, 128, 96, 32, 160, 96, 240,
  224, 144, 176, 48, 0, 128, 192, 32, 208, 112, 16, 64, 160, 80, 160, 32, 128, 64, 112, 96, 16, 80,
  240, 176, 144, 224, 48, 192, 208, 0, 0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208,
  224, 240, 224, 160, 64, 128, 144, 240, 208, 96, 16, 192, 0, 32, 176, 112, 80, 48,
]);
export const SIGMA_END: usize = SIGMA + 192;

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

/** The initial vector, each word in both lanes. Constants, not code: engines never hoist them. */
export const VECTORS: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0x5be0cd19137e2179,
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
  0x6a09e667f2bdc928, 0x6a09e667f2bdc928, 0xbb67ae8584caa73b, 0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0x5be0cd19137e2179,
  0x6a09e667f2bdc928, 0x6a09e667f2bdc928, 0xbb67ae8584caa73b, 0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179, 0x5be0cd19137e2179,
]);
