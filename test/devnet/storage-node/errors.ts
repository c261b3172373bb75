/**
 * Every way a storage node says no, with the HTTP status, status word and domain the official node
 * uses (Walrus `walrus-service` `node/errors.rs`, status words from `api/errors.rs`). Pure.
 */

const NODE_DOMAIN = "storage.walrus.space";
const GLOBAL_DOMAIN = "global";

/** Status words of the error envelope, by HTTP status unless a reason says otherwise. */
const REFUSALS = {
  METADATA_NOT_FOUND: [404, "NOT_FOUND"],
  METADATA_REQUIRED: [400, "FAILED_PRECONDITION"],
  SLIVER_NOT_FOUND: [404, "NOT_FOUND"],
  FORBIDDEN_BLOB: [451, "UNAVAILABLE_FOR_LEGAL_REASONS"],
  SHARD_NOT_ASSIGNED: [400, "FAILED_PRECONDITION"],
  INDEX_OUT_OF_RANGE: [400, "INVALID_ARGUMENT"],
  NOT_REGISTERED: [400, "FAILED_PRECONDITION"],
  MISSING_SLIVERS: [400, "FAILED_PRECONDITION"],
  CACHE_SATURATED: [400, "FAILED_PRECONDITION"],
  INVALID_METADATA: [400, "INVALID_ARGUMENT"],
  INVALID_SLIVER: [400, "INVALID_ARGUMENT"],
  SLIVER_INDEX_MISMATCH: [400, "INVALID_ARGUMENT"],
  UNSUPPORTED_ENCODING_TYPE: [400, "INVALID_ARGUMENT"],
  INVALID_BLOB: [400, "FAILED_PRECONDITION"],
  SYMBOL_NOT_PRESENT_AT_SHARDS: [400, "FAILED_PRECONDITION"],
  NO_SYMBOLS_SPECIFIED: [400, "FAILED_PRECONDITION"],
  NO_TARGET_SLIVERS_SPECIFIED: [400, "FAILED_PRECONDITION"],
  INVALID_FILTER: [400, "INVALID_ARGUMENT"],
  RECOVERY_SYMBOL_OUT_OF_RANGE: [400, "INVALID_ARGUMENT"],
  INVALID_PROOF: [400, "INVALID_ARGUMENT"],
  INVALID_EPOCH: [400, "INVALID_ARGUMENT"],
  SLIVER_COUNT_EXCEEDS_LIMIT: [400, "INVALID_ARGUMENT"],
  MESSAGE_VERIFICATION_FAILED: [400, "INVALID_ARGUMENT"],
  REQUEST_UNAUTHORIZED: [403, "PERMISSION_DENIED"],
  UNAVAILABLE: [503, "UNAVAILABLE"],
  INTERNAL_ERROR: [500, "INTERNAL"],
  INVALID_CONTENT_TYPE: [400, "INVALID_ARGUMENT"],
  INVALID_BLOB_ID: [400, "INVALID_ARGUMENT"],
  INVALID_PATH: [400, "INVALID_ARGUMENT"],
  INVALID_QUERY: [400, "INVALID_ARGUMENT"],
  BODY_TOO_LARGE: [413, "INVALID_ARGUMENT"],
  NOT_FOUND: [404, "NOT_FOUND"],
  METHOD_NOT_ALLOWED: [405, "INVALID_ARGUMENT"],
} as const satisfies Record<string, readonly [number, string]>;

/** Why a node refuses. `METADATA_REQUIRED` goes out as `METADATA_NOT_FOUND` with status 400. */
export type RefusalReason = keyof typeof REFUSALS;

/** Reasons of the framework, not of the node. */
const GLOBAL_REASONS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "UNAVAILABLE",
  "INTERNAL_ERROR",
  "INVALID_CONTENT_TYPE",
  "INVALID_BLOB_ID",
  "INVALID_PATH",
  "INVALID_QUERY",
  "BODY_TOO_LARGE",
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
]);

/** A refusal on its way to the client. Thrown inside a node, turned into an answer at its door. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    reason: RefusalReason,
    message: string,
    metadata: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.reason = reason;
    this.metadata = metadata;
  }

  get status(): number {
    return REFUSALS[this.reason][0];
  }

  /** The JSON error envelope of the official node. */
  envelope(): unknown {
    const [code, status] = REFUSALS[this.reason];
    return {
      error: {
        code,
        status,
        message: this.message,
        details: [
          {
            "@type": "ErrorInfo",
            reason: this.reason === "METADATA_REQUIRED" ? "METADATA_NOT_FOUND" : this.reason,
            domain: GLOBAL_REASONS.has(this.reason) ? GLOBAL_DOMAIN : NODE_DOMAIN,
            metadata: this.metadata,
          },
        ],
      },
    };
  }
}
