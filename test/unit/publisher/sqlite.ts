/** SQLite of Node behind the interface of a Durable Object's, for the tables of an upload. */
import { DatabaseSync } from "node:sqlite";
import type { Sql } from "../../../workers/publisher/upload/sql.ts";

/** An empty database in memory. */
export function sqlite(): Sql {
  const database = new DatabaseSync(":memory:");
  return {
    exec(query, ...bindings) {
      const statement = database.prepare(query);
      const values = bindings.map((value) =>
        value instanceof ArrayBuffer ? new Uint8Array(value) : value,
      );
      const rows = statement.all(...values) as Record<string, unknown>[];
      return rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            value instanceof Uint8Array ? value.slice().buffer : (value as string | number | null),
          ]),
        ),
      );
    },
  };
}
