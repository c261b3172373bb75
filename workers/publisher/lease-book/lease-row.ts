/** One row of the lease book as a lease. */
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { SqlRow } from "../sql.ts";

/** Reads a row of `leases`. */
export function leaseOf(row: SqlRow): Lease {
  const { sub, shared_object_id: sharedObjectId } = row;
  const { certify_tx: certifyTxDigest, content_type: contentType } = row;
  return {
    blobObjectId: String(row["blob_object_id"]),
    blobId: String(row["blob_id"]),
    owner: String(row["owner"]),
    sub: typeof sub === "string" ? sub : null,
    unencodedBytes: Number(row["unencoded_bytes"]),
    storageBytes: Number(row["storage_bytes"]),
    deletable: row["deletable"] === 1,
    startEpoch: Number(row["start_epoch"]),
    endEpoch: Number(row["end_epoch"]),
    recordedAtMs: Number(row["recorded_at_ms"]),
    ...(typeof sharedObjectId === "string" ? { sharedObjectId } : {}),
    ...(typeof certifyTxDigest === "string" ? { certifyTxDigest } : {}),
    ...(typeof contentType === "string" ? { contentType } : {}),
  };
}
