/** Columns a window at a time: more than the slots of one invocation are never asked for at once. */
import { PATCH_COLUMNS_WINDOW } from "../../shared/limits.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { ColumnSpan } from "./fill/fill.ts";

/** Reads the columns of `span` in order, up to the first failure. */
export async function readWindows<T, F>(
  { startIndex, endIndex }: ColumnSpan,
  read: (columnIndex: number) => Promise<Result<T, F>>,
): Promise<Result<readonly T[], F>> {
  const columns: T[] = [];
  for (let index = startIndex; index < endIndex; index += PATCH_COLUMNS_WINDOW) {
    const count = Math.min(PATCH_COLUMNS_WINDOW, endIndex - index);
    const window = Array.from({ length: count }, (_, offset) => read(index + offset));
    for (const column of await Promise.all(window)) {
      if (!column.ok) return column;
      columns.push(column.value);
    }
  }
  return ok(columns);
}
