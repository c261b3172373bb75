/** SQLite for tests in Node, with the surface of a Durable Object's. */
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { Sql, SqlRow } from "../../workers/publisher/sql.ts";

/** An empty database in memory. */
export function memorySql(): Sql {
  const database = new DatabaseSync(":memory:");

  function run(query: string, bindings: Parameters<Sql["exec"]>[1][]): SqlRow[] {
    if (bindings.length === 0 && /;\s*\S/.test(query)) {
      database.exec(query);
      return [];
    }
    const values = bindings.map((value) =>
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    );
    return database
      .prepare(query)
      .all(...values)
      .map(rowOf);
  }

  return {
    exec(query, ...bindings) {
      const rows = run(query, bindings);
      return Object.assign(rows, { toArray: () => rows });
    },
  };
}

/** Bytes come as a buffer of their own, as there. */
function rowOf(row: Record<string, SQLOutputValue>): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? value.slice().buffer : (value as string | number | null),
    ]),
  );
}
