/**
 * Error reasons of storage nodes that a client acts on.
 *
 * Source: `walrus-service node/errors.rs`. A node may answer others; they are kept as text.
 */

/** A reason this client knows. */
export type NodeReason =
  | "METADATA_NOT_FOUND"
  | "SLIVER_NOT_FOUND"
  | "FORBIDDEN_BLOB"
  | "SHARD_NOT_ASSIGNED"
  | "INDEX_OUT_OF_RANGE"
  | "NOT_REGISTERED"
  | "MISSING_SLIVERS"
  | "CACHE_SATURATED"
  | "INVALID_METADATA"
  | "INVALID_SLIVER"
  | "SLIVER_INDEX_MISMATCH"
  | "UNSUPPORTED_ENCODING_TYPE"
  | "INVALID_BLOB"
  | "INVALID_CONTENT_TYPE"
  | "UNAVAILABLE";
