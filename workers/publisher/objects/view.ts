/** What clients see of a stored object. Pure. */
import { formatBlobId } from "../../../shared/codec/index.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { AttributedBlob } from "../../../shared/sui/attributed-blob.ts";

/** A row of the list: what this gateway knows without asking the chain. */
export function leaseView(lease: Lease): object {
  return {
    objectId: lease.blobObjectId,
    sharedObjectId: lease.sharedObjectId ?? null,
    blobId: lease.blobId,
    owner: lease.owner,
    size: lease.unencodedBytes,
    encodedSize: lease.storageBytes,
    deletable: lease.deletable,
    startEpoch: lease.startEpoch,
    endEpoch: lease.endEpoch,
    attributes: lease.attributes ?? {},
    storedAt: new Date(lease.recordedAtMs).toISOString(),
  };
}

/** One object as the chain has it now. */
export function objectView(lease: Lease, owner: string, onChain: AttributedBlob): object {
  const { blob, version, attributes } = onChain;
  return {
    ...leaseView(lease),
    owner,
    blobId: formatBlobId(blob.blobId),
    size: blob.unencodedBytes,
    encodedSize: blob.storage.storageBytes,
    deletable: blob.deletable,
    registeredEpoch: blob.registeredEpoch,
    certifiedEpoch: blob.certifiedEpoch,
    startEpoch: blob.storage.startEpoch,
    endEpoch: blob.storage.endEpoch,
    attributes: Object.fromEntries(attributes),
    version,
  };
}
