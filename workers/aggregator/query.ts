/**
 * The query of a read: known keys are read strictly, unknown ones are ignored. Pure.
 *
 * Unknown keys (`?cb=`) change nothing and are part of no cache key; a known key with a value that
 * cannot be read, or given twice, is refused and named.
 */
import { badParameter, type Problem, unreadableParameter } from "../../shared/http/problem.ts";
import { FILENAME_CHARS_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { INERT_TYPES, textTypeOf } from "./content-type.ts";

/** How much of a blob must be consistent before its bytes are sent. */
export type Consistency = "strict" | "default" | "skip";

/** How the caller wants the content presented. */
export interface Presentation {
  /** Content type that replaces what is known or guessed; one of `INERT_TYPES`. */
  readonly contentType: string | null;
  readonly filename: string | null;
  /** To be saved, not shown. */
  readonly download: boolean;
}

/** A half-open part of the blob, as `start` and `length`. */
export interface StartAndLength {
  readonly start: number;
  readonly length: number;
}

type Read<T> = Result<T, Problem>;

/** Reads `strict_consistency_check` and `skip_consistency_check`. */
export function readConsistency(query: URLSearchParams): Read<Consistency> {
  const strict = readFlag(query, "strict_consistency_check", false);
  if (!strict.ok) return strict;
  const skip = readFlag(query, "skip_consistency_check", false);
  if (!skip.ok) return skip;
  return consistencyOf(strict.value, skip.value);
}

/** The mode the two official flags ask for. */
export function consistencyOf(strict: boolean, skip: boolean): Read<Consistency> {
  if (strict && skip) {
    return err({
      statusWord: "INVALID_ARGUMENT",
      reason: "INVALID_CONSISTENCY_CHECK",
      message: "strict_consistency_check and skip_consistency_check exclude each other",
    });
  }
  return ok(strict ? "strict" : skip ? "skip" : "default");
}

/** The mode that is used: an exact range is checked sliver by sliver, whatever was asked. */
export function consistencyFor(
  { isExact, request }: { readonly isExact: boolean; readonly request: Request },
  asked: Consistency,
): Consistency {
  return isExact && request.headers.has("Range") ? "skip" : asked;
}

/** Reads `content_type`, `filename` and `download`. */
export function readPresentation(query: URLSearchParams): Read<Presentation> {
  const contentType = readOne(query, "content_type");
  if (!contentType.ok) return contentType;
  const filename = readOne(query, "filename");
  if (!filename.ok) return filename;
  // A bare `?download` is how links ask for it.
  const download = readFlag(query, "download", true);
  if (!download.ok) return download;
  const type = contentType.value?.trim().toLowerCase() ?? null;
  if (type !== null && !INERT_TYPES.has(type)) {
    const expected = `one of ${[...INERT_TYPES].join(", ")}`;
    return err(unreadableParameter("content_type", type, expected));
  }
  if (filename.value !== null && !isFilename(filename.value)) {
    return err(
      unreadableParameter(
        "filename",
        filename.value,
        `1 to ${FILENAME_CHARS_MAX} characters without control characters or slashes, not . or ..`,
      ),
    );
  }
  return ok({
    contentType: type === null ? null : textTypeOf(type),
    filename: filename.value,
    download: download.value,
  });
}

/** Reads `start` and `length` of the byte-range route; both are required. */
export function readStartAndLength(query: URLSearchParams): Read<StartAndLength> {
  const start = readWhole(query, "start");
  if (!start.ok) return start;
  const length = readWhole(query, "length");
  return length.ok ? ok({ start: start.value, length: length.value }) : length;
}

/** The one value of a key; `null` when it is absent. */
export function readOne(query: URLSearchParams, key: string): Read<string | null> {
  const values = query.getAll(key);
  if (values.length > 1) return err(badParameter(key, `\`${key}\` is given more than once`));
  return ok(values[0] ?? null);
}

function readFlag(query: URLSearchParams, key: string, bareMeansTrue: boolean): Read<boolean> {
  const value = readOne(query, key);
  if (!value.ok) return value;
  if (value.value === null || value.value === "false") return ok(false);
  if (value.value === "true" || (bareMeansTrue && value.value === "")) return ok(true);
  return err(unreadableParameter(key, value.value, "true or false"));
}

function readWhole(query: URLSearchParams, key: string): Read<number> {
  const value = readOne(query, key);
  if (!value.ok) return value;
  // The sign is officially taken, too (Rust's `u64::from_str`).
  const isWhole = value.value !== null && /^\+?\d{1,20}$/.test(value.value);
  if (!isWhole) return err(unreadableParameter(key, value.value, "a whole number"));
  return ok(Number(value.value));
}

function isFilename(text: string): boolean {
  const isName = !/[\p{Cc}/\\]|^\.\.?$/u.test(text);
  return isName && text.length > 0 && text.length <= FILENAME_CHARS_MAX;
}
