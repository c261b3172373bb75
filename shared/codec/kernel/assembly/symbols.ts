/**
 * Symbols between their wire form and transform positions.
 *
 * The wire form of a symbol is blocks of 64 bytes, 32 low then 32 high bytes of 32 elements; a
 * shorter last block of t bytes is t/2 low then t/2 high. A position collects the low bytes of all
 * its lanes in its first half and the high bytes in its second half, without padding between
 * lanes; so two-byte symbols cost two bytes. Source: `reed-solomon-simd engine/shards.rs`.
 */

const BLOCK: i32 = 64;
const HALF: i32 = 32;

/** Copies `byteCount` bytes that may be few and must not be overrun. */
function copyBytes(target: usize, source: usize, byteCount: i32): void {
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

/** Reads one symbol of `symbolBytes` into the low and high halves of a position. */
function loadSymbol(low: usize, high: usize, source: usize, symbolBytes: i32): void {
  let rest = symbolBytes;
  while (rest >= BLOCK) {
    v128.store(low, v128.load(source));
    v128.store(low, v128.load(source, 16), 16);
    v128.store(high, v128.load(source, 32));
    v128.store(high, v128.load(source, 48), 16);
    low += HALF;
    high += HALF;
    source += BLOCK;
    rest -= BLOCK;
  }
  rest >>= 1;
  copyBytes(low, source, rest);
  copyBytes(high, source + rest, rest);
}

/** Writes one symbol of `symbolBytes` from the low and high halves of a position. */
function storeSymbol(target: usize, low: usize, high: usize, symbolBytes: i32): void {
  let rest = symbolBytes;
  while (rest >= BLOCK) {
    v128.store(target, v128.load(low));
    v128.store(target, v128.load(low, 16), 16);
    v128.store(target, v128.load(high), 32);
    v128.store(target, v128.load(high, 16), 48);
    low += HALF;
    high += HALF;
    target += BLOCK;
    rest -= BLOCK;
  }
  rest >>= 1;
  copyBytes(target, low, rest);
  copyBytes(target + rest, high, rest);
}

/** Fills positions from symbols: symbol (i, j) is at source + i * positionStride + j * laneStride. */
export function gather(
  work: usize,
  width: i32,
  source: usize,
  positionCount: i32,
  positionStride: usize,
  laneCount: i32,
  laneStride: usize,
  symbolBytes: i32,
): void {
  const half = <usize>(width >> 1);
  const elements = <usize>(symbolBytes >> 1);
  for (let i = 0; i < positionCount; i++) {
    let low = work;
    let symbol = source;
    for (let j = 0; j < laneCount; j++) {
      loadSymbol(low, low + half, symbol, symbolBytes);
      low += elements;
      symbol += laneStride;
    }
    work += width;
    source += positionStride;
  }
}

/** Writes positions out as symbols: the inverse of `gather`. */
export function scatter(
  target: usize,
  positionStride: usize,
  laneStride: usize,
  work: usize,
  width: i32,
  positionCount: i32,
  laneCount: i32,
  symbolBytes: i32,
): void {
  const half = <usize>(width >> 1);
  const elements = <usize>(symbolBytes >> 1);
  for (let i = 0; i < positionCount; i++) {
    let low = work;
    let symbol = target;
    for (let j = 0; j < laneCount; j++) {
      storeSymbol(symbol, low, low + half, symbolBytes);
      low += elements;
      symbol += laneStride;
    }
    work += width;
    target += positionStride;
  }
}

/** Copies symbols between two strided grids. */
export function copySymbols(
  target: usize,
  targetPositionStride: usize,
  targetLaneStride: usize,
  source: usize,
  sourcePositionStride: usize,
  sourceLaneStride: usize,
  positionCount: i32,
  laneCount: i32,
  symbolBytes: i32,
): void {
  for (let i = 0; i < positionCount; i++) {
    let to = target;
    let from = source;
    for (let j = 0; j < laneCount; j++) {
      if (symbolBytes >= BLOCK) memory.copy(to, from, symbolBytes);
      else copyBytes(to, from, symbolBytes);
      to += targetLaneStride;
      from += sourceLaneStride;
    }
    target += targetPositionStride;
    source += sourcePositionStride;
  }
}
