/**
 * Encoding one blob: metadata at once, slivers on demand in bands of bounded memory.
 *
 * Rows below P and all columns are copied from the matrix. Parity rows come out of a band: the pass
 * over the columns that computes the metadata fills it with the first of them, so a blob whose
 * parity rows all fit needs no other pass; a larger one gets one more pass for each further band.
 * Handed-out slivers are copies, because the kernel memory may grow.
 */
import { SLIVER_BAND_BYTES_MAX } from "../limits.ts";
import { hashMatrix } from "./blob-hasher.ts";
import { sliverIndexOfPair } from "./mapping.ts";
import type { MessageMatrix } from "./message-matrix.ts";
import { RowBand } from "./row-band.ts";
import type {
  EncodedBlob,
  EncodingParameters,
  Sliver,
  SliverAxis,
  SliverPair,
  VerifiedMetadata,
} from "./types.ts";

/** Encodes the blob that `matrix` holds, whose kernel the result owns from then on. */
export function encodeMatrix(matrix: MessageMatrix): EncodedBlob {
  const { kernel, rowBytes, symbolBytes } = matrix;
  const { shardCount, primaryCount } = matrix.parameters;
  const parityCount = shardCount - primaryCount;
  const fitting = Math.max(1, Math.floor(SLIVER_BAND_BYTES_MAX / rowBytes));
  // Bands of equal size: as many passes as necessary, each with as little memory as possible.
  const bandCount = Math.ceil(parityCount / fitting);
  const rowCount = Math.ceil(parityCount / bandCount);
  const band = new RowBand(kernel, rowCount, rowBytes, symbolBytes);
  band.assign(Array.from({ length: rowCount }, (_, index) => primaryCount + index));
  // Zero columns are not expanded, so nothing would be written for them.
  if (matrix.dataColumnCount < matrix.parameters.secondaryCount) band.clear();
  const metadata = hashMatrix(matrix, (...parityRows) => band.take(...parityRows));
  return new MatrixBlob(matrix, band, metadata);
}

class MatrixBlob implements EncodedBlob {
  readonly metadata: VerifiedMetadata;
  readonly parameters: EncodingParameters;
  readonly symbolBytes: number;
  /** Both hold the kernel; whoever keeps a released blob keeps no memory of it. */
  #held: { readonly matrix: MessageMatrix; readonly band: RowBand } | null;

  constructor(matrix: MessageMatrix, band: RowBand, metadata: VerifiedMetadata) {
    this.#held = { matrix, band };
    this.metadata = metadata;
    this.parameters = matrix.parameters;
    this.symbolBytes = matrix.symbolBytes;
  }

  sliver(axis: SliverAxis, sliverIndex: number): Sliver {
    assertIndex(sliverIndex, this.parameters.shardCount);
    return axis === "secondary" ? this.#column(sliverIndex) : this.#row(sliverIndex, []);
  }

  *slivers(pairIndices: readonly number[]): Generator<SliverPair> {
    const { shardCount } = this.parameters;
    for (const pairIndex of pairIndices) assertIndex(pairIndex, shardCount);
    for (const [index, pairIndex] of pairIndices.entries()) {
      yield {
        pairIndex,
        primary: this.#row(pairIndex, pairIndices, index + 1),
        secondary: this.#column(sliverIndexOfPair("secondary", pairIndex, shardCount)),
      };
    }
  }

  get memoryBytes(): number {
    return this.#held?.matrix.kernel.memoryBytes ?? 0;
  }

  release(): void {
    this.#held = null;
  }

  #column(columnIndex: number): Sliver {
    return this.#sliver("secondary", columnIndex, this.#open().matrix.readColumn(columnIndex));
  }

  /** A row; when it needs another band, `upcoming` rows from `from` on fill the rest of it. */
  #row(rowIndex: number, upcoming: readonly number[], from = 0): Sliver {
    const { matrix, band } = this.#open();
    const { primaryCount } = this.parameters;
    if (rowIndex < primaryCount) {
      return this.#sliver("primary", rowIndex, matrix.readRow(rowIndex));
    }
    if (!band.has(rowIndex)) {
      const rows = new Set([rowIndex]);
      for (let index = from; index < upcoming.length && rows.size < band.rowCountMax; index++) {
        const row = upcoming[index];
        if (row !== undefined && row >= primaryCount) rows.add(row);
      }
      fillBand(matrix, band, [...rows]);
    }
    return this.#sliver("primary", rowIndex, band.read(rowIndex));
  }

  #sliver(axis: SliverAxis, sliverIndex: number, data: Uint8Array): Sliver {
    return { axis, sliverIndex, symbolBytes: this.symbolBytes, data };
  }

  #open(): { readonly matrix: MessageMatrix; readonly band: RowBand } {
    if (this.#held === null) {
      throw new TypeError("Cannot read sliver: expected an encoded blob, got a released one");
    }
    return this.#held;
  }
}

/** One pass over the source columns for parity rows that are not in the band. */
function fillBand(matrix: MessageMatrix, band: RowBand, rows: readonly number[]): void {
  band.assign(rows);
  const firstRow = rows.reduce((least, row) => Math.min(least, row));
  const lastRow = rows.reduce((most, row) => Math.max(most, row));
  matrix.expandColumns(
    matrix.sourceColumns,
    (work, first, count, slice) => band.take(work, first, count, slice),
    { firstRow, rowCount: lastRow - firstRow + 1 },
  );
}

function assertIndex(index: number, shardCount: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= shardCount) {
    throw new RangeError(`Cannot read sliver: expected 0 to ${shardCount - 1}, got ${index}`);
  }
}
