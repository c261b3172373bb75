/** Every failure of a read as the official error envelope: the one place that maps them. Pure. */
import type { Problem } from "../../shared/http/problem.ts";
import { unsatisfiedRange } from "../../shared/http/range.ts";
import { READ_RETRY_AFTER_SECONDS } from "../../shared/limits.ts";
import type { ReadFailure } from "../../shared/nodes/read-failure.ts";
import { unreachable } from "../../shared/result.ts";
import type { ChainFailure } from "../../shared/sui/chain.ts";

/** Everything that may keep a blob from being served. */
export type AggregatorFailure =
  | ReadFailure
  | { readonly kind: "bad-blob-id"; readonly text: string }
  | { readonly kind: "range-not-satisfiable"; readonly totalBytes: number }
  | { readonly kind: "chain-unavailable"; readonly cause: ChainFailure };

/** Longest piece of a caller's text that is repeated to them. */
const ECHOED_CHARS_MAX = 100;

/** The answer for a failure. */
export function failureToProblem(failure: AggregatorFailure): Problem {
  switch (failure.kind) {
    case "bad-blob-id":
      return {
        statusWord: "INVALID_ARGUMENT",
        reason: "INVALID_BLOB_ID",
        message:
          `Cannot parse \`blob_id\` with value \`${failure.text.slice(0, ECHOED_CHARS_MAX)}\`: ` +
          "expected 43 characters of URL-safe base64, 0x and 64 hex digits, or a decimal u256",
        metadata: { parameter: "blob_id" },
      };
    case "blob-not-found":
      return {
        statusWord: "NOT_FOUND",
        reason: "BLOB_NOT_FOUND",
        message:
          "the requested blob ID does not exist on Walrus, ensure that it was entered correctly",
      };
    case "blob-blocked":
      return {
        statusWord: "UNAVAILABLE_FOR_LEGAL_REASONS",
        reason: "FORBIDDEN_BLOB",
        message: "the requested blob is blocked",
      };
    case "range-not-satisfiable":
      return {
        statusWord: "RANGE_NOT_SATISFIABLE",
        reason: "INVALID_BYTE_RANGE",
        message: `the requested range lies outside the ${failure.totalBytes} bytes of the blob`,
        headers: { "Content-Range": unsatisfiedRange(failure.totalBytes) },
      };
    case "metadata-unavailable":
    case "slivers-unavailable":
      return unavailable("the storage nodes do not give enough of this blob at the moment");
    case "chain-unavailable":
      return unavailable("the state of the Walrus network cannot be read at the moment");
    case "blob-inconsistent":
      return {
        statusWord: "INTERNAL",
        reason: "INTERNAL_ERROR",
        message: "the blob was not encoded consistently by its writer and cannot be read",
        metadata: { flaw: failure.what },
      };
    default:
      return unreachable(failure);
  }
}

function unavailable(message: string): Problem {
  return {
    statusWord: "UNAVAILABLE",
    reason: "BLOB_UNAVAILABLE",
    message,
    retryAfterSeconds: READ_RETRY_AFTER_SECONDS,
  };
}
