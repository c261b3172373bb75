/**
 * One instance of the WebAssembly kernel with a memory of its own, as batches over checked regions.
 *
 * Every method works out the furthest byte it may touch and refuses to leave what was reserved, so
 * that no caller can drive the kernel out of its regions. Memory grows up to a hard maximum and
 * never shrinks: a large instance is dropped to give memory back.
 *
 * Memory map (addresses of `assembly/layout.ts`):
 *
 *     0 ──── 1024 ───── 4096 ─────── 12288 ──────── 16384 ───────────────── byteLength
 *     │ unused │ constants │ GF products │ base change, │ regions, 64-aligned,      │
 *     │        │ of BLAKE2b│ 256 x 32    │ hash blocks  │ stacked by `reserve`      │
 */
import { KERNEL_MEMORY_BYTES_MAX } from "../../limits.ts";
import { BASE_CHANGE_TABLE, SUBFIELD_PRODUCTS } from "../field.ts";
import type { KernelExports } from "./exports.ts";

const PAGE_BYTES = 65_536;
const KERNEL_PAGES_MAX = KERNEL_MEMORY_BYTES_MAX / PAGE_BYTES;
const REGION_ALIGNMENT = 64;
const DIGEST_BYTES = 32;

/** Counts, sizes and addresses are signed 32-bit numbers inside. */
const COUNT_MAX = 0x7fff_ffff;
const FIELD_ORDER = 65_536;

/** The kernel reads whole blocks of 128 bytes and masks what lies past a value. */
const READ_AHEAD_BYTES = 256;

/** The digests of all two-byte leaves. */
export const LEAF_TABLE_BYTES = 65_536 * DIGEST_BYTES;

/** What kernels of one codec compute once and share. */
export interface KeptTables {
  /** The digests of all two-byte leaves, once asked for. */
  leafTable: Uint8Array | null;
}

/** Symbols in kernel memory: (position i, lane j) is at `address + i·positionStride + j·laneStride`. */
export interface SymbolGrid {
  readonly address: number;
  readonly positionStride: number;
  readonly laneStride: number;
}

/** How many lanes, of how many bytes each, are worked on together. */
export interface LaneShape {
  readonly laneCount: number;
  readonly symbolBytes: number;
}

/** Transform positions: `width` bytes each, a multiple of 32 that holds all lanes. */
export interface Work {
  readonly address: number;
  readonly width: number;
}

/** A kernel instance. Not re-entrant: one operation at a time uses its regions. */
export class Kernel {
  readonly kept: KeptTables;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: KernelExports;
  readonly #heapBase: number;
  #top: number;
  #bytes: Uint8Array<ArrayBuffer>;

