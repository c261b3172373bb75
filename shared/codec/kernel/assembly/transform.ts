/**
 * The additive Fourier transform over GF(2^16) of Lin, Chung and Han ("Novel polynomial basis and
 * its application to Reed-Solomon erasure codes", FOCS 2014), in the basis of the format.
 *
 * Positions are `width` bytes (see field.ts) side by side. A block of 2^(i+1) positions at
 * evaluation point p is two halves x and y; its layer is one butterfly with twiddle g = p >> i:
 *
 *     forward   x += g*y, y += x          then both halves on their own
 *     inverse   both halves, then         y += x, x += g*y
 *
 * Halves are contiguous, so a layer of a block is one linear loop. Where the three twiddles of two
 * layers lie in the subfield, both layers are done in one pass over four quarters (radix 4):
 *
 *     │ a │ b │ c │ d │    a,c and b,d by g0    then a,b by g1 and c,d by g2
 *
 * Blocks are done depth first: small ones stay in the first-level cache until they are finished.
 */
import { addInto, B7, baseChange, multiplySubfield, NIBBLES } from "./field";
import { PRODUCTS } from "./layout";

/** g * v for the nibble tables of a subfield constant; the compiler has no inlining at -O1. */
function tableOf(g: i32): usize {
  return PRODUCTS + ((<usize>g) << 5);
}

/** Both layers of a block of four quarters of `span` bytes, forward. */
function forwardFour(a: usize, span: usize, g0: i32, g1: i32, g2: i32): void {
  const low0 = v128.load(tableOf(g0));
  const high0 = v128.load(tableOf(g0), 16);
  const low1 = v128.load(tableOf(g1));
  const high1 = v128.load(tableOf(g1), 16);
  const low2 = v128.load(tableOf(g2));
  const high2 = v128.load(tableOf(g2), 16);
  const nibble = v128.load(NIBBLES);
  const b = span;
  const c = span * 2;
  const d = span * 3;
  const end = a + span;
  for (; a < end; a += 16) {
    let vc = v128.load(a + c);
    let vd = v128.load(a + d);
    let va = v128.xor(v128.load(a), i8x16.swizzle(low0, v128.and(vc, nibble)));
    let vb = v128.xor(v128.load(a + b), i8x16.swizzle(low0, v128.and(vd, nibble)));
    va = v128.xor(va, i8x16.swizzle(high0, v128.and(i16x8.shr_u(vc, 4), nibble)));
    vb = v128.xor(vb, i8x16.swizzle(high0, v128.and(i16x8.shr_u(vd, 4), nibble)));
    vc = v128.xor(vc, va);
    vd = v128.xor(vd, vb);
    va = v128.xor(va, i8x16.swizzle(low1, v128.and(vb, nibble)));
    vc = v128.xor(vc, i8x16.swizzle(low2, v128.and(vd, nibble)));
    va = v128.xor(va, i8x16.swizzle(high1, v128.and(i16x8.shr_u(vb, 4), nibble)));
    vc = v128.xor(vc, i8x16.swizzle(high2, v128.and(i16x8.shr_u(vd, 4), nibble)));
    v128.store(a, va);
    v128.store(a + b, v128.xor(vb, va));
    v128.store(a + c, vc);
    v128.store(a + d, v128.xor(vd, vc));
  }
}

