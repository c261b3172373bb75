/** The SQL storage of a Durable Object, as far as tables use it: `ctx.storage.sql` has it. */

type SqlValue = string | number | null | ArrayBuffer;

/** One row by the names of its columns. */
export type SqlRow = Record<string, unknown>;

/** Runs statements; synchronous, and in one transaction until the next `await`. */
export interface Sql {
  exec(
    query: string,
    ...bindings: SqlValue[]
  ): Iterable<SqlRow> & { readonly toArray: () => SqlRow[] };
}

/** The bytes as a buffer of exactly their length, as SQL takes them. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  const isWhole = bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
  return isWhole ? buffer : bytes.slice().buffer;
}
