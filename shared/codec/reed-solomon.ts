/**
 * The one-dimensional code, forwards: k source symbols to n - k parity symbols. The way back is
 * `erasure-decoder.ts`.
 *
 * Works on many code words (lanes) at once in kernel memory. High and low rate differ in where
 * source and parity symbols sit among the evaluation points. Source: `reed-solomon-simd` 3.1.0,
 * `rate/rate_default.rs`, `rate_high.rs`, `rate_low.rs`.
 */
import type { Kernel, LaneShape, SymbolGrid, Work } from "./kernel/kernel.ts";

/** Bytes of lanes worked on together: large enough to be fast, small enough for the L2 cache. */
const POSITION_BYTES_TARGET = 384;
const POSITION_ALIGNMENT = 32;
const SYMBOL_BLOCK_BYTES = 64;

/** A code with `sourceCount` source symbols and `parityCount` parity symbols. */
export interface LinearCode {
  readonly sourceCount: number;
  readonly parityCount: number;
  /** High rate: parity first, then source. Low rate: source first, then parity. */
  readonly isHighRate: boolean;
  /** Transform size: the power of two that holds the smaller kind of symbol. */
  readonly chunk: number;
}

/** A part of each symbol and a number of lanes that fit one position. */
export interface LaneSlice {
  readonly firstLane: number;
  readonly firstByte: number;
  readonly shape: LaneShape;
  readonly width: number;
}

/** The code for k source symbols among n. */
export function linearCode(sourceCount: number, symbolCount: number): LinearCode {
  const parityCount = symbolCount - sourceCount;
  const sourcePower = nextPowerOfTwo(sourceCount);
  const parityPower = nextPowerOfTwo(parityCount);
  // On a tie the crate takes the "wrong" rate, and so must we.
  const isHighRate =
    sourcePower === parityPower ? sourceCount <= parityCount : sourcePower > parityPower;
  return { sourceCount, parityCount, isHighRate, chunk: isHighRate ? parityPower : sourcePower };
}

/** Lanes that a slice holds when there are enough of them. */
export function lanesPerSlice(symbolBytes: number): number {
  return Math.max(1, Math.floor(POSITION_BYTES_TARGET / symbolBytes));
}

/** Cuts `laneCount` lanes of `symbolBytes` into slices of about `POSITION_BYTES_TARGET`. */
export function* laneSlices(laneCount: number, symbolBytes: number): Generator<LaneSlice> {
  const lanesTogether = lanesPerSlice(symbolBytes);
  const parts = Math.ceil(symbolBytes / POSITION_BYTES_TARGET);
  // Symbols may be cut only between their 64-byte blocks.
  const partBytes = Math.ceil(symbolBytes / parts / SYMBOL_BLOCK_BYTES) * SYMBOL_BLOCK_BYTES;
  for (let firstLane = 0; firstLane < laneCount; firstLane += lanesTogether) {
    const lanes = Math.min(lanesTogether, laneCount - firstLane);
    for (let firstByte = 0; firstByte < symbolBytes; firstByte += partBytes) {
      const bytes = Math.min(partBytes, symbolBytes - firstByte);
      const shape = { laneCount: lanes, symbolBytes: bytes };
      yield { firstLane, firstByte, shape, width: positionWidth(shape) };
    }
  }
}

/** The widest position of any slice: what work regions are sized by. */
export function positionWidthMax(laneCount: number, symbolBytes: number): number {
  let widest = POSITION_ALIGNMENT;
  for (const { width } of laneSlices(Math.min(laneCount, POSITION_BYTES_TARGET), symbolBytes)) {
    widest = Math.max(widest, width);
  }
  return widest;
}

/** A grid's view of one slice. */
export function sliceOf(grid: SymbolGrid, slice: LaneSlice): SymbolGrid {
  const address = grid.address + slice.firstLane * grid.laneStride + slice.firstByte;
  return { ...grid, address };
}

/** Bytes of work memory that `encodeLanes` needs. */
export function encodeWorkBytes(code: LinearCode, width: number): number {
  return 2 * code.chunk * width;
}

