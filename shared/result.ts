/**
 * Expected failures as values.
 *
 * Anything a caller must be able to decide on (a node that lies, a blob that is too large, a bad
 * query) is returned as a `Result`; anything that is a bug of the caller is thrown.
 */

/** A success that carries `value`. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** An expected failure that carries data, never prose: see the tagged unions of each layer. */
export interface Err<F> {
  readonly ok: false;
  readonly failure: F;
}

/** Either a value or the reason why there is none. */
export type Result<T, F> = Ok<T> | Err<F>;

/** Wraps a value as a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Wraps a failure. */
export function err<F>(failure: F): Err<F> {
  return { ok: false, failure };
}

/**
 * Closes a `switch` over a tagged union.
 *
 * @throws {TypeError} Always: it is reached only when a value is outside its declared type.
 */
export function unreachable(value: never): never {
  throw new TypeError(`Cannot reach this case: got ${JSON.stringify(value)}`);
}
