/**
 * How the work on one blob is cut so that it fits a given memory, however large the blob.
 *
 * Columns are taken in groups of a power of two, so that each group is a whole subtree of every
 * row's Merkle tree. Pure arithmetic; the same arguments give the same plan.
 *
 *     group memory:   P x w symbols of the group │ n symbols of the columns in work │ trees
 *                     (n - P) x w symbols of parity rows, where slivers are wanted
 *     ingest memory:  rows of S symbols          │ their f parity symbols           │
 */
import { EXTERNAL_PIECE_BYTES_MAX, EXTERNAL_WORKING_BYTES_MAX } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import type { SizeFailure } from "../failure.ts";
import { leafRegionBytes } from "../merkle.ts";
import { DIGEST_BYTES, encodingParameters, symbolBytesFor } from "../parameters.ts";
import { encodeWorkBytes, laneSlices, linearCode, positionWidthMax } from "../reed-solomon.ts";
import { TRANSFERS_TOGETHER } from "./transfer.ts";

/** The cut. Serialisable: part of every checkpoint. */
export interface ExternalPlan {
  readonly unencodedBytes: number;
  readonly shardCount: number;
  /** B */
  readonly symbolBytes: number;
  /** Rows that are read and extended together in the first pass. */
  readonly rowsTogether: number;
  /** Columns of a group of the second pass: a power of two. */
  readonly columnsTogether: number;
  /** Most bytes of one transfer from or to a port. */
  readonly pieceBytes: number;
  /** Whether completed columns are kept, from which slivers can be read. */
  readonly keepsSlivers: boolean;
}

/** What a caller may choose. */
export interface ExternalOptions {
  /** Bytes of kernel memory and transfers together; `EXTERNAL_WORKING_BYTES_MAX` by default. */
  readonly workingBytes?: number;
  /** Whether slivers will be asked for, not metadata alone; `true` by default. */
  readonly keepsSlivers?: boolean;
}

/** Columns firstColumn … of one group. */
export interface ColumnGroup {
  readonly firstColumn: number;
  readonly columnCount: number;
}

/** Where the kernel keeps its tables; generous. */
const KERNEL_FIXED_BYTES = 128 * 1024;

/** Pieces are small beside the rest where memory is scarce. */
const PIECES_PER_WORKING_SET = 32;

/** Batches of small rows gain nothing above this. */
const INGEST_BYTES_TARGET = 4 * 1024 * 1024;

/**
 * Plans the work on a blob.
 *
 * @returns `blob-exceeds-memory` when not even one column fits `workingBytes`.
 */
export function planExternal(
  unencodedBytes: number,
  shardCount: number,
  options: ExternalOptions = {},
): Result<ExternalPlan, SizeFailure> {
  const { workingBytes = EXTERNAL_WORKING_BYTES_MAX, keepsSlivers = true } = options;
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const pieceBytes = pieceBytesWithin(workingBytes);
  const smallest: ExternalPlan = {
    unencodedBytes,
    shardCount,
    symbolBytes: symbolBytes.value,
    rowsTogether: 1,
    columnsTogether: 1,
    pieceBytes,
    keepsSlivers,
  };
  if (workingBytesOf(smallest) > workingBytes) {
    const { primaryCount, secondaryCount } = encodingParameters(shardCount);
    const symbolBytesMax = largestSymbolBytes(smallest, workingBytes);
    return err({
      kind: "blob-exceeds-memory",
      unencodedBytes,
      unencodedBytesMax: primaryCount * secondaryCount * symbolBytesMax,
    });
  }
  let plan = smallest;
  while (plan.columnsTogether < shardCount) {
    const wider = { ...plan, columnsTogether: plan.columnsTogether * 2 };
    if (workingBytesOf(wider) > workingBytes) break;
    plan = wider;
  }
  const rowBytes = shardCount * symbolBytes.value;
  const target = Math.min(INGEST_BYTES_TARGET, workingBytes / 2);
  const rowsTogether = Math.max(1, Math.min(dataRowCount(plan), Math.floor(target / rowBytes)));
  const batched = { ...plan, rowsTogether };
  return ok(workingBytesOf(batched) > workingBytes ? plan : batched);
}

/** Most bytes the work takes at any time: kernel memory and transfers. */
export function workingBytesOf(plan: ExternalPlan): number {
  const passes = Math.max(ingestBytes(plan), groupBytes(plan), combineBytes(plan));
  return KERNEL_FIXED_BYTES + TRANSFERS_TOGETHER * plan.pieceBytes + passes;
}

