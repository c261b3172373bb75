/**
 * BLAKE2b with 32 bytes of output, unkeyed, two messages at a time (RFC 7693).
 *
 * Each 64-bit word of the algorithm is a vector of two lanes, one message each; the words of both
 * messages lie interleaved at MESSAGE, the chain values at STATE. A batch of odd length computes
 * its last message in both lanes. Rounds are rolled, with message offsets read from a table:
 * unrolled code outgrows the processor's cache of decoded instructions and is slower.
 *
 *     MESSAGE  16 words x 2 lanes   256 bytes
 *     STATE     8 words x 2 lanes   128 bytes
 *     STAGE     2 blocks            256 bytes   first and last blocks, padded
 */
import { MESSAGE } from "./layout";

const STATE: usize = MESSAGE + 256;
const STAGE: usize = STATE + 128;

const BLOCK: usize = 128;
const DIGEST: usize = 32;

/** Offsets of the message words for each of the 12 rounds. */
const SIGMA: usize = memory.data<u8>([
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
const SIGMA_BYTES: usize = 192;

/** Byte order that turns both 64-bit lanes right by 24 bits. */
const TURN_24: usize = memory.data<u8>([3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10]);

const IV0: u64 = 0x6a09e667f3bcc908;
const IV1: u64 = 0xbb67ae8584caa73b;
const IV2: u64 = 0x3c6ef372fe94f82b;
const IV3: u64 = 0xa54ff53a5f1d36f1;
const IV4: u64 = 0x510e527fade682d1;
const IV5: u64 = 0x9b05688c2b3e6c1f;
const IV6: u64 = 0x1f83d9abfb41bd6b;
const IV7: u64 = 0x5be0cd19137e2179;

/** Parameter block: 32 bytes of output, no key, fanout and depth 1. */
const PARAMETERS: u64 = 0x01010020;

/** The chain values before the first block. */
function resetState(): void {
  v128.store(STATE, i64x2.splat(IV0 ^ PARAMETERS));
  v128.store(STATE, i64x2.splat(IV1), 16);
  v128.store(STATE, i64x2.splat(IV2), 32);
  v128.store(STATE, i64x2.splat(IV3), 48);
  v128.store(STATE, i64x2.splat(IV4), 64);
  v128.store(STATE, i64x2.splat(IV5), 80);
  v128.store(STATE, i64x2.splat(IV6), 96);
  v128.store(STATE, i64x2.splat(IV7), 112);
}

/** Mixes the block at MESSAGE into both chains; `total` bytes so far, `last` all ones or 0. */
/* oxlint-disable-next-line max-lines-per-function -- calls would spill the 16 vectors to memory */
function compress(total: u64, last: u64): void {
  const turn24 = v128.load(TURN_24);
  let v0 = v128.load(STATE, 0);
  let v1 = v128.load(STATE, 16);
  let v2 = v128.load(STATE, 32);
  let v3 = v128.load(STATE, 48);
  let v4 = v128.load(STATE, 64);
  let v5 = v128.load(STATE, 80);
  let v6 = v128.load(STATE, 96);
  let v7 = v128.load(STATE, 112);
  let v8 = i64x2.splat(IV0);
  let v9 = i64x2.splat(IV1);
  let v10 = i64x2.splat(IV2);
  let v11 = i64x2.splat(IV3);
  let v12 = i64x2.splat(IV4 ^ total);
  let v13 = i64x2.splat(IV5);
  let v14 = i64x2.splat(IV6 ^ last);
  let v15 = i64x2.splat(IV7);
  let t = turn24;
  const end = SIGMA + SIGMA_BYTES;
  for (let round = SIGMA; round < end; round += 16) {
    // columns, first half of the mixing function
    v0 = i64x2.add(i64x2.add(v0, v4), v128.load(MESSAGE + load<u8>(round, 0)));
    v1 = i64x2.add(i64x2.add(v1, v5), v128.load(MESSAGE + load<u8>(round, 2)));
    v2 = i64x2.add(i64x2.add(v2, v6), v128.load(MESSAGE + load<u8>(round, 4)));
    v3 = i64x2.add(i64x2.add(v3, v7), v128.load(MESSAGE + load<u8>(round, 6)));
    v12 = v128.xor(v12, v0);
    v12 = i8x16.shuffle(v12, v12, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v13 = v128.xor(v13, v1);
    v13 = i8x16.shuffle(v13, v13, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v14 = v128.xor(v14, v2);
    v14 = i8x16.shuffle(v14, v14, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v15 = v128.xor(v15, v3);
    v15 = i8x16.shuffle(v15, v15, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v8 = i64x2.add(v8, v12);
    v9 = i64x2.add(v9, v13);
    v10 = i64x2.add(v10, v14);
    v11 = i64x2.add(v11, v15);
    v4 = i8x16.swizzle(v128.xor(v4, v8), turn24);
    v5 = i8x16.swizzle(v128.xor(v5, v9), turn24);
    v6 = i8x16.swizzle(v128.xor(v6, v10), turn24);
    v7 = i8x16.swizzle(v128.xor(v7, v11), turn24);
    // columns, second half of the mixing function
    v0 = i64x2.add(i64x2.add(v0, v4), v128.load(MESSAGE + load<u8>(round, 1)));
    v1 = i64x2.add(i64x2.add(v1, v5), v128.load(MESSAGE + load<u8>(round, 3)));
    v2 = i64x2.add(i64x2.add(v2, v6), v128.load(MESSAGE + load<u8>(round, 5)));
    v3 = i64x2.add(i64x2.add(v3, v7), v128.load(MESSAGE + load<u8>(round, 7)));
    v12 = v128.xor(v12, v0);
    v12 = i8x16.shuffle(v12, v12, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v13 = v128.xor(v13, v1);
    v13 = i8x16.shuffle(v13, v13, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v14 = v128.xor(v14, v2);
    v14 = i8x16.shuffle(v14, v14, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v15 = v128.xor(v15, v3);
    v15 = i8x16.shuffle(v15, v15, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v8 = i64x2.add(v8, v12);
    v9 = i64x2.add(v9, v13);
    v10 = i64x2.add(v10, v14);
    v11 = i64x2.add(v11, v15);
    t = v128.xor(v4, v8);
    v4 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v5, v9);
    v5 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v6, v10);
    v6 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v7, v11);
    v7 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    // diagonals, first half of the mixing function
    v0 = i64x2.add(i64x2.add(v0, v5), v128.load(MESSAGE + load<u8>(round, 8)));
    v1 = i64x2.add(i64x2.add(v1, v6), v128.load(MESSAGE + load<u8>(round, 10)));
    v2 = i64x2.add(i64x2.add(v2, v7), v128.load(MESSAGE + load<u8>(round, 12)));
    v3 = i64x2.add(i64x2.add(v3, v4), v128.load(MESSAGE + load<u8>(round, 14)));
    v15 = v128.xor(v15, v0);
    v15 = i8x16.shuffle(v15, v15, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v12 = v128.xor(v12, v1);
    v12 = i8x16.shuffle(v12, v12, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v13 = v128.xor(v13, v2);
    v13 = i8x16.shuffle(v13, v13, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v14 = v128.xor(v14, v3);
    v14 = i8x16.shuffle(v14, v14, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    v10 = i64x2.add(v10, v15);
    v11 = i64x2.add(v11, v12);
    v8 = i64x2.add(v8, v13);
    v9 = i64x2.add(v9, v14);
    v5 = i8x16.swizzle(v128.xor(v5, v10), turn24);
    v6 = i8x16.swizzle(v128.xor(v6, v11), turn24);
    v7 = i8x16.swizzle(v128.xor(v7, v8), turn24);
    v4 = i8x16.swizzle(v128.xor(v4, v9), turn24);
    // diagonals, second half of the mixing function
    v0 = i64x2.add(i64x2.add(v0, v5), v128.load(MESSAGE + load<u8>(round, 9)));
    v1 = i64x2.add(i64x2.add(v1, v6), v128.load(MESSAGE + load<u8>(round, 11)));
    v2 = i64x2.add(i64x2.add(v2, v7), v128.load(MESSAGE + load<u8>(round, 13)));
    v3 = i64x2.add(i64x2.add(v3, v4), v128.load(MESSAGE + load<u8>(round, 15)));
    v15 = v128.xor(v15, v0);
    v15 = i8x16.shuffle(v15, v15, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v12 = v128.xor(v12, v1);
    v12 = i8x16.shuffle(v12, v12, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v13 = v128.xor(v13, v2);
    v13 = i8x16.shuffle(v13, v13, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v14 = v128.xor(v14, v3);
    v14 = i8x16.shuffle(v14, v14, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
    v10 = i64x2.add(v10, v15);
    v11 = i64x2.add(v11, v12);
    v8 = i64x2.add(v8, v13);
    v9 = i64x2.add(v9, v14);
    t = v128.xor(v5, v10);
    v5 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v6, v11);
    v6 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v7, v8);
    v7 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
    t = v128.xor(v4, v9);
    v4 = v128.or(i64x2.shr_u(t, 63), i64x2.add(t, t));
  }
  v128.store(STATE, v128.xor(v128.load(STATE, 0), v128.xor(v0, v8)), 0);
  v128.store(STATE, v128.xor(v128.load(STATE, 16), v128.xor(v1, v9)), 16);
  v128.store(STATE, v128.xor(v128.load(STATE, 32), v128.xor(v2, v10)), 32);
  v128.store(STATE, v128.xor(v128.load(STATE, 48), v128.xor(v3, v11)), 48);
  v128.store(STATE, v128.xor(v128.load(STATE, 64), v128.xor(v4, v12)), 64);
  v128.store(STATE, v128.xor(v128.load(STATE, 80), v128.xor(v5, v13)), 80);
  v128.store(STATE, v128.xor(v128.load(STATE, 96), v128.xor(v6, v14)), 96);
  v128.store(STATE, v128.xor(v128.load(STATE, 112), v128.xor(v7, v15)), 112);
}

/** Interleaves two blocks of 128 bytes into MESSAGE. */
function loadBlocks(left: usize, right: usize): void {
  for (let at: usize = 0; at < BLOCK; at += 16) {
    const a = v128.load(left + at);
    const b = v128.load(right + at);
    const words = MESSAGE + (at << 1);
    v128.store(words, i64x2.shuffle(a, b, 0, 2));
    v128.store(words, i64x2.shuffle(a, b, 1, 3), 16);
  }
}

/** Writes the digest of one lane (0 or 8) of the state. */
function storeDigest(target: usize, lane: usize): void {
  store<u64>(target, load<u64>(STATE + lane));
  store<u64>(target, load<u64>(STATE + lane, 16), 8);
  store<u64>(target, load<u64>(STATE + lane, 32), 16);
  store<u64>(target, load<u64>(STATE + lane, 48), 24);
}

/** Copies `byteCount` bytes to `stage` and zeroes the rest of its block. */
function stageBlock(stage: usize, at: usize, source: usize, byteCount: usize): void {
  const zero = i64x2.splat(0);
  for (let i: usize = 0; i < BLOCK; i += 16) v128.store(stage + i, zero);
  let target = stage + at;
  while (byteCount >= 8) {
    store<u64>(target, load<u64>(source));
    target += 8;
    source += 8;
    byteCount -= 8;
  }
  while (byteCount > 0) {
    store<u8>(target++, load<u8>(source++));
    byteCount--;
  }
}

/** Digests of two values of equal length, each after `prefix` (0 or 1) zero bytes. */
function hashTwo(left: usize, right: usize, byteCount: usize, prefix: usize): void {
  const total = prefix + byteCount;
  resetState();
  let start: usize = 0;
  // The last block is special even when it is full.
  for (; start + BLOCK < total; start += BLOCK) {
    if (start === 0 && prefix !== 0) {
      stageBlock(STAGE, prefix, left, BLOCK - prefix);
      stageBlock(STAGE + BLOCK, prefix, right, BLOCK - prefix);
      loadBlocks(STAGE, STAGE + BLOCK);
    } else {
      loadBlocks(left + start - prefix, right + start - prefix);
    }
    compress(start + BLOCK, 0);
  }
  const at: usize = start === 0 ? prefix : 0;
  const done: usize = start === 0 ? 0 : start - prefix;
  stageBlock(STAGE, at, left + done, byteCount - done);
  stageBlock(STAGE + BLOCK, at, right + done, byteCount - done);
  loadBlocks(STAGE, STAGE + BLOCK);
  compress(total, u64.MAX_VALUE);
}

/** The digest of `byteCount` bytes. */
export function hashBytes(target: usize, source: usize, byteCount: usize): void {
  hashTwo(source, source, byteCount, 0);
  storeDigest(target, 0);
}

/** Merkle leaves, H(0 ‖ value), of `count` values of `byteCount` bytes that lie `stride` apart. */
export function hashLeaves(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
): void {
  for (; count > 1; count -= 2) {
    hashTwo(source, source + stride, byteCount, 1);
    storeDigest(target, 0);
    storeDigest(target + DIGEST, 8);
    target += 2 * DIGEST;
    source += 2 * stride;
  }
  if (count > 0) {
    hashTwo(source, source, byteCount, 1);
    storeDigest(target, 0);
  }
}

/** Leaves of two-byte values by lookup: `table` holds the digests of all 65,536, by u16. */
export function lookupLeaves(target: usize, source: usize, count: i32, table: usize): void {
  for (; count > 0; count--) {
    const digest = table + ((<usize>load<u16>(source)) << 5);
    v128.store(target, v128.load(digest));
    v128.store(target, v128.load(digest, 16), 16);
    target += DIGEST;
    source += 2;
  }
}

/** Merkle inner nodes, H(1 ‖ left ‖ right), of `count` pairs whose operands lie `stride` apart. */
export function hashPairs(
  target: usize,
  left: usize,
  right: usize,
  count: i32,
  stride: usize,
): void {
  memory.fill(MESSAGE, 0, 2 * BLOCK);
  for (; count > 0; count -= 2) {
    // With one pair left, both lanes compute it.
    const step: usize = count > 1 ? stride : 0;
    loadPair(left, right, 0);
    loadPair(left + step, right + step, 8);
    resetState();
    compress(1 + 2 * DIGEST, u64.MAX_VALUE);
    storeDigest(target, 0);
    if (count > 1) storeDigest(target + DIGEST, 8);
    target += 2 * DIGEST;
    left += 2 * stride;
    right += 2 * stride;
  }
}

/** The 65 bytes 1 ‖ left ‖ right into one lane: words straddle digests by one byte. */
function loadPair(left: usize, right: usize, lane: usize): void {
  const words = MESSAGE + lane;
  store<u64>(words, (load<u64>(left) << 8) | 1);
  store<u64>(words, load<u64>(left, 7), 16);
  store<u64>(words, load<u64>(left, 15), 32);
  store<u64>(words, load<u64>(left, 23), 48);
  store<u64>(words, <u64>load<u8>(left, 31) | (load<u64>(right) << 8), 64);
  store<u64>(words, load<u64>(right, 7), 80);
  store<u64>(words, load<u64>(right, 15), 96);
  store<u64>(words, load<u64>(right, 23), 112);
  store<u64>(words, <u64>load<u8>(right, 31), 128);
}
