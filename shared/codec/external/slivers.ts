/**
 * Slivers of a blob larger than memory, read from the blob and from its completed columns.
 *
 * Primary slivers below P are ranges of the blob, secondary slivers ranges of a column. A parity
 * row lies across the S columns below S: neighbouring rows of a band are read together, one range
 * a column.
 */
import { SLIVER_BAND_BYTES_MAX } from "../../limits.ts";
import { sliverIndexOfPair } from "../mapping.ts";
import { encodingParameters, sliverBytes } from "../parameters.ts";
import type { Sliver, SliverAxis, SliverPair } from "../types.ts";
import { keptColumnBytes } from "./hash-group.ts";
import { type ExternalPlan, groupAt } from "./plan.ts";
import { columnsSection, type ExternalPorts } from "./ports.ts";
import { exactly, transferAll } from "./transfer.ts";

/**
 * Yields the pairs in the order asked for, a band of bounded memory at a time.
 *
 * @throws {RangeError} When a pair index is not an integer in 0 … n-1.
 * @throws {TypeError} When the plan does not keep slivers.
 */
export async function* readPairs(
  plan: ExternalPlan,
  ports: ExternalPorts,
  pairIndices: readonly number[],
): AsyncGenerator<SliverPair> {
  const { shardCount, symbolBytes } = plan;
  if (!plan.keepsSlivers) {
    throw new TypeError("Cannot read slivers: expected a plan that keeps them, got one without");
  }
  const wrong = pairIndices.find(
    (pair) => !(Number.isInteger(pair) && pair >= 0 && pair < shardCount),
  );
  if (wrong !== undefined) {
    throw new RangeError(`Cannot read pair: expected 0 to ${shardCount - 1}, got ${wrong}`);
  }
  const pairBytes =
    sliverBytes("primary", symbolBytes, shardCount) +
    sliverBytes("secondary", symbolBytes, shardCount);
  const together = Math.max(1, Math.floor(SLIVER_BAND_BYTES_MAX / pairBytes));
  for (let start = 0; start < pairIndices.length; start += together) {
    const band = pairIndices.slice(start, start + together);
    const rows = await readRows(plan, ports, band);
    for (const pairIndex of band) {
      const column = sliverIndexOfPair("secondary", pairIndex, shardCount);
      const row = rows.get(pairIndex) ?? new Uint8Array(0);
      yield {
        pairIndex,
        primary: sliverOf(plan, "primary", pairIndex, row),
        secondary: sliverOf(plan, "secondary", column, await readColumn(plan, ports, column)),
      };
    }
  }
}

async function readColumn(
  plan: ExternalPlan,
  ports: ExternalPorts,
  columnIndex: number,
): Promise<Uint8Array> {
  const byteCount = sliverBytes("secondary", plan.symbolBytes, plan.shardCount);
  return readFromColumn(plan, ports, columnIndex, 0, byteCount);
}

async function readRows(
  plan: ExternalPlan,
  ports: ExternalPorts,
  rowIndices: readonly number[],
): Promise<Map<number, Uint8Array>> {
  const { primaryCount } = encodingParameters(plan.shardCount);
  const rows = new Map<number, Uint8Array>();
  const distinct = [...new Set(rowIndices)].sort((left, right) => left - right);
  for (const row of distinct.filter((index) => index < primaryCount)) {
    rows.set(row, await readSourceRow(plan, ports, row));
  }
  const parity = distinct.filter((index) => index >= primaryCount);
  while (parity.length > 0) {
    const [first = 0] = parity;
    const runLength = parity.findIndex((row, index) => row !== first + index);
    const run = parity.splice(0, runLength === -1 ? parity.length : runLength);
    for (const [index, data] of (await readParityRows(plan, ports, first, run.length)).entries()) {
      rows.set(first + index, data);
    }
  }
  return rows;
}

async function readSourceRow(
  plan: ExternalPlan,
  ports: ExternalPorts,
  rowIndex: number,
): Promise<Uint8Array> {
  const rowBytes = sliverBytes("primary", plan.symbolBytes, plan.shardCount);
  const start = rowIndex * rowBytes;
  const data = new Uint8Array(rowBytes);
  const count = Math.min(rowBytes, plan.unencodedBytes - start);
  if (count > 0) data.set(exactly(await ports.source.read(start, count), count));
  return data;
}

async function readParityRows(
  plan: ExternalPlan,
  ports: ExternalPorts,
  firstRow: number,
  rowCount: number,
): Promise<Uint8Array[]> {
  const { symbolBytes, shardCount } = plan;
  const { secondaryCount } = encodingParameters(shardCount);
  const rows = Array.from({ length: rowCount }, () => new Uint8Array(secondaryCount * symbolBytes));
  const readPart = async (column: number): Promise<void> => {
    const offset = firstRow * symbolBytes;
    const cells = await readFromColumn(plan, ports, column, offset, rowCount * symbolBytes);
    rows.forEach((row, index) => {
      const cell = cells.subarray(index * symbolBytes, (index + 1) * symbolBytes);
      row.set(cell, column * symbolBytes);
    });
  };
  await transferAll(secondaryCount, readPart);
  return rows;
}

async function readFromColumn(
  plan: ExternalPlan,
  { scratch }: ExternalPorts,
  columnIndex: number,
  offset: number,
  byteCount: number,
): Promise<Uint8Array> {
  const groupIndex = Math.floor(columnIndex / plan.columnsTogether);
  let start = 0;
  for (let column = groupAt(plan, groupIndex).firstColumn; column < columnIndex; column++) {
    start += keptColumnBytes(plan, column);
  }
  const section = columnsSection(groupIndex);
  return exactly(await scratch.read(section, start + offset, byteCount), byteCount);
}

function sliverOf(
  { symbolBytes }: ExternalPlan,
  axis: SliverAxis,
  sliverIndex: number,
  data: Uint8Array,
): Sliver {
  return { axis, sliverIndex, symbolBytes, data };
}
