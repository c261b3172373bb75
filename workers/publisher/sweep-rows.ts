/** Forgetting: rows that carry a time and are worth nothing once it has passed. */
import type { Sql } from "./sql.ts";

/**
 * Deletes the rows of `table` whose `column` (Unix milliseconds) is at most `untilMs`.
 *
 * @returns The least that is left; `null` when there is none.
 */
export function sweepRows(
  sql: Sql,
  { table, column }: { readonly table: string; readonly column: string },
  untilMs: number,
): number | null {
  sql.exec(`DELETE FROM ${table} WHERE ${column} <= ?`, untilMs);
  const [row] = sql.exec(`SELECT min(${column}) AS least FROM ${table}`).toArray();
  const least = row?.["least"];
  return typeof least === "number" ? least : null;
}