/** Both layers of a block of four quarters of `span` bytes, inverse. */
function inverseFour(a: usize, span: usize, g0: i32, g1: i32, g2: i32): void {
  const low0 = v128.load(tableOf(g0));
  const high0 = v128.load(tableOf(g0), 16);
  const low1 = v128.load(tableOf(g1));
  const high1 = v128.load(tableOf(g1), 16);
  const low2 = v128.load(tableOf(g2));
  const high2 = v128.load(tableOf(g2), 16);
  const nibble = v128.load(NIBBLES);
  const b = span;
  const c = span * 2;
  const d = span * 3;
  const end = a + span;
  for (; a < end; a += 16) {
    let va = v128.load(a);
    let vc = v128.load(a + c);
    let vb = v128.xor(v128.load(a + b), va);
    let vd = v128.xor(v128.load(a + d), vc);
    va = v128.xor(va, i8x16.swizzle(low1, v128.and(vb, nibble)));
    vc = v128.xor(vc, i8x16.swizzle(low2, v128.and(vd, nibble)));
    va = v128.xor(va, i8x16.swizzle(high1, v128.and(i16x8.shr_u(vb, 4), nibble)));
    vc = v128.xor(vc, i8x16.swizzle(high2, v128.and(i16x8.shr_u(vd, 4), nibble)));
    vc = v128.xor(vc, va);
    vd = v128.xor(vd, vb);
    va = v128.xor(va, i8x16.swizzle(low0, v128.and(vc, nibble)));
    vb = v128.xor(vb, i8x16.swizzle(low0, v128.and(vd, nibble)));
    va = v128.xor(va, i8x16.swizzle(high0, v128.and(i16x8.shr_u(vc, 4), nibble)));
    vb = v128.xor(vb, i8x16.swizzle(high0, v128.and(i16x8.shr_u(vd, 4), nibble)));
    v128.store(a, va);
    v128.store(a + b, vb);
    v128.store(a + c, vc);
    v128.store(a + d, vd);
  }
}

/** One layer of a block of two halves of `span` bytes, forward, for a subfield twiddle. */
function forwardTwo(x: usize, span: usize, g: i32): void {
  const low = v128.load(tableOf(g));
  const high = v128.load(tableOf(g), 16);
  const nibble = v128.load(NIBBLES);
  const end = x + span;
  for (; x < end; x += 16) {
    const vy = v128.load(x + span);
    let vx = v128.xor(v128.load(x), i8x16.swizzle(low, v128.and(vy, nibble)));
    vx = v128.xor(vx, i8x16.swizzle(high, v128.and(i16x8.shr_u(vy, 4), nibble)));
    v128.store(x, vx);
    v128.store(x + span, v128.xor(vx, vy));
  }
}

/** One layer of a block of two halves of `span` bytes, inverse, for a subfield twiddle. */
function inverseTwo(x: usize, span: usize, g: i32): void {
  const low = v128.load(tableOf(g));
  const high = v128.load(tableOf(g), 16);
  const nibble = v128.load(NIBBLES);
  const end = x + span;
  for (; x < end; x += 16) {
    let vx = v128.load(x);
    const vy = v128.xor(v128.load(x + span), vx);
    vx = v128.xor(vx, i8x16.swizzle(low, v128.and(vy, nibble)));
    vx = v128.xor(vx, i8x16.swizzle(high, v128.and(i16x8.shr_u(vy, 4), nibble)));
    v128.store(x, vx);
    v128.store(x + span, vy);
  }
}

/**
 * x += g*y over `span` bytes of positions, y `span` after x, for any twiddle; with m0, m1 as in
 * field.ts. `before` and `after` are masks: all ones to add x to y before or after, else 0.
 */
