/** Every failure of a read as the official error envelope: the one place that maps them. Pure. */
import type { Problem } from "../../shared/http/problem.ts";
import { unsatisfiedRange } from "../../shared/http/range.ts";
import {
  PATCH_BYTES_MAX,
  READ_RETRY_AFTER_SECONDS,
  STRICT_READ_BYTES_MAX,
} from "../../shared/limits.ts";
import type { ReadFailure } from "../../shared/nodes/read-failure.ts";
import { unreachable } from "../../shared/result.ts";
import type { ChainFailure } from "../../shared/sui/chain.ts";

/** Everything that may keep a blob from being served. */
export type AggregatorFailure =
  | ReadFailure
  /** Nodes do not know the blob, but the gateway holds a lease on it that is running. */
  | { readonly kind: "lease-running" }
  /** Nodes do not know the blob, and whether the gateway has stored it cannot be asked. */
  | { readonly kind: "absence-unproven" }
  | {
      readonly kind: "object-not-found";
      readonly objectId: string;
      readonly what: "no-such-object" | "not-a-blob";
    }
  /** As `object-not-found`, of an ID in the list of a concat. */
  | { readonly kind: "concat-object-not-found"; readonly objectId: string }
  | {
      readonly kind: "patch-not-found";
      readonly what: "not-a-quilt" | "no-such-identifier" | "no-such-columns";
    }
  | { readonly kind: "patch-too-large"; readonly patchBytes: number }
  /** A strict check of a blob that is not held in memory. */
  | { readonly kind: "strict-too-large"; readonly unencodedBytes: number }
  /** The blob's bytes, encoded again, have another ID. */
  | { readonly kind: "strict-mismatch" }
  /** Larger than this gateway is configured to serve. */
  | { readonly kind: "blob-too-large"; readonly unencodedBytes: number; readonly bytesMax: number }
  /** The isolate carries as many reads as it takes, or as its memory allows. */
  | { readonly kind: "overloaded" }
  | { readonly kind: "range-not-satisfiable"; readonly totalBytes: number }
  | { readonly kind: "chain-unavailable"; readonly cause: ChainFailure };

/** The answer for a failure. */
export function failureToProblem(failure: AggregatorFailure): Problem {
  switch (failure.kind) {
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
    case "lease-running":
      return unavailable(
        "the storage nodes do not give this blob yet, though its lease is running",
      );
    case "absence-unproven":
      return unavailable("whether this blob exists cannot be told at the moment");
    case "object-not-found":
      return {
        statusWord: "NOT_FOUND",
        reason: "BLOB_NOT_FOUND",
        message: OBJECT_NOT_FOUND[failure.what],
        metadata: { cause: failure.what },
      };
    case "concat-object-not-found":
      return {
        statusWord: "NOT_FOUND",
        reason: "OBJECT_ID_RESOLUTION_FAILED",
        message: `there is no Blob or SharedBlob under ${failure.objectId}`,
      };
    case "patch-not-found":
      return {
        statusWord: "NOT_FOUND",
        reason: "QUILT_PATCH_NOT_FOUND",
        message: PATCH_NOT_FOUND[failure.what],
        metadata: { cause: failure.what },
      };
    case "patch-too-large":
      return patchTooLarge(failure.patchBytes);
    case "blob-too-large":
      return blobTooLarge(failure);
    case "overloaded":
      return OVERLOADED;
    case "strict-too-large":
      return strictTooLarge(failure.unencodedBytes);
    case "metadata-unavailable":
    case "slivers-unavailable":
    case "column-unavailable":
      return unavailable("the storage nodes do not give enough of this blob at the moment");
    case "chain-unavailable":
      return unavailable("the state of the Walrus network cannot be read at the moment");
    case "blob-inconsistent":
      return inconsistent(failure.what);
    case "strict-mismatch":
      return inconsistent("blob-id");
    default:
      return unreachable(failure);
  }
}

const OBJECT_NOT_FOUND = {
  "no-such-object": "there is no object under this object ID",
  "not-a-blob": "the object under this object ID is neither a Blob nor a SharedBlob",
} as const;

const PATCH_NOT_FOUND = {
  "not-a-quilt": "the blob exists but is not a quilt, so it holds no patches",
  "no-such-identifier": "the quilt holds no patch with this identifier",
  "no-such-columns": "the quilt holds no patch in the columns this patch ID names",
} as const;

const OVERLOADED: Problem = {
  ...unavailable("the gateway is serving too many other reads; try again"),
  reason: "TOO_MANY_REQUESTS",
  exact: {
    status: 429,
    text: "the aggregator is receiving too many requests; please try again later",
  },
};

function blobTooLarge({
  unencodedBytes,
  bytesMax,
}: Extract<AggregatorFailure, { readonly kind: "blob-too-large" }>): Problem {
  return {
    statusWord: "SIZE_EXCEEDED",
    reason: "BLOB_TOO_LARGE",
    message: `blobs of more than ${bytesMax} bytes are not served (MAX_BLOB_BYTES)`,
    metadata: { limitBytes: String(bytesMax), blobBytes: String(unencodedBytes) },
  };
}

function patchTooLarge(patchBytes: number): Problem {
  return {
    statusWord: "SIZE_EXCEEDED",
    reason: "BLOB_TOO_LARGE",
    message: `patches of more than ${PATCH_BYTES_MAX} bytes are not served (PATCH_BYTES_MAX)`,
    metadata: { patchBytes: String(patchBytes) },
  };
}

function strictTooLarge(unencodedBytes: number): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: "INVALID_CONSISTENCY_CHECK",
    message:
      `a strict check takes blobs of at most ${STRICT_READ_BYTES_MAX} bytes ` +
      `(STRICT_READ_BYTES_MAX), this one has ${unencodedBytes}`,
  };
}

function inconsistent(flaw: string): Problem {
  return {
    statusWord: "INTERNAL",
    reason: "INTERNAL_ERROR",
    message: "the blob was not encoded consistently by its writer and cannot be read",
    metadata: { flaw },
  };
}

function unavailable(message: string): Problem {
  return {
    statusWord: "UNAVAILABLE",
    reason: "BLOB_UNAVAILABLE",
    message,
    retryAfterSeconds: READ_RETRY_AFTER_SECONDS,
  };
}
