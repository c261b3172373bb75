/**
 * A blob as the P x S message matrix in kernel memory, with the parity of its rows.
 *
 *                S source columns        f parity columns
 *              ┌──────────────────────┬───────────────┐
 *     P source │ matrix: the blob,    │ row parity,   │   kept: 1.5 x blob, or less where
 *     rows     │ zero-padded          │ or a part     │   parity columns are had in parts
 *              ├──────────────────────┴───────────────┤
 *    2f parity │ computed by column passes,           │   never kept as a whole
 *     rows     │ handed to a sink                     │
 *              └──────────────────────────────────────┘
 *
 * Rows expand with the secondary code (S to n), columns with the primary code (P to n); both are
 * linear, so the order does not matter. Source: `walrus-core encoding/blob_encoding.rs`.
 */
import type { Kernel, SymbolGrid, Work } from "./kernel/kernel.ts";
import {
  encodeLanes,
  encodeWorkBytes,
  laneSlices,
  type LaneSlice,
  linearCode,
  type LinearCode,
  positionWidthMax,
  sliceOf,
} from "./reed-solomon.ts";
import type { EncodingParameters } from "./types.ts";

/** Receives parity rows `firstRow` … of one slice of columns, as wire bytes. */
export type ColumnSink = (work: Work, firstRow: number, count: number, slice: LaneSlice) => void;

/** Neighbouring rows of the expanded matrix. */
export interface RowWindow {
  readonly firstRow: number;
  readonly rowCount: number;
}

/** Columns on one side of the matrix: position i is row i, lane j is column `firstColumn` + j. */
export interface ColumnBlock {
  readonly firstColumn: number;
  readonly columnCount: number;
  readonly grid: SymbolGrid;
}

/** The matrix of one blob. Owns no memory: its regions are those of the kernel it was given. */
export class MessageMatrix {
  readonly kernel: Kernel;
  readonly parameters: EncodingParameters;
  readonly symbolBytes: number;
  /** L */
  readonly unencodedBytes: number;
  readonly #source: ColumnBlock;
  /** The parity columns that are held now. */
  #parity: ColumnBlock;
  readonly #rowCode: LinearCode;
  readonly #columnCode: LinearCode;
  readonly #dataRowCount: number;
  readonly #dataColumnCount: number;
  readonly #work: number;

