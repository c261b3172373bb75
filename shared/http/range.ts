/**
 * The `Range` header of RFC 9110 §14, for one range of bytes. Pure.
 *
 * What cannot be read is ignored, as the RFC wants; several ranges are answered with the whole,
 * which is legal and cannot be used to amplify.
 */

/** Bytes `start` to `end`, `end` excluded; never empty. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a `Range` header asks of a body of known length. */
export type RangeRequest =
  | { readonly kind: "whole" }
  | { readonly kind: "partial"; readonly range: ByteRange }
  | { readonly kind: "unsatisfiable" };

const ONE_RANGE = /^bytes[ \t]*=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*,?[ \t]*$/i;
const WHOLE: RangeRequest = { kind: "whole" };

/**
 * Reads `header` for a body of `totalBytes`.
 *
 * Open and suffix ranges are understood and ends past the body are clamped; a range that starts
 * past the body, and a suffix of nothing, are unsatisfiable.
 */
export function parseRange(header: string | null, totalBytes: number): RangeRequest {
  const match = header === null ? null : ONE_RANGE.exec(header.trim());
  if (match === null) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? WHOLE : suffix(Number(last), totalBytes);
  const start = Number(first);
  const end = last === "" ? totalBytes : Math.min(Number(last) + 1, totalBytes);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= totalBytes) return { kind: "unsatisfiable" };
  return { kind: "partial", range: { start, end } };
}

/** `Content-Range` of a 206. */
export function contentRange(range: ByteRange, totalBytes: number): string {
  return `bytes ${range.start}-${range.end - 1}/${totalBytes}`;
}

/** `Content-Range` of a 416. */
export function unsatisfiedRange(totalBytes: number): string {
  return `bytes */${totalBytes}`;
}

function suffix(suffixBytes: number, totalBytes: number): RangeRequest {
  if (suffixBytes === 0 || totalBytes === 0) return { kind: "unsatisfiable" };
  const start = Math.max(0, totalBytes - suffixBytes);
  return { kind: "partial", range: { start, end: totalBytes } };
}
