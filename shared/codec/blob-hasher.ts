/**
 * All sliver hashes and the blob ID of a message matrix, in one pass over its columns.
 *
 * Each column is completed to n symbols in a buffer, its n leaf digests are reduced to the column's
 * root and pushed into the frontiers of the row trees; neither the expansion nor the n² digests are
 * ever held. Rows and columns without data are exploited: their trees, and the subtrees over them,
 * are constant. Sources: `walrus-core metadata.rs`, `lib.rs::BlobId::from_metadata`.
 */
import type { Kernel } from "./kernel/kernel.ts";
import { LeafHasher } from "./leaf-hasher.ts";
import { leafRegionBytes, reduceTree } from "./merkle.ts";
import {
  type ColumnBlock,
  type ColumnSink,
  endsLanes,
  type MessageMatrix,
} from "./message-matrix.ts";
import { ENCODING_TYPE_RS2 } from "./metadata-layout.ts";
import { DIGEST_BYTES } from "./parameters.ts";
import { laneSlices, sliceOf } from "./reed-solomon.ts";
import { RepeatedTree } from "./repeated-tree.ts";
import { TreeFrontier } from "./tree-frontier.ts";
import type { BlobMetadata, VerifiedMetadata } from "./types.ts";

const PAIR_BYTES = 2 * DIGEST_BYTES;
const ID_INPUT_BYTES = 1 + 8 + DIGEST_BYTES;

/**
 * Computes the metadata of the blob that `matrix` holds.
 *
 * @param keepRows Also receives the parity rows of every source column that has data.
 */
export function hashMatrix(matrix: MessageMatrix, keepRows?: ColumnSink): VerifiedMetadata {
  const { kernel, unencodedBytes } = matrix;
  const { shardCount } = matrix.parameters;
  const mark = kernel.mark();
  const { rows, columns } = hashLines(matrix, keepRows);
  const sliverHashes = new Uint8Array(shardCount * PAIR_BYTES);
  for (let pair = 0; pair < shardCount; pair++) {
    sliverHashes.set(digestAt(rows, pair), pair * PAIR_BYTES);
    const column = digestAt(columns, shardCount - 1 - pair);
    sliverHashes.set(column, pair * PAIR_BYTES + DIGEST_BYTES);
  }
  kernel.releaseTo(mark);
  return sealMetadata(kernel, { shardCount, unencodedBytes, sliverHashes });
}

/** The roots of all n rows and all n columns. */
function hashLines(
  matrix: MessageMatrix,
  keepRows?: ColumnSink,
): { rows: Uint8Array; columns: Uint8Array } {
  const { kernel, parameters, zeroRows } = matrix;
  const { shardCount, primaryCount } = parameters;
  const columnRoots = kernel.reserve(shardCount * DIGEST_BYTES);
  // Rows without data have one root, so only the first of them grows a tree.
  const sourceLanes = Math.min(zeroRows.from + 1, primaryCount);
  const sourceRows = new TreeFrontier(kernel, sourceLanes, shardCount);
  const parityRows = new TreeFrontier(kernel, shardCount - primaryCount, shardCount);
  const tree = new RepeatedTree(kernel, shardCount, zeroRows);
  const hasher = new LeafHasher(kernel, matrix.symbolBytes, shardCount * shardCount);
  const keepRoot = (columnIndex: number, root: number): void =>
    kernel.move(columnRoots + columnIndex * DIGEST_BYTES, root, DIGEST_BYTES);
  const visit = (columnIndex: number, symbols: number): void => {
    hasher.hash(tree.leaves, symbols, shardCount);
    sourceRows.push(tree.leaves);
    parityRows.push(tree.leaves + primaryCount * DIGEST_BYTES);
    keepRoot(columnIndex, tree.root());
  };
  const visitZeros = (from: number, to: number): void => {
    if (from === to) return;
    const zeros = kernel.reserve(shardCount * matrix.symbolBytes);
    kernel.clear(zeros, shardCount * matrix.symbolBytes);
    hasher.hash(tree.leaves, zeros, shardCount);
    const root = tree.root();
    for (let columnIndex = from; columnIndex < to; columnIndex++) {
      sourceRows.pushSame(tree.leaves);
      parityRows.pushSame(tree.leaves);
      keepRoot(columnIndex, root);
    }
  };
  const { dataColumnCount, sourceColumns: source } = matrix;
  completeColumns(matrix, { ...source, columnCount: dataColumnCount }, visit, keepRows);
  visitZeros(dataColumnCount, source.columnCount);
  if (dataColumnCount === 0) visitZeros(source.columnCount, shardCount);
  else for (const block of matrix.parityColumns()) completeColumns(matrix, block, visit);
  const rows = new Uint8Array(shardCount * DIGEST_BYTES);
  const sourceRoots = sourceRows.finish();
  for (let row = 0; row < primaryCount; row++) {
    rows.set(digestAt(sourceRoots, Math.min(row, sourceLanes - 1)), row * DIGEST_BYTES);
  }
  rows.set(parityRows.finish(), primaryCount * DIGEST_BYTES);
  return { rows, columns: kernel.read(columnRoots, shardCount * DIGEST_BYTES) };
}

