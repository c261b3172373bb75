/**
 * All sliver hashes and the blob ID of a message matrix, in one pass over its columns.
 *
 * Each column is completed to n symbols in a buffer, its n leaf digests are reduced to the column's
 * root and pushed into a frontier of n row trees; neither the expansion nor the n² digests are ever
 * held. Sources: `walrus-core metadata.rs`, `lib.rs::BlobId::from_metadata`.
 */
import type { Kernel } from "./kernel/kernel.ts";
import { leafRegionBytes, reduceTree } from "./merkle.ts";
import { type ColumnBlock, endsLanes, type MessageMatrix } from "./message-matrix.ts";
import { ENCODING_TYPE_RS2 } from "./metadata-layout.ts";
import { DIGEST_BYTES } from "./parameters.ts";
import { laneSlices, sliceOf } from "./reed-solomon.ts";
import { TreeFrontier } from "./tree-frontier.ts";
import type { BlobMetadata, VerifiedMetadata } from "./types.ts";

const PAIR_BYTES = 2 * DIGEST_BYTES;
const ID_INPUT_BYTES = 1 + 8 + DIGEST_BYTES;

/** Computes the metadata of the blob that `matrix` holds. */
export function hashMatrix(matrix: MessageMatrix, unencodedBytes: number): VerifiedMetadata {
  const { kernel, parameters } = matrix;
  const { shardCount } = parameters;
  const mark = kernel.mark();
  const columnRoots = kernel.reserve(shardCount * DIGEST_BYTES);
  const frontier = new TreeFrontier(kernel, shardCount, shardCount);
  for (const block of matrix.columnBlocks) {
    hashColumns(matrix, block, (columnIndex, leaves, scratch) => {
      frontier.push(leaves);
      const root = reduceTree(kernel, leaves, shardCount, scratch);
      kernel.move(columnRoots + columnIndex * DIGEST_BYTES, root, DIGEST_BYTES);
    });
  }
  const rowRoots = kernel.read(frontier.finish(), shardCount * DIGEST_BYTES);
  const sliverHashes = pairHashes(rowRoots, kernel.read(columnRoots, shardCount * DIGEST_BYTES));
  kernel.releaseTo(mark);
  return sealMetadata(kernel, { shardCount, unencodedBytes, sliverHashes });
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

/** Calls `visit` with the n leaf digests of each column, in order; `scratch` has equal size. */
function hashColumns(
  matrix: MessageMatrix,
  block: ColumnBlock,
  visit: (columnIndex: number, leaves: number, scratch: number) => void,
): void {
  const { kernel, symbolBytes } = matrix;
  const { shardCount, primaryCount } = matrix.parameters;
  const mark = kernel.mark();
  const leaves = kernel.reserve(leafRegionBytes(shardCount));
  const scratch = kernel.reserve(leafRegionBytes(shardCount));
  const columnBytes = shardCount * symbolBytes;
  const [widest] = laneSlices(block.columnCount, symbolBytes);
  const buffer = kernel.reserve((widest?.shape.laneCount ?? 0) * columnBytes);
  matrix.expandColumns(block, (work, firstRow, count, slice) => {
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
      const column = buffer + lane * columnBytes;
      kernel.hashLeaves(leaves, column, shardCount, symbolBytes, symbolBytes);
      visit(block.firstColumn + firstLane + lane, leaves, scratch);
    }
  });
  kernel.releaseTo(mark);
}

/** Pair p: hash of row p, then of column n-1-p. */
function pairHashes(rowRoots: Uint8Array, columnRoots: Uint8Array): Uint8Array {
  const shardCount = rowRoots.length / DIGEST_BYTES;
  const hashes = new Uint8Array(shardCount * PAIR_BYTES);
  for (let pair = 0; pair < shardCount; pair++) {
    const row = pair * DIGEST_BYTES;
    const column = (shardCount - 1 - pair) * DIGEST_BYTES;
    hashes.set(rowRoots.subarray(row, row + DIGEST_BYTES), pair * PAIR_BYTES);
    hashes.set(
      columnRoots.subarray(column, column + DIGEST_BYTES),
      pair * PAIR_BYTES + DIGEST_BYTES,
    );
  }
  return hashes;
}
