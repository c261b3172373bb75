/** The smallest symbol whose columns hold every patch (`quilt_encoding.rs::compute_symbol_size`). */
import { SYMBOL_BYTES_MAX } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import type { QuiltFailure } from "./types.ts";

/** Columns the index may take. */
export const INDEX_COLUMNS_MAX = 10;

/** version ‖ index length u32 */
export const INDEX_PREFIX_BYTES = 5;

const SYMBOL_ALIGNMENT = 2;

/**
 * B for pieces of these sizes, each starting a new column of `rowCount`·B bytes.
 *
 * @param sizes Bytes of the index with its prefix, then of each patch with its header.
 * @param columnCount S.
 * @param rowCount P.
 */
export function quiltSymbolBytes(
  sizes: readonly number[],
  columnCount: number,
  rowCount: number,
  indexColumnsMax: number = INDEX_COLUMNS_MAX,
): Result<number, QuiltFailure> {
  const [indexBytes] = sizes;
  if (indexBytes === undefined) return err({ kind: "quilt-empty" });
  if (sizes.length > columnCount) {
    return err({
      kind: "quilt-too-many-patches",
      patchCount: sizes.length - 1,
      patchCountMax: columnCount - 1,
    });
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const largest = sizes.reduce((max, size) => Math.max(max, size), 0);
  let low = Math.max(
    Math.ceil(total / (columnCount * rowCount)),
    Math.ceil(indexBytes / (rowCount * indexColumnsMax)),
    Math.ceil(INDEX_PREFIX_BYTES / rowCount),
  );
  let high = Math.ceil(largest / (Math.floor(columnCount / sizes.length) * rowCount));
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (columnsNeeded(sizes, middle * rowCount) <= columnCount) high = middle;
    else low = middle + 1;
  }
  const symbolBytes = Math.ceil(low / SYMBOL_ALIGNMENT) * SYMBOL_ALIGNMENT;
  if (symbolBytes <= SYMBOL_BYTES_MAX) return ok(symbolBytes);
  return err({ kind: "quilt-too-large", symbolBytes, symbolBytesMax: SYMBOL_BYTES_MAX });
}

function columnsNeeded(sizes: readonly number[], columnBytes: number): number {
  return sizes.reduce((sum, size) => sum + Math.ceil(size / columnBytes), 0);
}
