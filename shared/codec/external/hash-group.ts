/**
 * Second pass: one group of columns, independent of every other.
 *
 * The group's P source symbols per column come from the blob and from the row parity; each column
 * is completed to n symbols and hashed to its root. Where slivers are wanted, its first P symbols, a
 * secondary sliver, are appended to scratch; the rest are parts of parity rows and are collected row
 * by row until the group ends. The group's leaves are reduced to one node per row, which is its
 * share of the row trees.
 */
import { TreeFrontier } from "../tree-frontier.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { leafRegionBytes, proofLength, reduceTree } from "../merkle.ts";
import { endsLanes } from "../message-matrix.ts";
import { DIGEST_BYTES, encodingParameters } from "../parameters.ts";
import {
  encodeLanes,
  encodeWorkBytes,
  type LaneSlice,
  laneSlices,
  linearCode,
  positionWidthMax,
  sliceOf,
} from "../reed-solomon.ts";
import {
  type ColumnGroup,
  columnsInWork,
  dataRowCount,
  type ExternalPlan,
  groupAt,
  parityPartBytes,
} from "./plan.ts";
import {
  columnsSection,
  digestsSection,
  type ExternalPorts,
  parityRowsSection,
  ROW_PARITY_SECTION,
} from "./ports.ts";
import { appendSection, loadBlob, loadSection, transferAll } from "./transfer.ts";

/** Does one group and appends its digests last. */
export async function hashGroup(
  kernel: Kernel,
  plan: ExternalPlan,
  ports: ExternalPorts,
  groupIndex: number,
): Promise<void> {
  const { shardCount, symbolBytes } = plan;
  const { primaryCount } = encodingParameters(shardCount);
  const group = groupAt(plan, groupIndex);
  const mark = kernel.mark();
  try {
    const source = kernel.reserve(primaryCount * group.columnCount * symbolBytes);
    await loadGroup(kernel, plan, ports, group, source);
    const digests = new GroupDigests(kernel, plan, group);
    const parity = new ParityTile(kernel, plan, group);
    const sliverBytes = primaryCount * symbolBytes;
    for (const done of completed(kernel, plan, group, source)) {
      parity.take(done);
      for (let lane = 0; lane < done.columnCount; lane++) {
        const column = done.columns + lane * shardCount * symbolBytes;
        digests.push(column);
        if (!plan.keepsSlivers) continue;
        const offset = (done.firstColumn - group.firstColumn + lane) * sliverBytes;
        const section = columnsSection(groupIndex);
        await appendSection(kernel, plan, ports, section, offset, column, sliverBytes);
      }
    }
    const rows = parityRowsSection(groupIndex);
    await appendSection(kernel, plan, ports, rows, 0, parity.address, parity.byteCount);
    const { address, byteCount } = digests.finish();
    await appendSection(kernel, plan, ports, digestsSection(groupIndex), 0, address, byteCount);
  } finally {
    kernel.releaseTo(mark);
  }
}

/**
 * The parity rows of one group side by side, where slivers are wanted: columns are completed one
 * after the other, and a primary sliver lies across them.
 */
class ParityTile {
  readonly address: number;
  readonly byteCount: number;
  readonly #kernel: Kernel;
  readonly #plan: ExternalPlan;
  readonly #group: ColumnGroup;
  readonly #rowBytes: number;

  constructor(kernel: Kernel, plan: ExternalPlan, group: ColumnGroup) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#group = group;
    this.#rowBytes = parityPartBytes(plan, group);
    const { shardCount } = plan;
    this.byteCount = (shardCount - encodingParameters(shardCount).primaryCount) * this.#rowBytes;
    this.address = kernel.reserve(this.byteCount);
  }

  /** Copies what completed columns have of the parity rows. */
  take({ columns, firstColumn, columnCount }: CompletedColumns): void {
    const { shardCount, symbolBytes } = this.#plan;
    const { primaryCount, secondaryCount } = encodingParameters(shardCount);
    const laneCount = Math.min(columnCount, secondaryCount - firstColumn);
    if (this.byteCount === 0 || laneCount <= 0) return;
    const target = {
      address: this.address + (firstColumn - this.#group.firstColumn) * symbolBytes,
      positionStride: this.#rowBytes,
      laneStride: symbolBytes,
    };
    const source = {
      address: columns + primaryCount * symbolBytes,
      positionStride: symbolBytes,
      laneStride: shardCount * symbolBytes,
    };
    const shape = { laneCount, symbolBytes };
    this.#kernel.copySymbols(target, source, shardCount - primaryCount, shape);
  }
}

