/**
 * Whether a decoded blob is what its metadata commits to: the checks of a reader.
 *
 * Slivers that were fetched and verified need no second look, so the default check expands only the
 * systematic rows that were not: at 1,000 shards 334 row trees at most, not three million hashes.
 * The strict check encodes everything again; it alone proves that the whole encoding is right.
 * Sources: `walrus-core encoding/config.rs::decode_and_verify`,
 * `encoding/blob_encoding.rs::default_consistency_check`.
 */
import { remember } from "../remember.ts";
import { equalBytes, isZeroBytes } from "../bytes/arrays.ts";
import { ZERO_ROW_HASHES_KEPT_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { ConsistencyFailure, SizeFailure } from "./failure.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { LeafHasher } from "./leaf-hasher.ts";
import { leafRegionBytes, reduceTree } from "./merkle.ts";
import { sliverHash } from "./metadata-layout.ts";
import { DIGEST_BYTES, encodingParameters, symbolBytesFor } from "./parameters.ts";
import {
  encodeLanes,
  encodeWorkBytes,
  laneSlices,
  linearCode,
  positionWidthMax,
  sliceOf,
} from "./reed-solomon.ts";
import type { VerifiedMetadata } from "./types.ts";

const INNER_PREFIX = 1;

/** The hash of a row (or column) of n zero symbols of B bytes, hashed once for each (n, B). */
export class ZeroRowHashes {
  readonly #known = new Map<string, Uint8Array>();

  /** All leaves are one digest, so each level has two nodes at most: the last, and any other. */
  of(kernel: Kernel, shardCount: number, symbolBytes: number): Uint8Array {
    const key = `${shardCount}/${symbolBytes}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known.slice();
    const mark = kernel.mark();
    const zeros = kernel.reserve(symbolBytes);
    kernel.clear(zeros, symbolBytes);
    const leaf = kernel.reserve(DIGEST_BYTES);
    kernel.hashLeaves(leaf, zeros, 1, symbolBytes, symbolBytes);
    let any = kernel.read(leaf, DIGEST_BYTES);
    let last = any;
    kernel.releaseTo(mark);
    const empty = new Uint8Array(DIGEST_BYTES);
    for (let count = shardCount; count > 1; count = Math.ceil(count / 2)) {
      last = count % 2 === 0 ? hashInner(kernel, any, last) : hashInner(kernel, last, empty);
      any = hashInner(kernel, any, any);
    }
    remember(this.#known, key, last, ZERO_ROW_HASHES_KEPT_MAX);
    return last.slice();
  }
}

function hashInner(kernel: Kernel, left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const mark = kernel.mark();
  const input = kernel.reserve(1 + 2 * DIGEST_BYTES);
  kernel.write(input, Uint8Array.of(INNER_PREFIX, ...left, ...right));
  const target = kernel.reserve(DIGEST_BYTES);
  kernel.hashBytes(target, input, 1 + 2 * DIGEST_BYTES);
  const digest = kernel.read(target, DIGEST_BYTES);
  kernel.releaseTo(mark);
  return digest;
}

/** Checks that metadata has the hash of zeros for every row past the blob's end. */
export function checkPaddingRows(
  kernel: Kernel,
  zeroRows: ZeroRowHashes,
  metadata: VerifiedMetadata,
): Result<void, SizeFailure | ConsistencyFailure> {
  const rows = rowsOf(metadata);
  if (!rows.ok) return rows;
  const { contentRowCount, primaryCount, symbolBytes } = rows.value;
  if (contentRowCount === primaryCount) return ok(undefined);
  const zeroHash = zeroRows.of(kernel, metadata.shardCount, symbolBytes);
  for (let rowIndex = contentRowCount; rowIndex < primaryCount; rowIndex++) {
    if (!equalBytes(sliverHash(metadata, "primary", rowIndex), zeroHash)) {
      return err({ kind: "padding-not-zero", rowIndex });
    }
  }
  return ok(undefined);
}

/** Checks that the bytes of a verified row past the blob's end are zeros. */
export function checkRowPadding(
  data: Uint8Array,
  rowIndex: number,
  unencodedBytes: number,
): Result<void, ConsistencyFailure> {
  const content = Math.max(0, Math.min(data.length, unencodedBytes - rowIndex * data.length));
  if (isZeroBytes(data.subarray(content))) return ok(undefined);
  return err({ kind: "padding-not-zero", rowIndex });
}

/** Expands every systematic row that is not among `verifiedRows` and compares its hash. */
export function checkRows(
  kernel: Kernel,
  zeroRows: ZeroRowHashes,
  blob: Uint8Array,
  metadata: VerifiedMetadata,
  verifiedRows: ReadonlySet<number>,
): Result<void, SizeFailure | ConsistencyFailure> {
  const { unencodedBytes, shardCount } = metadata;
  if (blob.length !== unencodedBytes) {
    throw new TypeError(`Cannot check blob: expected ${unencodedBytes} bytes, got ${blob.length}`);
  }
  const shape = rowsOf(metadata);
  if (!shape.ok) return shape;
  const { contentRowCount, symbolBytes } = shape.value;
  const rows = Array.from({ length: contentRowCount }, (_, index) => index).filter(
    (rowIndex) => !verifiedRows.has(rowIndex),
  );
  const expander = new RowExpander(kernel, shardCount, symbolBytes, rows.length);
  for (let start = 0; start < rows.length; start += expander.rowsTogether) {
    const batch = rows.slice(start, start + expander.rowsTogether);
    for (const [index, root] of expander.roots(blob, batch).entries()) {
      const rowIndex = batch[index] ?? 0;
      if (!equalBytes(root, sliverHash(metadata, "primary", rowIndex))) {
        return err({ kind: "row-inconsistent", rowIndex });
      }
    }
  }
  return checkPaddingRows(kernel, zeroRows, metadata);
}

/** Roots of a few rows at a time: their symbols lie side by side as lanes of the transform. */
class RowExpander {
  readonly rowsTogether: number;
  readonly #kernel: Kernel;
  readonly #shardCount: number;
  readonly #symbolBytes: number;
  readonly #symbols: number;
  readonly #work: number;
  readonly #leaves: number;
  readonly #hasher: LeafHasher;

  constructor(kernel: Kernel, shardCount: number, symbolBytes: number, rowCount: number) {
    const [widest] = laneSlices(Math.max(1, rowCount), symbolBytes);
    this.rowsTogether = widest?.shape.laneCount ?? 1;
    this.#kernel = kernel;
    this.#shardCount = shardCount;
    this.#symbolBytes = symbolBytes;
    this.#hasher = new LeafHasher(kernel, symbolBytes, rowCount * shardCount);
    this.#symbols = kernel.reserve(this.rowsTogether * shardCount * symbolBytes);
    const code = linearCode(encodingParameters(shardCount).secondaryCount, shardCount);
    const width = positionWidthMax(this.rowsTogether, symbolBytes);
    this.#work = kernel.reserve(encodeWorkBytes(code, width));
    this.#leaves = kernel.reserve(leafRegionBytes(shardCount));
  }

  /** @param rows At most `rowsTogether`. */
  roots(blob: Uint8Array, rows: readonly number[]): Uint8Array[] {
    const expandedBytes = this.#shardCount * this.#symbolBytes;
    this.#expand(blob, rows);
    return rows.map((_, index) => {
      const symbols = this.#symbols + index * expandedBytes;
      this.#hasher.hash(this.#leaves, symbols, this.#shardCount);
      const root = reduceTree(this.#kernel, this.#leaves, this.#shardCount, this.#leaves);
      return this.#kernel.read(root, DIGEST_BYTES);
    });
  }

  #expand(blob: Uint8Array, rows: readonly number[]): void {
    const kernel = this.#kernel;
    const symbolBytes = this.#symbolBytes;
    const { secondaryCount } = encodingParameters(this.#shardCount);
    const rowBytes = secondaryCount * symbolBytes;
    const laneStride = this.#shardCount * symbolBytes;
    rows.forEach((rowIndex, index) => {
      const address = this.#symbols + index * laneStride;
      const row = blob.subarray(rowIndex * rowBytes, (rowIndex + 1) * rowBytes);
      kernel.write(address, row);
      kernel.clear(address + row.length, rowBytes - row.length);
    });
    const grid = { address: this.#symbols, positionStride: symbolBytes, laneStride };
    const code = linearCode(secondaryCount, this.#shardCount);
    for (const slice of laneSlices(rows.length, symbolBytes)) {
      const part = sliceOf(grid, slice);
      encodeLanes(kernel, code, part, slice, this.#work, (parity, first, count) => {
        const address = part.address + (secondaryCount + first) * symbolBytes;
        kernel.scatter({ ...part, address }, parity, count, slice.shape);
      });
    }
  }
}

interface Rows {
  readonly symbolBytes: number;
  readonly primaryCount: number;
  /** Rows with at least one byte of the blob. */
  readonly contentRowCount: number;
}

function rowsOf({ unencodedBytes, shardCount }: VerifiedMetadata): Result<Rows, SizeFailure> {
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const contentRowCount = Math.ceil(unencodedBytes / (secondaryCount * symbolBytes.value));
  return ok({ symbolBytes: symbolBytes.value, primaryCount, contentRowCount });
}