/** Receives `count` parity positions from parity symbol `firstParity` on, as wire bytes. */
export type ParitySink = (work: Work, firstParity: number, count: number) => void;

/** Neighbouring parity symbols. */
export interface ParityRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Computes the parity of one slice of lanes and hands it to `sink` in blocks.
 *
 * @param source Grid of the slice: position i is source symbol i.
 * @param sourceCount Source symbols that may be non-zero; the rest count as zero.
 * @param workAddress `encodeWorkBytes` of reserved memory.
 * @param wanted The parity that the sink sees.
 */
export function encodeLanes(
  kernel: Kernel,
  code: LinearCode,
  source: SymbolGrid,
  slice: LaneSlice,
  workAddress: number,
  sink: ParitySink,
  sourceCount: number = code.sourceCount,
  wanted: ParityRange = { first: 0, count: code.parityCount },
): void {
  const first: Work = { address: workAddress, width: slice.width };
  const second: Work = { address: workAddress + code.chunk * slice.width, width: slice.width };
  if (code.isHighRate) encodeHighRate(kernel, code, source, slice, first, second, sink, wanted);
  else encodeLowRate(kernel, code, source, slice, first, second, sink, sourceCount, wanted);
}

function encodeLowRate(
  kernel: Kernel,
  code: LinearCode,
  source: SymbolGrid,
  slice: LaneSlice,
  coefficients: Work,
  copy: Work,
  sink: ParitySink,
  sourceCount: number,
  wanted: ParityRange,
): void {
  const { chunk, parityCount } = code;
  const { width } = slice;
  load(kernel, coefficients, source, sourceCount, chunk, slice.shape);
  kernel.inverseTransform(coefficients, chunk, 0, sourceCount);
  for (let start = 0; start < parityCount; start += chunk) {
    const first = Math.max(0, wanted.first - start);
    const end = Math.min(chunk, parityCount - start, wanted.first + wanted.count - start);
    if (first >= end) continue;
    // The last block may use the coefficients up.
    const isLast = start + chunk >= Math.min(parityCount, wanted.first + wanted.count);
    const values = isLast ? coefficients : copy;
    if (!isLast) kernel.move(values.address, coefficients.address, chunk * width);
    kernel.forwardTransform(values, chunk, start + chunk, end, first);
    const found = { address: values.address + first * width, width };
    kernel.changeBase(found, end - first);
    sink(found, start + first, end - first);
  }
}

function encodeHighRate(
  kernel: Kernel,
  code: LinearCode,
  source: SymbolGrid,
  slice: LaneSlice,
  sum: Work,
  block: Work,
  sink: ParitySink,
  wanted: ParityRange,
): void {
  const { chunk, sourceCount } = code;
  kernel.clear(sum.address, chunk * slice.width);
  for (let start = 0; start < sourceCount; start += chunk) {
    const count = Math.min(chunk, sourceCount - start);
    const address = source.address + start * source.positionStride;
    load(kernel, block, { ...source, address }, count, chunk, slice.shape);
    kernel.inverseTransform(block, chunk, start + chunk, count);
    kernel.addPositions(sum, block, chunk);
  }
  const { first, count } = wanted;
  kernel.forwardTransform(sum, chunk, 0, first + count, first);
  const found = { address: sum.address + first * sum.width, width: sum.width };
  kernel.changeBase(found, count);
  sink(found, first, count);
}

/** Gathers `count` positions and zeroes the rest of `size`. */
function load(
  kernel: Kernel,
  work: Work,
  source: SymbolGrid,
  count: number,
  size: number,
  shape: LaneShape,
): void {
  kernel.gather(work, source, count, shape);
  kernel.changeBase(work, count);
  kernel.clear(work.address + count * work.width, (size - count) * work.width);
}

function positionWidth(shape: LaneShape): number {
  const bytes = shape.laneCount * shape.symbolBytes;
  return Math.ceil(bytes / POSITION_ALIGNMENT) * POSITION_ALIGNMENT;
}

/** The smallest power of two that is at least `count`. */
export function nextPowerOfTwo(count: number): number {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}
