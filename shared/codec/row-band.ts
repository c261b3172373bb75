/**
 * A window of parity rows in kernel memory: the part of the expansion that is held at one time.
 *
 * The expansion of a blob is 4.5 times its size, and primary slivers P … n-1, its parity rows, are
 * 2 times. One pass over the columns yields every parity row; the band keeps those that fit:
 *
 *     pass over columns  ──►  parity rows of a few columns at a time
 *                                  │ rows of the band
 *                                  ▼
 *     slot 0  │ row 334: S symbols            │
 *     slot 1  │ row 335                       │     rowCountMax slots of S·B bytes
 *     …
 */
import type { Kernel, Work } from "./kernel/kernel.ts";
import type { LaneSlice } from "./reed-solomon.ts";

/** Neighbouring rows in neighbouring slots, so that each run is one batch. */
interface RowRun {
  readonly firstRow: number;
  readonly firstSlot: number;
  rowCount: number;
}

/** Rows of one blob, replaced all at once. */
export class RowBand {
  /** Most rows it can hold. */
  readonly rowCountMax: number;
  readonly #kernel: Kernel;
  readonly #rowBytes: number;
  readonly #symbolBytes: number;
  readonly #address: number;
  #slotOf = new Map<number, number>();
  #runs: readonly RowRun[] = [];

  /** @param rowCountMax Slots to reserve. */
  constructor(kernel: Kernel, rowCountMax: number, rowBytes: number, symbolBytes: number) {
    this.#kernel = kernel;
    this.rowCountMax = rowCountMax;
    this.#rowBytes = rowBytes;
    this.#symbolBytes = symbolBytes;
    this.#address = kernel.reserve(rowCountMax * rowBytes);
  }

  /** Whether `row` is held. */
  has(row: number): boolean {
    return this.#slotOf.has(row);
  }

  /** A copy of a row that is held. */
  read(row: number): Uint8Array<ArrayBuffer> {
    const slot = this.#slotOf.get(row);
    if (slot === undefined) throw new RangeError(`Cannot read row ${row}: not in the band`);
    return this.#kernel.read(this.#address + slot * this.#rowBytes, this.#rowBytes);
  }

  /** Names the rows to hold from now on; a pass over all source columns must follow. */
  assign(rows: readonly number[]): void {
    if (rows.length > this.rowCountMax) {
      throw new RangeError(
        `Cannot hold rows: expected at most ${this.rowCountMax}, got ${rows.length}`,
      );
    }
    const ascending = [...rows].sort((a, b) => a - b);
    this.#slotOf = new Map(ascending.map((row, slot) => [row, slot]));
    const runs: RowRun[] = [];
    ascending.forEach((row, slot) => {
      const last = runs.at(-1);
      if (last !== undefined && last.firstRow + last.rowCount === row) last.rowCount++;
      else runs.push({ firstRow: row, firstSlot: slot, rowCount: 1 });
    });
    this.#runs = runs;
  }

  /** Zeroes every slot. */
  clear(): void {
    this.#kernel.clear(this.#address, this.rowCountMax * this.#rowBytes);
  }

  /** Keeps its rows out of rows `firstRow` … of one slice of source columns. */
  take(work: Work, firstRow: number, count: number, slice: LaneSlice): void {
    const columnOffset = slice.firstLane * this.#symbolBytes + slice.firstByte;
    for (const run of this.#runs) {
      const from = Math.max(run.firstRow, firstRow);
      const to = Math.min(run.firstRow + run.rowCount, firstRow + count);
      if (from >= to) continue;
      const slot = run.firstSlot + (from - run.firstRow);
      this.#kernel.scatter(
        {
          address: this.#address + slot * this.#rowBytes + columnOffset,
          positionStride: this.#rowBytes,
          laneStride: this.#symbolBytes,
        },
        { address: work.address + (from - firstRow) * work.width, width: work.width },
        to - from,
        slice.shape,
      );
    }
  }
}
