/**
 * BLAKE2b with 32 bytes of output, unkeyed, five messages at a time (RFC 7693).
 *
 * This module puts messages in place and takes digests out; `rounds.ts`, which the build writes
 * (`scripts/kernel/rounds.ts`), mixes. A batch whose length is no multiple of five repeats its first
 * message in the lanes left over.
 *
 * Messages are read 16 bytes at a time: up to 15 bytes before a value's start and 127 past its end
 * are read and masked away. The host keeps that much memory around every region.
 */
import { MASKS, MESSAGE_A, MESSAGE_B, MESSAGE_S, START, STATE } from "./hash-layout";
import { compress } from "./rounds";

const BLOCK: usize = 128;
const DIGEST: usize = 32;
const LANES: usize = 5;
const LAST: u64 = u64.MAX_VALUE;

/** Puts the same 16 bytes of five messages in place: word pair `at` / 8 of each. */
function storeWords(at: usize, m0: v128, m1: v128, m2: v128, m3: v128, m4: v128): void {
  const words = at << 1;
  v128.store(words, i64x2.shuffle(m0, m1, 0, 2), MESSAGE_A);
  v128.store(words, i64x2.shuffle(m0, m1, 1, 3), MESSAGE_A + 16);
  v128.store(words, i64x2.shuffle(m2, m3, 0, 2), MESSAGE_B);
  v128.store(words, i64x2.shuffle(m2, m3, 1, 3), MESSAGE_B + 16);
  store<u64>(words, i64x2.extract_lane(m4, 0), MESSAGE_S);
  store<u64>(words, i64x2.extract_lane(m4, 1), MESSAGE_S + 16);
}

/** Puts one block of five messages `stride` apart in place, zero from its byte `valid` on. */
function loadBlock(source: usize, stride: usize, count: i32, valid: usize): void {
  const p1 = source + (count > 1 ? stride : 0);
  const p2 = source + (count > 2 ? stride * 2 : 0);
  const p3 = source + (count > 3 ? stride * 3 : 0);
  const p4 = source + (count > 4 ? stride * 4 : 0);
  let masks = MASKS + BLOCK - valid;
  for (let at: usize = 0; at < BLOCK; at += 16) {
    const mask = v128.load(masks);
    storeWords(
      at,
      v128.and(mask, v128.load(source + at)),
      v128.and(mask, v128.load(p1 + at)),
      v128.and(mask, v128.load(p2 + at)),
      v128.and(mask, v128.load(p3 + at)),
      v128.and(mask, v128.load(p4 + at)),
    );
    masks += 16;
  }
}

/** Clears the first byte of the block in place: the prefix of a leaf. */
function clearFirstByte(): void {
  const keep = i64x2.splat(~0xff);
  v128.store(MESSAGE_A, v128.and(keep, v128.load(MESSAGE_A)));
  v128.store(MESSAGE_B, v128.and(keep, v128.load(MESSAGE_B)));
  store<u64>(MESSAGE_S, load<u64>(MESSAGE_S) & ~0xff);
}

/** Digests of up to five values, each after `prefix` (0 or 1) zero bytes. */
function hashFive(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
  prefix: usize,
): void {
  const total = prefix + byteCount;
  let chain = START;
  let start: usize = 0;
  for (;;) {
    // The last block is special even when it is full.
    const rest = total - start;
    const isLast = rest <= BLOCK;
    loadBlock(source + start - prefix, stride, count, isLast ? rest : BLOCK);
    if (start === 0 && prefix !== 0) clearFirstByte();
    if (isLast) break;
    start += BLOCK;
    compress(chain, start, 0);
    chain = STATE;
  }
  compress(chain, total, LAST);
  storeDigests(target, count);
}