function anyTwo(x: usize, span: usize, width: i32, g: i32, before: v128, after: v128): void {
  const half = <usize>(width >> 1);
  const m1 = g >> 8;
  const m0 = (g & 255) ^ baseChange(m1);
  const fromHigh = multiplySubfield(m1, B7);
  const ll0 = v128.load(tableOf(m0));
  const ll1 = v128.load(tableOf(m0), 16);
  const hl0 = v128.load(tableOf(fromHigh));
  const hl1 = v128.load(tableOf(fromHigh), 16);
  const lh0 = v128.load(tableOf(m1));
  const lh1 = v128.load(tableOf(m1), 16);
  const hh0 = v128.load(tableOf(m0 ^ m1));
  const hh1 = v128.load(tableOf(m0 ^ m1), 16);
  const nibble = v128.load(NIBBLES);
  const end = x + span;
  for (; x < end; x += half) {
    const middle = x + half;
    for (; x < middle; x += 16) {
      const h = x + half;
      let xl = v128.load(x);
      let xh = v128.load(h);
      const yl = v128.xor(v128.load(x + span), v128.and(before, xl));
      const yh = v128.xor(v128.load(h + span), v128.and(before, xh));
      let part = v128.and(yl, nibble);
      xl = v128.xor(xl, i8x16.swizzle(ll0, part));
      xh = v128.xor(xh, i8x16.swizzle(lh0, part));
      part = v128.and(i16x8.shr_u(yl, 4), nibble);
      xl = v128.xor(xl, i8x16.swizzle(ll1, part));
      xh = v128.xor(xh, i8x16.swizzle(lh1, part));
      part = v128.and(yh, nibble);
      xl = v128.xor(xl, i8x16.swizzle(hl0, part));
      xh = v128.xor(xh, i8x16.swizzle(hh0, part));
      part = v128.and(i16x8.shr_u(yh, 4), nibble);
      xl = v128.xor(xl, i8x16.swizzle(hl1, part));
      xh = v128.xor(xh, i8x16.swizzle(hh1, part));
      v128.store(x, xl);
      v128.store(h, xh);
      v128.store(x + span, v128.xor(yl, v128.and(after, xl)));
      v128.store(h + span, v128.xor(yh, v128.and(after, xh)));
    }
  }
}

/**
 * Coefficients to values: `size` positions (a power of two) at evaluation points `point` …; only
 * blocks that hold any of the values `first` … `limit` - 1 are computed.
 */
export function forwardTransform(
  work: usize,
  size: i32,
  width: i32,
  point: i32,
  limit: i32,
  first: i32,
): void {
  if (size < 2 || limit <= 0 || first >= size) return;
  const layer = 31 - clz(size);
  const g0 = point >> (layer - 1);
  if (size > 2) {
    const quarter = size >> 2;
    const g1 = point >> (layer - 2);
    const g2 = (point + quarter + quarter) >> (layer - 2);
    if (g2 < 256) {
      const span = <usize>quarter * <usize>width;
      forwardFour(work, span, g0, g1, g2);
      for (let i = 0; i < 4; i++) {
        const at = quarter * i;
        forwardTransform(
          work + <usize>i * span,
          quarter,
          width,
          point + at,
          limit - at,
          first - at,
        );
      }
      return;
    }
  }
  const half = size >> 1;
  const span = <usize>half * <usize>width;
  if (g0 === 0) addInto(work + span, work, span);
  else if (g0 < 256) forwardTwo(work, span, g0);
  else anyTwo(work, span, width, g0, i64x2.splat(0), i64x2.splat(-1));
  forwardTransform(work, half, width, point, limit, first);
  forwardTransform(work + span, half, width, point + half, limit - half, first - half);
}

/** Values to coefficients; positions from `limit` on must be zero. */
export function inverseTransform(work: usize, size: i32, width: i32, point: i32, limit: i32): void {
  if (size < 2 || limit <= 0) return;
  const layer = 31 - clz(size);
  const g0 = point >> (layer - 1);
  if (size > 2) {
    const quarter = size >> 2;
    const g1 = point >> (layer - 2);
    const g2 = (point + quarter + quarter) >> (layer - 2);
    if (g2 < 256) {
      const span = <usize>quarter * <usize>width;
      for (let i = 0; i < 4; i++) {
        const at = quarter * i;
        inverseTransform(work + <usize>i * span, quarter, width, point + at, limit - at);
      }
      inverseFour(work, span, g0, g1, g2);
      return;
    }
  }
  const half = size >> 1;
  const span = <usize>half * <usize>width;
  inverseTransform(work, half, width, point, limit);
  inverseTransform(work + span, half, width, point + half, limit - half);
  if (g0 === 0) addInto(work + span, work, span);
  else if (g0 < 256) inverseTwo(work, span, g0);
  else anyTwo(work, span, width, g0, i64x2.splat(-1), i64x2.splat(0));
}
