/** The query of `POST /v1/blob-upload-relay`. Pure. Unknown keys are refused in exact mode only. */
import { fromBase58, fromBase64Url } from "../../../shared/bytes/text.ts";
import { parseBlobId } from "../../../shared/codec/index.ts";
import type { Compat } from "../../../shared/http/compat.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { parseSuiId } from "../../../shared/sui/sui-id.ts";
import { checkKeys, malformedQuery, type QueryFailure } from "../query.ts";

/** What the relay is asked for. */
export interface RelayQuery {
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** The Blob object of a deletable blob; `null` for a permanent one. */
  readonly deletableObjectId: string | null;
  /** Digest of the transaction that paid the tip. */
  readonly txDigest: string | null;
  /** 32 bytes whose hash that transaction holds. */
  readonly nonce: Uint8Array | null;
}

const KNOWN_KEYS = ["blob_id", "deletable_blob_object", "tx_id", "nonce", "encoding_type"] as const;
const ID_BYTES = 32;

/** Reads the query. */
export function parseRelayQuery(
  query: URLSearchParams,
  compat: Compat = "default",
): Result<RelayQuery, QueryFailure> {
  const keys = checkKeys(query, KNOWN_KEYS, compat === "exact" ? KNOWN_KEYS : null);
  if (!keys.ok) return keys;
  const blobId = parseBlobId(query.get("blob_id") ?? "");
  if (blobId === null) return malformed(query, "blob_id", "a blob ID: 43 characters of base64url");
  const objectIdText = query.get("deletable_blob_object");
  const deletableObjectId = objectIdText === null ? null : parseSuiId(objectIdText);
  if (objectIdText !== null && deletableObjectId === null) {
    return malformed(query, "deletable_blob_object", "an object ID: 0x and 64 hex digits");
  }
  const txDigest = query.get("tx_id");
  if (txDigest !== null && fromBase58(txDigest)?.length !== ID_BYTES) {
    return malformed(query, "tx_id", "the base58 digest of a transaction");
  }
  const nonceText = query.get("nonce");
  const nonce = nonceText === null ? null : fromBase64Url(nonceText);
  if (nonceText !== null && nonce?.length !== ID_BYTES) {
    return malformed(query, "nonce", "32 bytes in base64url without padding");
  }
  if ((query.get("encoding_type") ?? "RS2") !== "RS2") {
    return malformed(query, "encoding_type", "RS2");
  }
  return ok({ blobId, deletableObjectId, txDigest, nonce });
}

function malformed(
  query: URLSearchParams,
  parameter: string,
  expected: string,
): Result<never, QueryFailure> {
  return malformedQuery(parameter, query.get(parameter), expected);
}
