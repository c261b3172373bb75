/**
 * Multiplication of vectors over GF(2^16) by one constant, and the transforms built from it.
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
 * is the label p >> i.
 */
import { BASE_CHANGE, PRODUCTS } from "./layout";

/** Label of b7. */
const B7: i32 = 128;

/** The product of two labels of the subfield. */
function multiplySubfield(a: i32, b: i32): i32 {
  const row = PRODUCTS + ((<usize>a) << 5);
  return load<u8>(row + (b & 15)) ^ load<u8>(row + 16 + (b >> 4));
}

/** c(hi): what the base change adds to the low byte. */
function baseChange(hi: i32): i32 {
  return load<u8>(BASE_CHANGE + (hi & 15)) ^ load<u8>(BASE_CHANGE + 16 + (hi >> 4));
}

/** Switches positions between label bytes (lo, hi) and (L, H). Its own inverse. */
export function changeBase(work: usize, count: i32, width: i32): void {
  const half = <usize>(width >> 1);
  const low = v128.load(BASE_CHANGE);
  const high = v128.load(BASE_CHANGE, 16);
  const nibble = i8x16.splat(15);
  for (let i = 0; i < count; i++) {
    const end = work + half;
    while (work < end) {
      const h = v128.load(work + half);
      const c = v128.xor(
        i8x16.swizzle(low, v128.and(h, nibble)),
        i8x16.swizzle(high, i8x16.shr_u(h, 4)),
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

/** x ^= g * y, then y ^= x, for a subfield constant g over `byteCount` bytes. */
function forwardSubfield(x: usize, byteCount: usize, g: i32): void {
  const row = PRODUCTS + ((<usize>g) << 5);
  const low = v128.load(row);
  const high = v128.load(row, 16);
  const nibble = i8x16.splat(15);
  const end = x + byteCount;
  while (x < end) {
    const y = x + byteCount;
    const b = v128.load(y);
    const a = v128.xor(
      v128.xor(v128.load(x), i8x16.swizzle(low, v128.and(b, nibble))),
      i8x16.swizzle(high, i8x16.shr_u(b, 4)),
    );
    v128.store(x, a);
    v128.store(y, v128.xor(a, b));
    x += 16;
  }
}

/** y ^= x, then x ^= g * y, for a subfield constant g over `byteCount` bytes. */
function inverseSubfield(x: usize, byteCount: usize, g: i32): void {
  const row = PRODUCTS + ((<usize>g) << 5);
  const low = v128.load(row);
  const high = v128.load(row, 16);
  const nibble = i8x16.splat(15);
  const end = x + byteCount;
  while (x < end) {
    const y = x + byteCount;
    const a = v128.load(x);
    const b = v128.xor(v128.load(y), a);
    v128.store(y, b);
    v128.store(
      x,
      v128.xor(
        v128.xor(a, i8x16.swizzle(low, v128.and(b, nibble))),
        i8x16.swizzle(high, i8x16.shr_u(b, 4)),
      ),
    );
    x += 16;
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
  const nibble = i8x16.splat(15);
  const keep = i8x16.splat(<i8>-add);
  const end = source + half;
  while (source < end) {
    const l = v128.load(source);
    const h = v128.load(source + half);
    const l0 = v128.and(l, nibble);
    const l1 = i8x16.shr_u(l, 4);
    const h0 = v128.and(h, nibble);
    const h1 = i8x16.shr_u(h, 4);
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

/** One group of butterflies of the forward transform: `byteCount` bytes at x and after them. */
function forwardGroup(x: usize, byteCount: usize, width: i32, g: i32): void {
  if (g === 0) {
    addInto(x + byteCount, x, byteCount);
  } else if (g < 256) {
    forwardSubfield(x, byteCount, g);
  } else {
    const end = x + byteCount;
    for (let p = x; p < end; p += width) multiplyPosition(p, p + byteCount, width, g, 1);
    addInto(x + byteCount, x, byteCount);
  }
}

/** One group of butterflies of the inverse transform. */
function inverseGroup(x: usize, byteCount: usize, width: i32, g: i32): void {
  if (g === 0) {
    addInto(x + byteCount, x, byteCount);
  } else if (g < 256) {
    inverseSubfield(x, byteCount, g);
  } else {
    addInto(x + byteCount, x, byteCount);
    const end = x + byteCount;
    for (let p = x; p < end; p += width) multiplyPosition(p, p + byteCount, width, g, 1);
  }
}

/**
 * Coefficients to values: `size` positions (a power of two) at evaluation points delta …; only the
 * groups that reach the first `limit` values are computed.
 */
export function forwardTransform(work: usize, size: i32, width: i32, delta: i32, limit: i32): void {
  let layer = 31 - clz(size);
  for (let distance = size >> 1; distance > 0; distance >>= 1) {
    layer--;
    const span = <usize>distance * <usize>width;
    for (let r = 0; r < limit; r += distance << 1) {
      forwardGroup(work + <usize>r * <usize>width, span, width, (r + delta) >> layer);
    }
  }
}

/** Values to coefficients; positions from `limit` on must be zero. */
export function inverseTransform(work: usize, size: i32, width: i32, delta: i32, limit: i32): void {
  let layer = 0;
  for (let distance = 1; distance < size; distance <<= 1) {
    const span = <usize>distance * <usize>width;
    for (let r = 0; r < limit; r += distance << 1) {
      inverseGroup(work + <usize>r * <usize>width, span, width, (r + delta) >> layer);
    }
    layer++;
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

/** The formal derivative of a polynomial given by its coefficients in the transform's basis. */
export function differentiate(work: usize, size: i32, width: i32): void {
  for (let i = 1; i < size; i++) {
    const span = <usize>(i & -i) * <usize>width;
    const here = work + <usize>i * <usize>width;
    addInto(here - span, here, span);
  }
}
