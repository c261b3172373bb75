/**
 * BLAKE2b with 32 bytes of output, unkeyed, three messages at a time (RFC 7693).
 *
 * This module puts messages in place and takes digests out; `rounds.ts`, which the build writes
 * (`scripts/kernel/rounds.ts`), mixes. A batch whose length is no multiple of three repeats its
 * first message in the ways left over.
 *
 * Messages are read 16 bytes at a time: up to 15 bytes before a value's start and 127 past its end
 * are read and masked away. The host keeps that much memory around every region.
 */
import { MASKS, MESSAGE_P, MESSAGE_S, START, STATE } from "./hash-layout";
import { compress, compressShort } from "./rounds";

const BLOCK: usize = 128;
const DIGEST: usize = 32;
const WAYS: usize = 3;
const LAST: u64 = u64.MAX_VALUE;

/** Bytes that `compressShort` takes, and how many of a block are put in place for it. */
const SHORT: usize = 72;
const SHORT_SPAN: usize = 80;

/**
 * Puts `span` bytes of a block of three messages in place, none of them masked: `span` is a
 * multiple of 16. Written out, here and below, because neither compiler nor engine inlines.
 */
function loadWhole(m0: usize, m1: usize, m2: usize, span: usize): void {
  let pair = MESSAGE_P;
  for (let at: usize = 0; at < span; at += 16) {
    const w0 = v128.load(m0 + at);
    const w1 = v128.load(m1 + at);
    v128.store(pair, i64x2.shuffle(w0, w1, 0, 2));
    v128.store(pair, i64x2.shuffle(w0, w1, 1, 3), 16);
    v128.store(at, v128.load(m2 + at), MESSAGE_S);
    pair += 32;
  }
}

/** The same with zeros from byte `valid` of each message on. */
function loadMasked(m0: usize, m1: usize, m2: usize, span: usize, valid: usize): void {
  let pair = MESSAGE_P;
  const masks = MASKS + BLOCK - valid;
  for (let at: usize = 0; at < span; at += 16) {
    const mask = v128.load(masks + at);
    const w0 = v128.and(mask, v128.load(m0 + at));
    const w1 = v128.and(mask, v128.load(m1 + at));
    v128.store(pair, i64x2.shuffle(w0, w1, 0, 2));
    v128.store(pair, i64x2.shuffle(w0, w1, 1, 3), 16);
    v128.store(at, v128.and(mask, v128.load(m2 + at)), MESSAGE_S);
    pair += 32;
  }
}

/** Clears the first byte of the block in place: the prefix of a leaf. */
function clearFirstByte(): void {
  v128.store(MESSAGE_P, v128.and(i64x2.splat(~0xff), v128.load(MESSAGE_P)));
  store<u64>(MESSAGE_S, load<u64>(MESSAGE_S) & ~0xff);
}

/** Digests of up to three values, each after `prefix` (0 or 1) zero bytes. */
function hashThree(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
  prefix: usize,
): void {
  const total = prefix + byteCount;
  let m0 = source - prefix;
  let m1 = m0 + (count > 1 ? stride : 0);
  let m2 = m0 + (count > 2 ? stride * 2 : 0);
  if (total <= SHORT) {
    loadMasked(m0, m1, m2, SHORT_SPAN, total);
    if (prefix !== 0) clearFirstByte();
    compressShort(total);
    storeDigests(target, count);
    return;
  }
  let chain = START;
  let done: usize = 0;
  // The last block is special even when it is full.
  while (total - done > BLOCK) {
    loadWhole(m0, m1, m2, BLOCK);
    if (done === 0 && prefix !== 0) clearFirstByte();
    done += BLOCK;
    compress(chain, done, 0);
    chain = STATE;
    m0 += BLOCK;
    m1 += BLOCK;
    m2 += BLOCK;
  }
  loadMasked(m0, m1, m2, BLOCK, total - done);
  if (done === 0 && prefix !== 0) clearFirstByte();
  compress(chain, total, LAST);
  storeDigests(target, count);
}

