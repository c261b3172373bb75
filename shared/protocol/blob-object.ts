/**
 * The Blob object: a blob's registration on chain, with the storage it holds. Types only.
 *
 * Source: Move `system/blob.move`, `system/storage_resource.move`, `system/shared_blob.move`.
 */

/** The storage a blob occupies; embedded in the Blob. */
export interface StorageResource {
  readonly objectId: string;
  readonly startEpoch: number;
  /** Exclusive: the blob is available up to and including the epoch before. */
  readonly endEpoch: number;
  /** Encoded bytes paid for. */
  readonly storageBytes: number;
}

/** A Blob as the chain holds it. */
export interface BlobObject {
  /** Object ID by which it was read: of the SharedBlob where it is shared. */
  readonly objectId: string;
  /** Object ID of the Blob itself: what a deletable confirmation names. */
  readonly blobObjectId: string;
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  readonly registeredEpoch: number;
  /** Epoch of the first certification; `null` while only registered. */
  readonly certifiedEpoch: number | null;
  /** L: bytes before encoding. */
  readonly unencodedBytes: number;
  /** 1 is RS2, the only one in use. */
  readonly encodingType: number;
  readonly deletable: boolean;
  readonly storage: StorageResource;
  /** FROST set aside for extensions by anyone; `null` unless it is a SharedBlob. */
  readonly sharedFundsFrost: bigint | null;
}

/** Whether a blob can still be extended or deleted in `epoch`. */
export function isUnexpired(blob: BlobObject, epoch: number): boolean {
  return epoch < blob.storage.endEpoch;
}
