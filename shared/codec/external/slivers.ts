/**
 * Slivers of a blob larger than memory, read from the blob and from its completed columns.
 *
 * Primary slivers below P are ranges of the blob, secondary slivers ranges of a group's columns. A
 * parity row lies across the groups: one range in each.
 */
import { freeBytes } from "../../bytes/arrays.ts";
import { sliverIndexOfPair } from "../mapping.ts";
import { encodingParameters, sliverBytes } from "../parameters.ts";
import type { Sliver, SliverAxis, SliverPair } from "../types.ts";
import { type ExternalPlan, groupAt, parityPartBytes } from "./plan.ts";
import { columnsSection, type ExternalPorts, parityRowsSection } from "./ports.ts";
import { exactly, transferAll } from "./transfer.ts";

/**
 * Yields the pairs in the order asked for, one at a time.
 *
 * @throws {RangeError} When a pair index is not an integer in 0 … n-1.
 * @throws {TypeError} When the plan does not keep slivers.
 */
export async function* readPairs(
  plan: ExternalPlan,
  ports: ExternalPorts,
  pairIndices: readonly number[],
): AsyncGenerator<SliverPair> {
  const { shardCount } = plan;
  if (!plan.keepsSlivers) {
    throw new TypeError("Cannot read slivers: expected a plan that keeps them, got one without");
  }
  const wrong = pairIndices.find(
    (pair) => !(Number.isInteger(pair) && pair >= 0 && pair < shardCount),
  );
  if (wrong !== undefined) {
    throw new RangeError(`Cannot read pair: expected 0 to ${shardCount - 1}, got ${wrong}`);
  }
  for (const pairIndex of pairIndices) {
    const column = sliverIndexOfPair("secondary", pairIndex, shardCount);
    yield {
      pairIndex,
      primary: sliverOf(plan, "primary", pairIndex, await readRow(plan, ports, pairIndex)),
      secondary: sliverOf(plan, "secondary", column, await readColumn(plan, ports, column)),
    };
  }
}

async function readColumn(
  plan: ExternalPlan,
  { scratch }: ExternalPorts,
  columnIndex: number,
): Promise<Uint8Array> {
  const byteCount = sliverBytes("secondary", plan.symbolBytes, plan.shardCount);
  const groupIndex = Math.floor(columnIndex / plan.columnsTogether);
  const offset = (columnIndex - groupAt(plan, groupIndex).firstColumn) * byteCount;
  return exactly(await scratch.read(columnsSection(groupIndex), offset, byteCount), byteCount);
}

async function readRow(
  plan: ExternalPlan,
  ports: ExternalPorts,
  rowIndex: number,
): Promise<Uint8Array> {
  const { primaryCount } = encodingParameters(plan.shardCount);
  return rowIndex < primaryCount
    ? readSourceRow(plan, ports, rowIndex)
    : readParityRow(plan, ports, rowIndex - primaryCount);
}

async function readSourceRow(
  plan: ExternalPlan,
  ports: ExternalPorts,
  rowIndex: number,
): Promise<Uint8Array> {
  const rowBytes = sliverBytes("primary", plan.symbolBytes, plan.shardCount);
  const start = rowIndex * rowBytes;
  const count = Math.max(0, Math.min(rowBytes, plan.unencodedBytes - start));
  const read = async () => exactly(await ports.source.read(start, count), count);
  if (count === rowBytes) return read();
  const data = new Uint8Array(rowBytes);
  if (count > 0) take(data, 0, await read());
  return data;
}

async function readParityRow(
  plan: ExternalPlan,
  { scratch }: ExternalPorts,
  parityIndex: number,
): Promise<Uint8Array> {
  const { secondaryCount } = encodingParameters(plan.shardCount);
  const row = new Uint8Array(secondaryCount * plan.symbolBytes);
  const groupCount = Math.ceil(secondaryCount / plan.columnsTogether);
  await transferAll(groupCount, async (groupIndex) => {
    const group = groupAt(plan, groupIndex);
    const byteCount = parityPartBytes(plan, group);
    const section = parityRowsSection(groupIndex);
    const part = await scratch.read(section, parityIndex * byteCount, byteCount);
    take(row, group.firstColumn * plan.symbolBytes, exactly(part, byteCount));
  });
  return row;
}

function take(target: Uint8Array, offset: number, part: Uint8Array): void {
  target.set(part, offset);
  freeBytes(part);
}

function sliverOf(
  { symbolBytes }: ExternalPlan,
  axis: SliverAxis,
  sliverIndex: number,
  data: Uint8Array,
): Sliver {
  return { axis, sliverIndex, symbolBytes, data };
}
