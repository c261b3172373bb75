/**
 * Values of the journal as JSON text: bigints and byte arrays are tagged. Pure.
 */
import { fromBase64, toBase64 } from "../../../shared/bytes/text.ts";

/** Writes plain data, bigints and byte arrays as JSON. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field === "bigint") return { $bigint: field.toString() };
    if (field instanceof Uint8Array) return { $bytes: toBase64(field) };
    return field;
  });
}

/**
 * Reads what `toText` wrote. The caller names the type: only our own rows are read.
 *
 * @throws {SyntaxError} When the text is not JSON.
 */
export function fromText(text: string): unknown {
  return JSON.parse(text, (_key, field: unknown) => {
    if (typeof field !== "object" || field === null) return field;
    if ("$bigint" in field && typeof field.$bigint === "string") return BigInt(field.$bigint);
    if ("$bytes" in field && typeof field.$bytes === "string") return fromBase64(field.$bytes);
    return field;
  }) as unknown;
}