/** Computes the root over the pairs and the blob ID that metadata commits to. */
export function sealMetadata(kernel: Kernel, metadata: BlobMetadata): VerifiedMetadata {
  const { shardCount, unencodedBytes, sliverHashes } = metadata;
  const mark = kernel.mark();
  const pairs = kernel.place(sliverHashes);
  const leaves = kernel.reserve(leafRegionBytes(shardCount));
  kernel.hashLeaves(leaves, pairs, shardCount, PAIR_BYTES, PAIR_BYTES);
  const rootHash = kernel.read(reduceTree(kernel, leaves, shardCount, leaves), DIGEST_BYTES);
  const input = new Uint8Array(ID_INPUT_BYTES);
  const view = new DataView(input.buffer);
  view.setUint8(0, ENCODING_TYPE_RS2);
  view.setBigUint64(1, BigInt(unencodedBytes), true);
  input.set(rootHash, 1 + 8);
  kernel.hashBytes(leaves, kernel.place(input), ID_INPUT_BYTES);
  const blobId = kernel.read(leaves, DIGEST_BYTES);
  kernel.releaseTo(mark);
  return { shardCount, unencodedBytes, sliverHashes, blobId, rootHash };
}

/** Calls `visit` with the n adjacent symbols of each column, in order. */
function completeColumns(
  matrix: MessageMatrix,
  block: ColumnBlock,
  visit: (columnIndex: number, symbols: number) => void,
  keepRows?: ColumnSink,
): void {
  const { kernel, symbolBytes } = matrix;
  const { shardCount, primaryCount } = matrix.parameters;
  const mark = kernel.mark();
  const columnBytes = shardCount * symbolBytes;
  const [widest] = laneSlices(block.columnCount, symbolBytes);
  const buffer = kernel.reserve((widest?.shape.laneCount ?? 0) * columnBytes);
  matrix.expandColumns(block, (work, firstRow, count, slice) => {
    keepRows?.(work, firstRow, count, slice);
    const { shape, firstLane, firstByte } = slice;
    const columns = {
      address: buffer + firstByte,
      positionStride: symbolBytes,
      laneStride: columnBytes,
    };
    if (firstRow === primaryCount) {
      kernel.copySymbols(columns, sliceOf(block.grid, slice), primaryCount, shape);
    }
    const address = columns.address + firstRow * symbolBytes;
    kernel.scatter({ ...columns, address }, work, count, shape);
    if (firstRow + count < shardCount || !endsLanes(slice, symbolBytes)) return;
    for (let lane = 0; lane < shape.laneCount; lane++) {
      visit(block.firstColumn + firstLane + lane, buffer + lane * columnBytes);
    }
  });
  kernel.releaseTo(mark);
}

function digestAt(digests: Uint8Array, index: number): Uint8Array {
  return digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
}
