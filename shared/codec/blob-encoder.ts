/**
 * Encoding one blob: metadata at once, slivers on demand in bands of bounded memory.
 *
 * Rows below P and all columns are copied from the matrix; parity rows of a band come out of one
 * pass over the source columns. Handed-out slivers are copies: the kernel memory may grow.
 */
import { SLIVER_BAND_BYTES_MAX } from "../limits.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { hashMatrix } from "./blob-hasher.ts";
import { sliverIndexOfPair } from "./mapping.ts";
import { MessageMatrix } from "./message-matrix.ts";
import { encodingParameters } from "./parameters.ts";
import type {
  EncodedBlob,
  EncodingParameters,
  Sliver,
  SliverAxis,
  SliverPair,
  VerifiedMetadata,
} from "./types.ts";

/**
 * Encodes `blob` in `kernel`, which the result owns from then on.
 *
 * @param symbolBytes B for this length and shard count.
 */
export function encodeBlob(
  kernel: Kernel,
  blob: Uint8Array,
  shardCount: number,
  symbolBytes: number,
): EncodedBlob {
  const matrix = new MessageMatrix(kernel, blob, encodingParameters(shardCount), symbolBytes);
  return new MatrixBlob(matrix, hashMatrix(matrix, blob.length));
}

class MatrixBlob implements EncodedBlob {
  readonly metadata: VerifiedMetadata;
  readonly parameters: EncodingParameters;
  readonly symbolBytes: number;
  #matrix: MessageMatrix | null;

  constructor(matrix: MessageMatrix, metadata: VerifiedMetadata) {
    this.#matrix = matrix;
    this.metadata = metadata;
    this.parameters = matrix.parameters;
    this.symbolBytes = matrix.symbolBytes;
  }

  sliver(axis: SliverAxis, sliverIndex: number): Sliver {
    assertIndex(sliverIndex, this.parameters.shardCount);
    const matrix = this.#open();
    if (axis === "secondary")
      return this.#sliver(axis, sliverIndex, matrix.readColumn(sliverIndex));
    const [row] = readRows(matrix, [sliverIndex]);
    return this.#sliver(axis, sliverIndex, row ?? new Uint8Array(0));
  }

  *slivers(pairIndices: readonly number[]): Generator<SliverPair> {
    const { shardCount, primaryCount, secondaryCount } = this.parameters;
    for (const pairIndex of pairIndices) assertIndex(pairIndex, shardCount);
    const pairBytes = (primaryCount + secondaryCount) * this.symbolBytes;
    const pairsTogether = Math.max(1, Math.floor(SLIVER_BAND_BYTES_MAX / pairBytes));
    for (let start = 0; start < pairIndices.length; start += pairsTogether) {
      yield* this.#band(pairIndices.slice(start, start + pairsTogether));
    }
  }

  release(): void {
    this.#matrix = null;
  }

  #band(pairIndices: readonly number[]): SliverPair[] {
    const matrix = this.#open();
    const rows = readRows(matrix, pairIndices);
    return pairIndices.map((pairIndex, index) => {
      const column = sliverIndexOfPair("secondary", pairIndex, this.parameters.shardCount);
      return {
        pairIndex,
        primary: this.#sliver("primary", pairIndex, rows[index] ?? new Uint8Array(0)),
        secondary: this.#sliver("secondary", column, matrix.readColumn(column)),
      };
    });
  }

  #sliver(axis: SliverAxis, sliverIndex: number, data: Uint8Array): Sliver {
    return { axis, sliverIndex, symbolBytes: this.symbolBytes, data };
  }

  #open(): MessageMatrix {
    if (this.#matrix === null) {
      throw new TypeError("Cannot read sliver: expected an encoded blob, got a released one");
    }
    return this.#matrix;
  }
}

/** Primary slivers in the order asked for, with at most one pass over the matrix. */
function readRows(matrix: MessageMatrix, rowIndices: readonly number[]): Uint8Array[] {
  const { kernel, rowBytes } = matrix;
  const { primaryCount } = matrix.parameters;
  const parityRows = [...new Set(rowIndices.filter((row) => row >= primaryCount))].sort(
    (a, b) => a - b,
  );
  const mark = kernel.mark();
  const band = kernel.reserve(parityRows.length * rowBytes);
  if (parityRows.length > 0) expandRowBand(matrix, parityRows, band);
  const slotOf = new Map(parityRows.map((row, slot) => [row, slot]));
  const rows = rowIndices.map((row) => {
    const slot = slotOf.get(row);
    return slot === undefined ? matrix.readRow(row) : kernel.read(band + slot * rowBytes, rowBytes);
  });
  kernel.releaseTo(mark);
  return rows;
}

/** Computes the parity rows of a band (ascending) side by side into `band`. */
function expandRowBand(matrix: MessageMatrix, parityRows: readonly number[], band: number): void {
  const { kernel, rowBytes, symbolBytes } = matrix;
  const [source] = matrix.columnBlocks;
  const runs = consecutiveRuns(parityRows);
  matrix.expandColumns(source, (work, firstRow, count, slice) => {
    const columnOffset = slice.firstLane * symbolBytes + slice.firstByte;
    for (const run of runs) {
      const from = Math.max(run.firstRow, firstRow);
      const to = Math.min(run.firstRow + run.rowCount, firstRow + count);
      if (from >= to) continue;
      const slot = run.firstSlot + (from - run.firstRow);
      kernel.scatter(
        {
          address: band + slot * rowBytes + columnOffset,
          positionStride: rowBytes,
          laneStride: symbolBytes,
        },
        { address: work.address + (from - firstRow) * work.width, width: work.width },
        to - from,
        slice.shape,
      );
    }
  });
}

interface RowRun {
  readonly firstRow: number;
  readonly firstSlot: number;
  rowCount: number;
}

/** Groups ascending rows into runs of neighbours, so that each run is one batch. */
function consecutiveRuns(rows: readonly number[]): RowRun[] {
  const runs: RowRun[] = [];
  rows.forEach((row, slot) => {
    const last = runs.at(-1);
    if (last !== undefined && last.firstRow + last.rowCount === row) last.rowCount++;
    else runs.push({ firstRow: row, firstSlot: slot, rowCount: 1 });
  });
  return runs;
}

function assertIndex(index: number, shardCount: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= shardCount) {
    throw new RangeError(`Cannot read sliver: expected 0 to ${shardCount - 1}, got ${index}`);
  }
}
