/** Columns of a quilt that is at hand as a whole, for what readers take from secondary slivers. */
import { encodingParameters } from "../../shared/codec/index.ts";

/** Column `columnIndex` of a whole quilt: the bytes of that secondary sliver. */
export function quiltColumn(
  quilt: Uint8Array,
  shardCount: number,
  columnIndex: number,
): Uint8Array<ArrayBuffer> {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const symbolBytes = quilt.length / (primaryCount * secondaryCount);
  if (!Number.isInteger(symbolBytes) || columnIndex < 0 || columnIndex >= secondaryCount) {
    throw new RangeError(
      `Cannot read quilt column: expected a whole matrix and 0 to ${secondaryCount - 1}, ` +
        `got ${quilt.length} bytes and ${columnIndex}`,
    );
  }
  const column = new Uint8Array(primaryCount * symbolBytes);
  for (let row = 0; row < primaryCount; row++) {
    const start = (row * secondaryCount + columnIndex) * symbolBytes;
    column.set(quilt.subarray(start, start + symbolBytes), row * symbolBytes);
  }
  return column;
}
