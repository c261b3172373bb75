/**
 * The `Range` header of RFC 9110 §14, for bytes. Pure.
 *
 * What cannot be read is ignored, as the RFC wants; several ranges that overlap, or are too many,
 * are answered with the whole, which is legal and cannot be used to amplify.
 */
import { RANGES_MAX } from "../limits.ts";

/** Bytes `start` to `end`, `end` excluded; never empty. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a `Range` header asks of a body of known length. */
export type RangeRequest =
  | { readonly kind: "whole" }
  | { readonly kind: "partial"; readonly range: ByteRange }
  /** Two to `RANGES_MAX` ranges that do not overlap, in the order asked for. */
  | { readonly kind: "several"; readonly ranges: readonly ByteRange[] }
  | { readonly kind: "unsatisfiable" };

const RANGE_SET = /^bytes[ \t]*=(.*)$/i;
const ONE_RANGE = /^(\d*)[ \t]*-[ \t]*(\d*)$/;
const WHOLE: RangeRequest = { kind: "whole" };

/**
 * Reads `header` for a body of `totalBytes`.
 *
 * Open and suffix ranges are understood and ends past the body are clamped; a range that starts
 * past the body, and a suffix of nothing, are unsatisfiable and left out where others are not. A
 * suffix of an empty body is all of it, which no `Content-Range` can say.
 */
export function parseRange(header: string | null, totalBytes: number): RangeRequest {
  const set = header === null ? null : RANGE_SET.exec(header.trim());
  if (set === null) return WHOLE;
  const specs = (set[1] ?? "").split(",").map((spec) => spec.trim());
  const asked = specs.filter((spec) => spec !== "").map((spec) => oneRange(spec, totalBytes));
  if (asked.length === 0 || asked.includes("malformed") || asked.includes("empty")) return WHOLE;
  const ranges = asked.filter((range) => typeof range !== "string");
  const [first] = ranges;
  if (first === undefined) return { kind: "unsatisfiable" };
  if (ranges.length === 1) return { kind: "partial", range: first };
  if (ranges.length > RANGES_MAX || overlap(ranges)) return WHOLE;
  return { kind: "several", ranges };
}

/** `Content-Range` of a 206. */
export function contentRange(range: ByteRange, totalBytes: number): string {
  return `bytes ${range.start}-${range.end - 1}/${totalBytes}`;
}

/** `Content-Range` of a 416. */
export function unsatisfiedRange(totalBytes: number): string {
  return `bytes */${totalBytes}`;
}

type OneRange = ByteRange | "malformed" | "unsatisfiable" | "empty";

function oneRange(spec: string, totalBytes: number): OneRange {
  const match = ONE_RANGE.exec(spec);
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return "malformed";
  if (first === "") return suffix(Number(last), totalBytes);
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "malformed";
  if (start >= totalBytes) return "unsatisfiable";
  return { start, end: last === "" ? totalBytes : Math.min(Number(last) + 1, totalBytes) };
}

function suffix(suffixBytes: number, totalBytes: number): OneRange {
  if (suffixBytes === 0) return "unsatisfiable";
  if (totalBytes === 0) return "empty";
  return { start: Math.max(0, totalBytes - suffixBytes), end: totalBytes };
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = [...ranges].sort((left, right) => left.start - right.start);
  return sorted.some((range, index) => range.start < (sorted[index - 1]?.end ?? 0));
}