  /**
   * @param module The built kernel.
   * @param kept Shared with other kernels.
   */
  constructor(module: WebAssembly.Module, kept: KeptTables = { leafTable: null }) {
    this.kept = kept;
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: KERNEL_PAGES_MAX });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as KernelExports;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    const tables = this.#exports.tablesBase();
    this.#bytes.set(SUBFIELD_PRODUCTS, tables);
    this.#bytes.set(BASE_CHANGE_TABLE, tables + SUBFIELD_PRODUCTS.length);
    this.#heapBase = this.#exports.heapBase();
    this.#top = this.#heapBase;
  }

  /** Bytes this instance occupies now. */
  get memoryBytes(): number {
    return this.#bytes.length;
  }

  /** Marks the regions reserved so far, for `releaseTo`. */
  mark(): number {
    return this.#top;
  }

  /** Frees every region reserved since `mark`. */
  releaseTo(mark: number): void {
    if (mark < this.#heapBase || mark > this.#top) {
      throw new RangeError(`Cannot release: expected a mark of this kernel, got ${mark}`);
    }
    this.#top = mark;
  }

  /**
   * Reserves a 64-aligned region of undefined content.
   *
   * @returns Its address.
   * @throws {RangeError} When the memory's maximum would be exceeded.
   */
  reserve(byteCount: number): number {
    assertCounts(byteCount);
    const address = Math.ceil(this.#top / REGION_ALIGNMENT) * REGION_ALIGNMENT;
    const top = address + byteCount;
    if (top + READ_AHEAD_BYTES > this.#bytes.length) {
      const pages = Math.ceil((top + READ_AHEAD_BYTES) / PAGE_BYTES);
      if (pages > KERNEL_PAGES_MAX) {
        throw new RangeError(
          `Cannot reserve memory: expected at most ${KERNEL_PAGES_MAX} pages, got ${pages}`,
        );
      }
      this.#memory.grow(pages - this.#bytes.length / PAGE_BYTES);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#top = top;
    return address;
  }

  /** Reserves a region and copies `bytes` there. */
  place(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.#bytes.set(bytes, address);
    return address;
  }

  /** Copies `bytes` into reserved memory. */
  write(address: number, bytes: Uint8Array): void {
    this.#check(address, bytes.length);
    this.#bytes.set(bytes, address);
  }

  /** Zeroes reserved memory. */
  clear(address: number, byteCount: number): void {
    this.#check(address, byteCount);
    this.#bytes.fill(0, address, address + byteCount);
  }

  /** Moves bytes within reserved memory. */
  move(target: number, source: number, byteCount: number): void {
    this.#check(target, byteCount);
    this.#check(source, byteCount);
    this.#bytes.copyWithin(target, source, source + byteCount);
  }

  /** A copy of reserved memory. */
  read(address: number, byteCount: number): Uint8Array<ArrayBuffer> {
    this.#check(address, byteCount);
    return this.#bytes.slice(address, address + byteCount);
  }

  /** The digest of `byteCount` bytes. */
  hashBytes(target: number, source: number, byteCount: number): void {
    this.#check(target, DIGEST_BYTES);
    this.#check(source, byteCount);
    this.#exports.hashBytes(target, source, byteCount);
  }

  /** H(0 ‖ value) of `count` values of `byteCount` bytes, `stride` apart. */
  hashLeaves(
    target: number,
    source: number,
    count: number,
    stride: number,
    byteCount: number,
  ): void {
    assertCounts(count, stride, byteCount);
    if (count === 0) return;
    this.#check(target, count * DIGEST_BYTES);
    this.#check(source, (count - 1) * stride + byteCount);
    this.#exports.hashLeaves(target, source, count, stride, byteCount);
  }

  /** Leaf digests of adjacent two-byte values out of a `LEAF_TABLE_BYTES` table. */
  lookupLeaves(target: number, source: number, count: number, table: number): void {
    assertCounts(count);
    this.#check(target, count * DIGEST_BYTES);
    this.#check(source, count * 2);
    this.#check(table, LEAF_TABLE_BYTES);
    this.#exports.lookupLeaves(target, source, count, table);
  }

  /** H(1 ‖ left ‖ right) of `count` pairs, operands apart by their strides; 0 repeats one. */
  hashPairs(
    target: number,
    left: number,
    right: number,
    count: number,
    leftStride: number,
    rightStride: number = leftStride,
  ): void {
    assertCounts(count, leftStride, rightStride);
    if (count === 0) return;
    this.#check(target, count * DIGEST_BYTES);
    this.#check(left, (count - 1) * leftStride + DIGEST_BYTES);
    this.#check(right, (count - 1) * rightStride + DIGEST_BYTES);
    this.#exports.hashPairs(target, left, right, count, leftStride, rightStride);
  }

  /** target ^= source over whole positions. */
  addPositions(target: Work, source: Work, count: number): void {
    assertSameWidth(target, source);
    this.#checkWork(target, count);
    this.#checkWork(source, count);
    this.#exports.addInto(target.address, source.address, count * target.width);
  }

  /** Switches positions between wire bytes and transform bytes (`assembly/field.ts`). */
  changeBase(work: Work, count: number): void {
    this.#checkWork(work, count);
    this.#exports.changeBase(work.address, count, work.width);
  }

  /** The first `count` of the `size` coefficients of a polynomial's formal derivative. */
  differentiate(work: Work, size: number, count: number): void {
    this.#checkTransform(work, size, count);
    this.#exports.differentiate(work.address, size, work.width, count);
  }

  /** Coefficients to values at points `point` …, of which `first` … `limit` - 1 are wanted. */
  forwardTransform(work: Work, size: number, point: number, limit: number, first = 0): void {
    assertCounts(first);
    assertPoint(point, size);
    this.#checkTransform(work, size, limit);
    this.#exports.forwardTransform(work.address, size, work.width, point, limit, first);
  }

  /** Values at points `point` … to coefficients; all from `limit` on are zero. */
  inverseTransform(work: Work, size: number, point: number, limit: number): void {
    assertPoint(point, size);
    this.#checkTransform(work, size, limit);
    this.#exports.inverseTransform(work.address, size, work.width, point, limit);
  }

  /** Multiplies position i by the u16 label at `factors` + 2i. */
  scalePositions(work: Work, factors: number, count: number): void {
    this.#checkWork(work, count);
    this.#check(factors, count * 2);
    this.#exports.scalePositions(work.address, factors, count, work.width);
  }

  /** One position: the sum of `count` positions, each times its u16 label at `factors`. */
  combine(target: Work, work: Work, factors: number, count: number): void {
    assertSameWidth(target, work);
    this.#checkWork(target, 1);
    this.#checkWork(work, count);
    this.#check(factors, count * 2);
    this.#exports.combine(target.address, work.address, factors, count, work.width);
  }

  /**
   * Position i of `source` times a label to a position of `work`. `places` holds for each i two
   * u16: the position, modulo the power of two `size`, and the label.
   */
  spread(work: Work, size: number, source: Work, places: number, count: number): void {
    assertSameWidth(work, source);
    this.#checkTransform(work, size, size);
    this.#checkWork(source, count);
    this.#check(places, count * 4);
    this.#exports.spread(work.address, size, work.width, source.address, places, count);
  }

  /** Symbols of `positionCount` positions into `work`. */
  gather(work: Work, source: SymbolGrid, positionCount: number, shape: LaneShape): void {
    this.#checkWork(work, positionCount);
    this.#checkShape(work, shape);
    this.#checkGrid(source, positionCount, shape);
    const { address, positionStride, laneStride } = source;
    this.#exports.gather(
      work.address,
      work.width,
      address,
      positionCount,
      positionStride,
      shape.laneCount,
      laneStride,
      shape.symbolBytes,
    );
  }

  /** `positionCount` positions of `work` out as symbols. */
  scatter(target: SymbolGrid, work: Work, positionCount: number, shape: LaneShape): void {
    this.#checkWork(work, positionCount);
    this.#checkShape(work, shape);
    this.#checkGrid(target, positionCount, shape);
    this.#exports.scatter(
      target.address,
      target.positionStride,
      target.laneStride,
      work.address,
      work.width,
      positionCount,
      shape.laneCount,
      shape.symbolBytes,
    );
  }

  /** Symbols from one grid to another. */
  copySymbols(
    target: SymbolGrid,
    source: SymbolGrid,
    positionCount: number,
    shape: LaneShape,
  ): void {
    this.#checkGrid(target, positionCount, shape);
    this.#checkGrid(source, positionCount, shape);
    this.#exports.copySymbols(
      target.address,
      target.positionStride,
      target.laneStride,
      source.address,
      source.positionStride,
      source.laneStride,
      positionCount,
      shape.laneCount,
      shape.symbolBytes,
    );
  }

  #checkTransform(work: Work, size: number, limit: number): void {
    assertCounts(size, limit);
    if (size <= 0 || (size & (size - 1)) !== 0 || limit > size) {
      throw new RangeError(`Cannot transform: expected a power of two, got ${size} to ${limit}`);
    }
    this.#checkWork(work, size);
  }

  #checkWork(work: Work, count: number): void {
    assertCounts(work.width, count);
    if (work.width <= 0 || work.width % 32 !== 0) {
      throw new RangeError(`Cannot use positions: expected a multiple of 32, got ${work.width}`);
    }
    this.#check(work.address, work.width * count);
  }

  #checkShape(work: Work, shape: LaneShape): void {
    if (shape.symbolBytes % 2 !== 0 || shape.laneCount * shape.symbolBytes > work.width) {
      throw new RangeError(
        `Cannot use lanes: expected at most ${work.width} bytes of even symbols, ` +
          `got ${shape.laneCount} of ${shape.symbolBytes}`,
      );
    }
  }

  #checkGrid(grid: SymbolGrid, positionCount: number, shape: LaneShape): void {
    assertCounts(positionCount, shape.laneCount, shape.symbolBytes);
    assertCounts(grid.positionStride, grid.laneStride);
    if (positionCount === 0 || shape.laneCount === 0) return;
    const reach =
      (positionCount - 1) * grid.positionStride +
      (shape.laneCount - 1) * grid.laneStride +
      shape.symbolBytes;
    this.#check(grid.address, reach);
  }

  #check(address: number, byteCount: number): void {
    assertCounts(address, byteCount);
    if (!(address >= this.#heapBase && address + byteCount <= this.#top)) {
      throw new RangeError(
        `Cannot touch kernel memory: expected ${this.#heapBase} to ${this.#top}, ` +
          `got ${byteCount} bytes at ${address}`,
      );
    }
  }
}

/** WebAssembly would wrap or cut anything else into some number. */
function assertCounts(...values: readonly number[]): void {
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > COUNT_MAX) {
      throw new RangeError(`Cannot call the kernel: expected a count, got ${value}`);
    }
  }
}

/** Twiddles are labels of points, and points are below the order of the field. */
function assertPoint(point: number, size: number): void {
  assertCounts(point, size);
  if (point + size > FIELD_ORDER) {
    throw new RangeError(`Cannot transform: expected points below 65536, got ${point} + ${size}`);
  }
}

function assertSameWidth(one: Work, other: Work): void {
  if (one.width !== other.width) {
    throw new RangeError(
      `Cannot use positions: expected one width, got ${one.width} and ${other.width}`,
    );
  }
}