/** Reads the group's part of every row with data; the other rows are zero. */
async function loadGroup(
  kernel: Kernel,
  plan: ExternalPlan,
  ports: ExternalPorts,
  { firstColumn, columnCount }: ColumnGroup,
  target: number,
): Promise<void> {
  const { shardCount, symbolBytes } = plan;
  const { primaryCount, secondaryCount, faultyCount } = encodingParameters(shardCount);
  const fromBlob = Math.max(0, Math.min(columnCount, secondaryCount - firstColumn));
  const firstParity = Math.max(0, firstColumn - secondaryCount);
  const parityBytes = (columnCount - fromBlob) * symbolBytes;
  const partBytes = columnCount * symbolBytes;
  // The last row with data may end early; those before it are read whole.
  const wholeRows = Math.max(0, dataRowCount(plan) - 1);
  kernel.clear(target + wholeRows * partBytes, (primaryCount - wholeRows) * partBytes);
  await transferAll(dataRowCount(plan), async (row) => {
    const address = target + row * partBytes;
    const start = (row * secondaryCount + firstColumn) * symbolBytes;
    await loadBlob(kernel, plan, ports, address, start, fromBlob * symbolBytes);
    const offset = (row * faultyCount + firstParity) * symbolBytes;
    const parity = address + fromBlob * symbolBytes;
    await loadSection(kernel, plan, ports, parity, ROW_PARITY_SECTION, offset, parityBytes);
  });
}

/** Columns of n adjacent symbols each, valid until the next ones are asked for. */
interface CompletedColumns extends ColumnGroup {
  /** Address of the first column. */
  readonly columns: number;
}

/** Completes the columns of a group, a few at a time, in order. */
function* completed(
  kernel: Kernel,
  plan: ExternalPlan,
  group: ColumnGroup,
  source: number,
): Generator<CompletedColumns> {
  const { shardCount, symbolBytes } = plan;
  const { primaryCount } = encodingParameters(shardCount);
  const code = linearCode(primaryCount, shardCount);
  const columnBytes = shardCount * symbolBytes;
  const together = columnsInWork(group.columnCount, symbolBytes);
  const columns = kernel.reserve(together * columnBytes);
  const width = positionWidthMax(group.columnCount, symbolBytes);
  const work = kernel.reserve(encodeWorkBytes(code, width));
  const grid = {
    address: source,
    positionStride: group.columnCount * symbolBytes,
    laneStride: symbolBytes,
  };
  const complete = (slice: LaneSlice): void => {
    const part = {
      address: columns + slice.firstByte,
      positionStride: symbolBytes,
      laneStride: columnBytes,
    };
    const given = sliceOf(grid, slice);
    kernel.copySymbols(part, given, primaryCount, slice.shape);
    const scatter: Parameters<typeof encodeLanes>[5] = (parity, first, count) => {
      const address = part.address + (primaryCount + first) * symbolBytes;
      kernel.scatter({ ...part, address }, parity, count, slice.shape);
    };
    encodeLanes(kernel, code, given, slice, work, scatter, dataRowCount(plan));
  };
  for (const slice of laneSlices(group.columnCount, symbolBytes)) {
    complete(slice);
    if (!endsLanes(slice, symbolBytes)) continue;
    const firstColumn = group.firstColumn + slice.firstLane;
    yield { columns, firstColumn, columnCount: slice.shape.laneCount };
  }
}

/** Column roots and the row subtrees over one group, growing. */
class GroupDigests {
  readonly #kernel: Kernel;
  readonly #plan: ExternalPlan;
  readonly #group: ColumnGroup;
  /** Column roots, then one node per row: what is appended. */
  readonly #result: number;
  readonly #leaves: number;
  readonly #scratch: number;
  readonly #rows: TreeFrontier;
  #pushed = 0;

  constructor(kernel: Kernel, plan: ExternalPlan, group: ColumnGroup) {
    const { shardCount } = plan;
    this.#kernel = kernel;
    this.#plan = plan;
    this.#group = group;
    this.#result = kernel.reserve((group.columnCount + shardCount) * DIGEST_BYTES);
    this.#leaves = kernel.reserve(leafRegionBytes(shardCount));
    this.#scratch = kernel.reserve(leafRegionBytes(shardCount));
    this.#rows = new TreeFrontier(kernel, shardCount, group.columnCount);
  }

  /** Hashes one completed column. */
  push(column: number): void {
    const { shardCount, symbolBytes } = this.#plan;
    this.#kernel.hashLeaves(this.#leaves, column, shardCount, symbolBytes, symbolBytes);
    this.#rows.push(this.#leaves);
    const root = reduceTree(this.#kernel, this.#leaves, shardCount, this.#scratch);
    this.#kernel.move(this.#result + this.#pushed * DIGEST_BYTES, root, DIGEST_BYTES);
    this.#pushed++;
  }

  /**
   * Where the digests lie. The last group may be narrower than the others: its nodes are carried
   * up to their level past empty siblings, as the row trees pad them.
   */
  finish(): { readonly address: number; readonly byteCount: number } {
    const { shardCount, columnsTogether } = this.#plan;
    const { columnCount } = this.#group;
    const nodeBytes = shardCount * DIGEST_BYTES;
    const nodes = this.#result + columnCount * DIGEST_BYTES;
    this.#kernel.write(nodes, this.#rows.finish());
    if (columnsTogether < shardCount) {
      this.#kernel.clear(this.#scratch, nodeBytes);
      for (let level = proofLength(columnCount); 2 ** level < columnsTogether; level++) {
        this.#kernel.hashPairs(nodes, nodes, this.#scratch, shardCount, DIGEST_BYTES);
      }
    }
    return { address: this.#result, byteCount: columnCount * DIGEST_BYTES + nodeBytes };
  }
}