  /**
   * @param blob Copied, chunk by chunk; together exactly `unencodedBytes`, at most P·S·B.
   * @param parityTogether Parity columns held at one time; all f by default. Row parity is computed
   *   anew for each part, a few hundredths of the work on metadata, and memory falls by the rest.
   */
  constructor(
    kernel: Kernel,
    blob: Iterable<Uint8Array>,
    unencodedBytes: number,
    parameters: EncodingParameters,
    symbolBytes: number,
    parityTogether: number = parameters.faultyCount,
  ) {
    const { shardCount, primaryCount, secondaryCount } = parameters;
    this.kernel = kernel;
    this.parameters = parameters;
    this.unencodedBytes = unencodedBytes;
    this.symbolBytes = symbolBytes;
    const rowBytes = secondaryCount * symbolBytes;
    const matrix = kernel.reserve(primaryCount * rowBytes);
    writeChunks(kernel, matrix, blob, unencodedBytes);
    kernel.clear(matrix + unencodedBytes, primaryCount * rowBytes - unencodedBytes);
    this.#source = {
      firstColumn: 0,
      columnCount: secondaryCount,
      grid: { address: matrix, positionStride: rowBytes, laneStride: symbolBytes },
    };
    const parityRowBytes = parityTogether * symbolBytes;
    const parity = kernel.reserve(primaryCount * parityRowBytes);
    this.#parity = {
      firstColumn: secondaryCount,
      columnCount: parityTogether,
      grid: { address: parity, positionStride: parityRowBytes, laneStride: symbolBytes },
    };
    this.#dataRowCount = Math.ceil(unencodedBytes / rowBytes);
    this.#dataColumnCount = Math.min(Math.ceil(unencodedBytes / symbolBytes), secondaryCount);
    this.#columnCode = linearCode(primaryCount, shardCount);
    this.#rowCode = linearCode(secondaryCount, shardCount);
    const width = positionWidthMax(shardCount, symbolBytes);
    const codes = [this.#rowCode, this.#columnCode];
    const workBytes = codes.map((code) => encodeWorkBytes(code, width));
    this.#work = kernel.reserve(Math.max(...workBytes));
    this.#expandRows();
  }

  /** The S source columns. */
  get sourceColumns(): ColumnBlock {
    return this.#source;
  }

  /** The f parity columns, in parts; each is valid until the next is asked for. */
  *parityColumns(): Generator<ColumnBlock> {
    const { shardCount, secondaryCount } = this.parameters;
    const together = this.#parity.columnCount;
    for (let firstColumn = secondaryCount; firstColumn < shardCount; firstColumn += together) {
      const columnCount = Math.min(together, shardCount - firstColumn);
      if (firstColumn !== this.#parity.firstColumn) {
        this.#parity = { ...this.#parity, firstColumn, columnCount };
        this.#expandRows();
      }
      yield this.#parity;
    }
  }

  /** Bytes of a primary sliver. */
  get rowBytes(): number {
    return this.#source.grid.positionStride;
  }

  /** The source rows without data: zero in every column, parity columns included. */
  get zeroRows(): { readonly from: number; readonly to: number } {
    return { from: this.#dataRowCount, to: this.parameters.primaryCount };
  }

  /**
   * Source columns that may hold data; the rest are zero, which happens only while the blob does
   * not fill one row.
   */
  get dataColumnCount(): number {
    return this.#dataColumnCount;
  }

  /** A copy of primary sliver `rowIndex` < P. */
  readRow(rowIndex: number): Uint8Array<ArrayBuffer> {
    return this.kernel.read(this.#source.grid.address + rowIndex * this.rowBytes, this.rowBytes);
  }

  /** A copy of secondary sliver `columnIndex` < n, which must be held. */
  readColumn(columnIndex: number): Uint8Array<ArrayBuffer> {
    const { kernel, symbolBytes } = this;
    const { primaryCount } = this.parameters;
    const block = columnIndex < this.#source.columnCount ? this.#source : this.#parity;
    const lane = columnIndex - block.firstColumn;
    if (lane < 0 || lane >= block.columnCount) {
      throw new RangeError(`Cannot read column ${columnIndex}: not in the part that is held`);
    }
    const address = block.grid.address + lane * symbolBytes;
    const mark = kernel.mark();
    const target = kernel.reserve(primaryCount * symbolBytes);
    kernel.copySymbols(
      { address: target, positionStride: symbolBytes, laneStride: 0 },
      { ...block.grid, address },
      primaryCount,
      { laneCount: 1, symbolBytes },
    );
    const column = kernel.read(target, primaryCount * symbolBytes);
    kernel.releaseTo(mark);
    return column;
  }

  /**
   * Expands the columns of a block, slice by slice in column order.
   *
   * @param window Parity rows that are wanted; others need not be computed. All by default.
   */
  expandColumns(block: ColumnBlock, sink: ColumnSink, window?: RowWindow): void {
    const { primaryCount } = this.parameters;
    const wanted =
      window === undefined
        ? undefined
        : { first: window.firstRow - primaryCount, count: window.rowCount };
    for (const slice of laneSlices(block.columnCount, this.symbolBytes)) {
      encodeLanes(
        this.kernel,
        this.#columnCode,
        sliceOf(block.grid, slice),
        slice,
        this.#work,
        (work, firstParity, count) => sink(work, primaryCount + firstParity, count, slice),
        this.#dataRowCount,
        wanted,
      );
    }
  }

  /** Fills the part of the row parity that is held now. */
  #expandRows(): void {
    const { kernel, symbolBytes } = this;
    const { primaryCount, secondaryCount } = this.parameters;
    const first = this.#parity.firstColumn - secondaryCount;
    const wanted = { first, count: this.#parity.columnCount };
    // Lanes are rows here, so the strides of both grids swap.
    const rows = transpose(this.#source.grid);
    const parityRows = transpose(this.#parity.grid);
    const emptyRowCount = primaryCount - this.#dataRowCount;
    const firstEmptyRow = parityRows.address + this.#dataRowCount * parityRows.laneStride;
    kernel.clear(firstEmptyRow, emptyRowCount * parityRows.laneStride);
    for (const slice of laneSlices(this.#dataRowCount, symbolBytes)) {
      encodeLanes(
        kernel,
        this.#rowCode,
        sliceOf(rows, slice),
        slice,
        this.#work,
        (work, firstParity, count) => {
          const grid = sliceOf(parityRows, slice);
          const address = grid.address + (firstParity - first) * symbolBytes;
          kernel.scatter({ ...grid, address }, work, count, slice.shape);
        },
        secondaryCount,
        wanted,
      );
    }
  }
}

/** Copies the chunks of a blob to `target`; they must add up to `byteCount`. */
function writeChunks(
  kernel: Kernel,
  target: number,
  chunks: Iterable<Uint8Array>,
  byteCount: number,
): void {
  let written = 0;
  for (const chunk of chunks) {
    if (written + chunk.length <= byteCount) kernel.write(target + written, chunk);
    written += chunk.length;
  }
  if (written !== byteCount) {
    throw new RangeError(`Cannot encode: expected ${byteCount} bytes, got ${written}`);
  }
}

/** Swaps what positions and lanes are. */
function transpose(grid: SymbolGrid): SymbolGrid {
  return {
    address: grid.address,
    positionStride: grid.laneStride,
    laneStride: grid.positionStride,
  };
}

/** Whether a slice is the last part of its lanes' symbols. */
export function endsLanes(slice: LaneSlice, symbolBytes: number): boolean {
  return slice.firstByte + slice.shape.symbolBytes === symbolBytes;
}
