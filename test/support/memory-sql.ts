/** SQLite for tests in Node, with the surface of a Durable Object's. */
import { DatabaseSync } from "node:sqlite";
import type { Sql } from "../../workers/publisher/lease-book/book.ts";

/** SQLite in memory with the surface of a Durable Object's. */
export function memorySql(): Sql {
  const database = new DatabaseSync(":memory:");
  return {
    exec(query, ...bindings) {
      if (bindings.length === 0 && /;\s*\S/.test(query)) {
        database.exec(query);
        return { toArray: () => [] };
      }
      const values = bindings.map((value) =>
        value instanceof ArrayBuffer ? new Uint8Array(value) : value,
      );
      const rows = database.prepare(query).all(...values);
      return { toArray: () => rows };
    },
  };
}
