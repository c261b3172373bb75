/** Unwraps results in tests. */
import type { Result } from "../../shared/result.ts";

/** The value, or a thrown error that shows the failure. */
export function valueOf<T, F>(result: Result<T, F>): T {
  if (!result.ok) throw new Error(`Unexpected failure: ${JSON.stringify(result.failure)}`);
  return result.value;
}

/** The failure, or a thrown error when there is none. */
export function failureOf<T, F>(result: Result<T, F>): F {
  if (result.ok) throw new Error("Unexpected success");
  return result.failure;
}
