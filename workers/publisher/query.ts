/**
 * Queries of the publisher's routes: why one is refused, and how its parts are read. Pure.
 *
 * A known key with a value that cannot be honoured, or given twice, is always refused; unknown ones
 * are passed over, but where exact mode says otherwise.
 */
import { err, ok, type Result } from "../../shared/result.ts";

/** Why a query is refused. */
export type QueryFailure =
  | {
      readonly kind: "query-malformed";
      readonly parameter: string;
      /** `null` where a required parameter is absent. */
      readonly value: string | null;
      readonly expected: string;
    }
  | { readonly kind: "query-too-many"; readonly parameter: string; readonly countMax: number }
  | { readonly kind: "query-unknown"; readonly parameter: string }
  | { readonly kind: "query-repeated"; readonly parameter: string }
  | { readonly kind: "query-unsupported"; readonly parameter: string; readonly value: string }
  | { readonly kind: "query-conflict"; readonly parameters: readonly string[] }
  | { readonly kind: "persistence-conflict" };

/**
 * Refuses a known key that is given twice and, where `allowed` is given, any key beyond it.
 */
export function checkKeys(
  query: URLSearchParams,
  known: readonly string[],
  allowed: readonly string[] | null,
): Result<null, QueryFailure> {
  const unknown = allowed && [...query.keys()].find((key) => !allowed.includes(key));
  if (typeof unknown === "string") return err({ kind: "query-unknown", parameter: unknown });
  const repeated = known.find((key) => query.getAll(key).length > 1);
  return repeated === undefined ? ok(null) : err({ kind: "query-repeated", parameter: repeated });
}

/** The value of a parameter that stands alone in its query; `null` where it is absent. */
export function queryValue(
  request: Request,
  parameter: string,
): Result<string | null, QueryFailure> {
  const [value = null, ...more] = new URL(request.url).searchParams.getAll(parameter);
  return more.length === 0 ? ok(value) : err({ kind: "query-repeated", parameter });
}

/** A flag that is `true`, `false`, or absent and then `false`. */
export function parseFlag(parameter: string, text: string | null): Result<boolean, QueryFailure> {
  if (text === null || text === "false") return ok(false);
  return text === "true" ? ok(true) : malformedQuery(parameter, text, "true or false");
}

/** A whole number within bounds. */
export function wholeNumber(
  query: URLSearchParams,
  parameter: string,
  fallback: number,
  min: number,
  max: number,
): Result<number, QueryFailure> {
  const text = query.get(parameter);
  if (text === null) return ok(fallback);
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max
    ? ok(value)
    : malformedQuery(parameter, text, `a whole number from ${min} to ${max}`);
}

/** A parameter whose value cannot be read, or that is missing. */
export function malformedQuery(
  parameter: string,
  value: string | null,
  expected: string,
): Result<never, QueryFailure> {
  return err({ kind: "query-malformed", parameter, value, expected });
}