/** Writes the digests of the first `count` lanes of the state. */
function storeDigests(target: usize, count: i32): void {
  storePair(target, STATE, count);
  if (count > 2) storePair(target + 2 * DIGEST, STATE + 128, count - 2);
  if (count > 4) {
    store<u64>(target, load<u64>(STATE, 256), 128);
    store<u64>(target, load<u64>(STATE, 272), 136);
    store<u64>(target, load<u64>(STATE, 288), 144);
    store<u64>(target, load<u64>(STATE, 304), 152);
  }
}

function storePair(target: usize, state: usize, count: i32): void {
  const h0 = v128.load(state);
  const h1 = v128.load(state, 16);
  const h2 = v128.load(state, 32);
  const h3 = v128.load(state, 48);
  v128.store(target, i64x2.shuffle(h0, h1, 0, 2));
  v128.store(target, i64x2.shuffle(h2, h3, 0, 2), 16);
  if (count < 2) return;
  v128.store(target, i64x2.shuffle(h0, h1, 1, 3), 32);
  v128.store(target, i64x2.shuffle(h2, h3, 1, 3), 48);
}

/** The digest of `byteCount` bytes. */
export function hashBytes(target: usize, source: usize, byteCount: usize): void {
  hashFive(target, source, 1, 0, byteCount, 0);
}

/** Merkle leaves, H(0 ‖ value), of `count` values of `byteCount` bytes that lie `stride` apart. */
export function hashLeaves(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
): void {
  for (; count > 0; count -= <i32>LANES) {
    hashFive(target, source, count, stride, byteCount, 1);
    target += LANES * DIGEST;
    source += LANES * stride;
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
  memory.fill(MESSAGE_A, 0, 768);
  for (; count > 0; count -= <i32>LANES) {
    const l1 = left + (count > 1 ? leftStride : 0);
    const l2 = left + (count > 2 ? leftStride * 2 : 0);
    const l3 = left + (count > 3 ? leftStride * 3 : 0);
    const l4 = left + (count > 4 ? leftStride * 4 : 0);
    const r1 = right + (count > 1 ? rightStride : 0);
    const r2 = right + (count > 2 ? rightStride * 2 : 0);
    const r3 = right + (count > 3 ? rightStride * 3 : 0);
    const r4 = right + (count > 4 ? rightStride * 4 : 0);
    // The prefix byte shifts everything by one: words straddle the two digests.
    storeWords(0, headOf(left), headOf(l1), headOf(l2), headOf(l3), headOf(l4));
    storeWords(
      16,
      v128.load(left, 15),
      v128.load(l1, 15),
      v128.load(l2, 15),
      v128.load(l3, 15),
      v128.load(l4, 15),
    );
    storeWords(
      32,
      seamOf(left, right),
      seamOf(l1, r1),
      seamOf(l2, r2),
      seamOf(l3, r3),
      seamOf(l4, r4),
    );
    storeWords(
      48,
      v128.load(right, 15),
      v128.load(r1, 15),
      v128.load(r2, 15),
      v128.load(r3, 15),
      v128.load(r4, 15),
    );
    v128.store(MESSAGE_A, i64x2(load<u8>(right, 31), load<u8>(r1, 31)), 128);
    v128.store(MESSAGE_B, i64x2(load<u8>(r2, 31), load<u8>(r3, 31)), 128);
    store<u64>(MESSAGE_S, load<u8>(r4, 31), 128);
    compress(START, 1 + 2 * DIGEST, LAST);
    storeDigests(target, count);
    target += LANES * DIGEST;
    left += LANES * leftStride;
    right += LANES * rightStride;
  }
}

/** The first 16 bytes of a node's input: 1, then the left digest. */
function headOf(left: usize): v128 {
  return i8x16.replace_lane(v128.load(left - 1), 0, 1);
}

/** Bytes 32 to 47 of a node's input: the left digest's last, then the right digest. */
function seamOf(left: usize, right: usize): v128 {
  return i8x16.replace_lane(v128.load(right - 1), 0, load<u8>(left, 31));
}