/** Writes the digests of the first `count` ways of the state. */
function storeDigests(target: usize, count: i32): void {
  const h0 = v128.load(STATE);
  const h1 = v128.load(STATE, 16);
  const h2 = v128.load(STATE, 32);
  const h3 = v128.load(STATE, 48);
  v128.store(target, i64x2.shuffle(h0, h1, 0, 2));
  v128.store(target, i64x2.shuffle(h2, h3, 0, 2), 16);
  if (count < 2) return;
  v128.store(target, i64x2.shuffle(h0, h1, 1, 3), 32);
  v128.store(target, i64x2.shuffle(h2, h3, 1, 3), 48);
  if (count < 3) return;
  v128.store(target, v128.load(STATE, 128), 64);
  v128.store(target, v128.load(STATE, 144), 80);
}

/** The digest of `byteCount` bytes. */
export function hashBytes(target: usize, source: usize, byteCount: usize): void {
  hashThree(target, source, 1, 0, byteCount, 0);
}

/** Merkle leaves, H(0 ‖ value), of `count` values of `byteCount` bytes that lie `stride` apart. */
export function hashLeaves(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
): void {
  for (; count > 0; count -= <i32>WAYS) {
    hashThree(target, source, count, stride, byteCount, 1);
    target += WAYS * DIGEST;
    source += WAYS * stride;
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

/**
 * Merkle inner nodes, H(1 ‖ left ‖ right), of `count` pairs; left operands lie `leftStride` apart,
 * right ones `rightStride`. A stride of 0 repeats one operand. `target` may be an operand only
 * where it is read no later than it is written.
 */
export function hashPairs(
  target: usize,
  left: usize,
  right: usize,
  count: i32,
  leftStride: usize,
  rightStride: usize,
): void {
  for (; count > 0; count -= <i32>WAYS) {
    const l1 = left + (count > 1 ? leftStride : 0);
    const l2 = left + (count > 2 ? leftStride * 2 : 0);
    const r1 = right + (count > 1 ? rightStride : 0);
    const r2 = right + (count > 2 ? rightStride * 2 : 0);
    // The prefix byte shifts everything by one: words straddle the two digests.
    let w0 = i8x16.replace_lane(v128.load(left - 1), 0, 1);
    let w1 = i8x16.replace_lane(v128.load(l1 - 1), 0, 1);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 0, 2));
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 1, 3), 16);
    v128.store(MESSAGE_S, i8x16.replace_lane(v128.load(l2 - 1), 0, 1));
    w0 = v128.load(left, 15);
    w1 = v128.load(l1, 15);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 0, 2), 32);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 1, 3), 48);
    v128.store(MESSAGE_S, v128.load(l2, 15), 16);
    w0 = i8x16.replace_lane(v128.load(right - 1), 0, load<u8>(left, 31));
    w1 = i8x16.replace_lane(v128.load(r1 - 1), 0, load<u8>(l1, 31));
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 0, 2), 64);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 1, 3), 80);
    v128.store(MESSAGE_S, i8x16.replace_lane(v128.load(r2 - 1), 0, load<u8>(l2, 31)), 32);
    w0 = v128.load(right, 15);
    w1 = v128.load(r1, 15);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 0, 2), 96);
    v128.store(MESSAGE_P, i64x2.shuffle(w0, w1, 1, 3), 112);
    v128.store(MESSAGE_S, v128.load(r2, 15), 48);
    v128.store(MESSAGE_P, i64x2(load<u8>(right, 31), load<u8>(r1, 31)), 128);
    store<u64>(MESSAGE_S, load<u8>(r2, 31), 64);
    compressShort(1 + 2 * DIGEST);
    storeDigests(target, count);
    target += WAYS * DIGEST;
    left += WAYS * leftStride;
    right += WAYS * rightStride;
  }
}
