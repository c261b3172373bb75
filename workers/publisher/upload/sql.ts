/** The part of a Durable Object's SQL storage that an upload uses. */

/** Runs one statement; synchronous. */
export interface Sql {
  exec(
    query: string,
    ...bindings: (string | number | null | ArrayBuffer)[]
  ): Iterable<Record<string, string | number | null | ArrayBuffer>>;
}

/** The bytes as a buffer of exactly their length, as SQL takes them. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  const isWhole = bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
  return isWhole ? buffer : bytes.slice().buffer;
}