/** Groups of the second pass. */
export function groupCountOf(plan: ExternalPlan): number {
  return Math.ceil(plan.shardCount / plan.columnsTogether);
}

/**
 * The columns of one group; only the last may be narrower than the others.
 *
 * @throws {RangeError} When there is no such group.
 */
export function groupAt(plan: ExternalPlan, groupIndex: number): ColumnGroup {
  const groupCount = groupCountOf(plan);
  if (!Number.isInteger(groupIndex) || groupIndex < 0 || groupIndex >= groupCount) {
    throw new RangeError(`Cannot take group: expected 0 to ${groupCount - 1}, got ${groupIndex}`);
  }
  const firstColumn = groupIndex * plan.columnsTogether;
  const columnCount = Math.min(plan.columnsTogether, plan.shardCount - firstColumn);
  return { firstColumn, columnCount };
}

/** Bytes of one parity row that lie in a group; none where slivers are not wanted. */
export function parityPartBytes(plan: ExternalPlan, group: ColumnGroup): number {
  if (!plan.keepsSlivers) return 0;
  const { secondaryCount } = encodingParameters(plan.shardCount);
  const columnCount = Math.min(group.columnCount, secondaryCount - group.firstColumn);
  return Math.max(0, columnCount) * plan.symbolBytes;
}

/** Rows of the matrix that hold data; the rest is zero and never stored. */
export function dataRowCount(plan: ExternalPlan): number {
  const { secondaryCount } = encodingParameters(plan.shardCount);
  return Math.ceil(plan.unencodedBytes / (secondaryCount * plan.symbolBytes));
}

function pieceBytesWithin(workingBytes: number): number {
  const share = Math.floor(workingBytes / PIECES_PER_WORKING_SET);
  return Math.max(DIGEST_BYTES, Math.min(EXTERNAL_PIECE_BYTES_MAX, share));
}

function ingestBytes({ shardCount, symbolBytes, rowsTogether }: ExternalPlan): number {
  const code = linearCode(encodingParameters(shardCount).secondaryCount, shardCount);
  const work = encodeWorkBytes(code, positionWidthMax(rowsTogether, symbolBytes));
  return rowsTogether * shardCount * symbolBytes + work;
}

function groupBytes(plan: ExternalPlan): number {
  const { shardCount, symbolBytes, columnsTogether, keepsSlivers } = plan;
  const { primaryCount } = encodingParameters(shardCount);
  const work = encodeWorkBytes(
    linearCode(primaryCount, shardCount),
    positionWidthMax(columnsTogether, symbolBytes),
  );
  const keptRows = keepsSlivers ? shardCount : primaryCount;
  const symbols =
    keptRows * columnsTogether + columnsInWork(columnsTogether, symbolBytes) * shardCount;
  return symbols * symbolBytes + work + treeBytes(columnsTogether, shardCount);
}

function combineBytes(plan: ExternalPlan): number {
  // Hashes of all slivers twice (array and kernel), the tree over them and one group's digests.
  const seal = 8 * leafRegionBytes(plan.shardCount);
  return treeBytes(groupCountOf(plan), plan.shardCount) + seal;
}

/** A frontier over `leafCount` leaves for every row, and two trees over n leaves. */
function treeBytes(leafCount: number, shardCount: number): number {
  const levels = Math.ceil(Math.log2(leafCount)) + 4;
  return levels * shardCount * DIGEST_BYTES + 2 * leafRegionBytes(shardCount);
}

/** Columns that are completed side by side: as many as fit one position of the transform. */
export function columnsInWork(columnCount: number, symbolBytes: number): number {
  const [widest] = laneSlices(columnCount, symbolBytes);
  return widest?.shape.laneCount ?? 1;
}

/** The largest even B whose narrowest plan fits: by bisection, as the need only grows with B. */
function largestSymbolBytes(smallest: ExternalPlan, workingBytes: number): number {
  const { primaryCount, secondaryCount } = encodingParameters(smallest.shardCount);
  let [fits, exceeds] = [0, smallest.symbolBytes / 2];
  while (exceeds - fits > 1) {
    const half = Math.floor((fits + exceeds) / 2);
    const symbolBytes = half * 2;
    const unencodedBytes = primaryCount * secondaryCount * symbolBytes;
    const plan = { ...smallest, symbolBytes, unencodedBytes };
    if (workingBytesOf(plan) <= workingBytes) fits = half;
    else exceeds = half;
  }
  return fits * 2;
}
