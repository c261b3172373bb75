/**
 * Multiplication of vectors over GF(2^16) by one constant.
 *
 * Elements are labels: coordinates in the Cantor basis of the format. Labels below 256 are the
 * subfield GF(2^8). With b8 the element of label 256, b8 * b8 = b8 + b7, so an element kept as
 * (L, H), meaning L + H * b8 with L and H in the subfield, is multiplied by m = m0 + m1 * b8 as
 *
 *     L' = m0 * L + (m1 * b7) * H
 *     H' = m1 * L + (m0 + m1) * H
 *
 * and by a subfield constant (m1 = 0) byte by byte. A subfield product is two table lookups of 16
 * entries, which is one swizzle each. A label (hi << 8 | lo) has H = hi and L = lo + c(hi) with c
 * linear: the base change.
 *
 * A position is `width` bytes: the L bytes of its elements, then as many H bytes; `width` is a
 * multiple of 32. The twiddle of the layer with distance 2^i over the block at evaluation point p
 * is the label p >> i; `transform.ts` builds on that.
 */
import { BASE_CHANGE, PRODUCTS } from "./layout";

/** Masks the low nibble of every byte. In memory: engines build constants anew at every use. */
export const NIBBLES: usize = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f]);

/** Label of b7. */
export const B7: i32 = 128;

/** The product of two labels of the subfield. */
export function multiplySubfield(a: i32, b: i32): i32 {
  const row = PRODUCTS + ((<usize>a) << 5);
  return load<u8>(row + (b & 15)) ^ load<u8>(row + 16 + (b >> 4));
}

/** c(hi): what the base change adds to the low byte. */
export function baseChange(hi: i32): i32 {
  return load<u8>(BASE_CHANGE + (hi & 15)) ^ load<u8>(BASE_CHANGE + 16 + (hi >> 4));
}

/** Switches positions between label bytes (lo, hi) and (L, H). Its own inverse. */
export function changeBase(work: usize, count: i32, width: i32): void {
  const half = <usize>(width >> 1);
  const low = v128.load(BASE_CHANGE);
  const high = v128.load(BASE_CHANGE, 16);
  const nibble = v128.load(NIBBLES);
  for (let i = 0; i < count; i++) {
    const end = work + half;
    while (work < end) {
      const h = v128.load(work + half);
      const c = v128.xor(
        i8x16.swizzle(low, v128.and(h, nibble)),
        i8x16.swizzle(high, v128.and(i16x8.shr_u(h, 4), nibble)),
      );
      v128.store(work, v128.xor(v128.load(work), c));
      work += 16;
    }
    work = end + half;
  }
}

/** target ^= source over `byteCount` bytes, a multiple of 16. */
export function addInto(target: usize, source: usize, byteCount: usize): void {
  const end = target + byteCount;
  while (target < end) {
    v128.store(target, v128.xor(v128.load(target), v128.load(source)));
    target += 16;
    source += 16;
  }
}

/** target (+)= m * source for one position and any label m; `add` is 1 to add, 0 to replace. */
function multiplyPosition(target: usize, source: usize, width: i32, m: i32, add: i32): void {
  const half = <usize>(width >> 1);
  const m1 = m >> 8;
  const m0 = (m & 255) ^ baseChange(m1);
  const rowLL = PRODUCTS + ((<usize>m0) << 5);
  const rowHL = PRODUCTS + ((<usize>multiplySubfield(m1, B7)) << 5);
  const rowLH = PRODUCTS + ((<usize>m1) << 5);
  const rowHH = PRODUCTS + ((<usize>(m0 ^ m1)) << 5);
  const ll0 = v128.load(rowLL);
  const ll1 = v128.load(rowLL, 16);
  const hl0 = v128.load(rowHL);
  const hl1 = v128.load(rowHL, 16);
  const lh0 = v128.load(rowLH);
  const lh1 = v128.load(rowLH, 16);
  const hh0 = v128.load(rowHH);
  const hh1 = v128.load(rowHH, 16);
  const nibble = v128.load(NIBBLES);
  const keep = i64x2.splat(-(<i64>add));
  const end = source + half;
  while (source < end) {
    const l = v128.load(source);
    const h = v128.load(source + half);
    const l0 = v128.and(l, nibble);
    const l1 = v128.and(i16x8.shr_u(l, 4), nibble);
    const h0 = v128.and(h, nibble);
    const h1 = v128.and(i16x8.shr_u(h, 4), nibble);
    const low = v128.xor(
      v128.xor(i8x16.swizzle(ll0, l0), i8x16.swizzle(ll1, l1)),
      v128.xor(i8x16.swizzle(hl0, h0), i8x16.swizzle(hl1, h1)),
    );
    const high = v128.xor(
      v128.xor(i8x16.swizzle(lh0, l0), i8x16.swizzle(lh1, l1)),
      v128.xor(i8x16.swizzle(hh0, h0), i8x16.swizzle(hh1, h1)),
    );
    v128.store(target, v128.xor(low, v128.and(keep, v128.load(target))));
    v128.store(target + half, v128.xor(high, v128.and(keep, v128.load(target + half))));
    source += 16;
    target += 16;
  }
}

/** Multiplies position i by the label `factors[i]` (u16); factor 0 clears the position. */
export function scalePositions(work: usize, factors: usize, count: i32, width: i32): void {
  for (let i = 0; i < count; i++) {
    const factor = <i32>load<u16>(factors + ((<usize>i) << 1));
    if (factor === 0) memory.fill(work, 0, width);
    else multiplyPosition(work, work, width, factor, 0);
    work += width;
  }
}

/** target = the sum of `count` positions, each times its label in `factors` (u16). */
export function combine(target: usize, work: usize, factors: usize, count: i32, width: i32): void {
  memory.fill(target, 0, width);
  for (let i = 0; i < count; i++) {
    multiplyPosition(target, work, width, <i32>load<u16>(factors + ((<usize>i) << 1)), 1);
    work += width;
  }
}

/**
 * Position i of `source` times a label to a position of `work`: `places` holds the position, taken
 * modulo `size` (a power of two), and the label, both u16.
 */
export function spread(
  work: usize,
  size: i32,
  width: i32,
  source: usize,
  places: usize,
  count: i32,
): void {
  for (let i = 0; i < count; i++) {
    const place = <usize>load<u16>(places) & <usize>(size - 1);
    const factor = <i32>load<u16>(places, 2);
    multiplyPosition(work + place * <usize>width, source, width, factor, 0);
    source += width;
    places += 4;
  }
}

/**
 * The first `count` coefficients of the formal derivative of a polynomial of `size` coefficients in
 * the transform's basis, in place: c'(i) = c(i) + Σ c(i + 2^b) over the zero bits b of i. Sources
 * lie after their target, so ascending order reads them unchanged.
 */
export function differentiate(work: usize, size: i32, width: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    const end = work + <usize>width;
    for (; work < end; work += 32) {
      let first = v128.load(work);
      let second = v128.load(work, 16);
      for (let bit = 1; bit < size; bit <<= 1) {
        if ((i & bit) !== 0) continue;
        const other = work + <usize>bit * <usize>width;
        first = v128.xor(first, v128.load(other));
        second = v128.xor(second, v128.load(other, 16));
      }
      v128.store(work, first);
      v128.store(work, second, 16);
    }
  }
}
