/** Life of a blob (`blob.move`): register, certify, extend, delete. */
import type { Blob, Storage } from "../values.ts";
import { at, ensure } from "./abort.ts";
import { deriveBlobId, encodedBlobLength } from "./encoding.ts";
import type { Emit } from "./events.ts";
import type { CertifiedBlob } from "./messages.ts";
import { fusePeriods, type Ids } from "./storage.ts";

/** What a registration says of a blob. */
export interface BlobClaim {
  readonly blobId: bigint;
  readonly rootHash: bigint;
  readonly size: bigint;
  readonly encodingType: number;
  readonly deletable: boolean;
}

/** `blob.move::new`. */
export function newBlob(
  ids: Ids,
  emit: Emit,
  storage: Storage,
  claim: BlobClaim,
  network: { readonly epoch: number; readonly shardCount: number },
): Blob {
  const place = at("blob", "new");
  const id = ids.freshId();
  ensure(network.epoch >= storage.start_epoch, place, "EResourceBounds");
  ensure(network.epoch < storage.end_epoch, place, "EResourceBounds");
  const encoded = encodedBlobLength(claim.size, claim.encodingType, network.shardCount);
  ensure(encoded <= storage.storage_size, place, "EResourceSize");
  const derived = deriveBlobId(claim.rootHash, claim.encodingType, claim.size);
  ensure(derived === claim.blobId, place, "EInvalidBlobId");
  emit("BlobRegistered", {
    epoch: network.epoch,
    blob_id: claim.blobId,
    size: claim.size,
    encoding_type: claim.encodingType,
    end_epoch: storage.end_epoch,
    deletable: claim.deletable,
    object_id: id,
  });
  return {
    id,
    registered_epoch: network.epoch,
    blob_id: claim.blobId,
    size: claim.size,
    encoding_type: claim.encodingType,
    certified_epoch: null,
    storage,
    deletable: claim.deletable,
  };
}

/** `blob.move::certify_with_certified_msg`. */
export function certifyBlob(emit: Emit, blob: Blob, epoch: number, message: CertifiedBlob): void {
  const place = at("blob", "certify_with_certified_msg");
  ensure(blob.blob_id === message.blobId, place, "EInvalidBlobId");
  ensure(blob.certified_epoch === null, place, "EAlreadyCertified");
  ensure(epoch < blob.storage.end_epoch, place, "EResourceBounds");
  const { deletableObjectId } = message;
  ensure(blob.deletable === (deletableObjectId !== null), place, "EInvalidBlobPersistenceType");
  if (blob.deletable) ensure(deletableObjectId === blob.id, place, "EInvalidBlobObject");
  blob.certified_epoch = epoch;
  emitCertified(emit, blob, epoch, false);
}

/** `blob.move::assert_certified_not_expired`; returns the epoch it was certified in. */
export function certifiedEpochOf(blob: Blob, epoch: number): number {
  const place = at("blob", "assert_certified_not_expired");
  ensure(blob.certified_epoch !== null, place, "ENotCertified");
  ensure(epoch < blob.storage.end_epoch, place, "EResourceBounds");
  return blob.certified_epoch;
}

/** `blob.move::extend_with_resource`. */
export function extendWithResource(
  ids: Ids,
  emit: Emit,
  blob: Blob,
  extension: Storage,
  epoch: number,
): void {
  const certifiedEpoch = certifiedEpochOf(blob, epoch);
  ensure(
    extension.end_epoch > blob.storage.end_epoch,
    at("blob", "extend_with_resource"),
    "EResourceBounds",
  );
  fusePeriods(ids, blob.storage, extension);
  emitCertified(emit, blob, certifiedEpoch, true);
}

/** `blob.move::delete`, after its metadata is gone: ends the blob and gives its storage back. */
export function deleteBlob(ids: Ids, emit: Emit, blob: Blob, epoch: number): Storage {
  const place = at("blob", "delete");
  ensure(blob.deletable, place, "EBlobNotDeletable");
  ensure(blob.storage.end_epoch > epoch, place, "EResourceBounds");
  ids.deleteId(blob.id);
  emit("BlobDeleted", {
    epoch,
    blob_id: blob.blob_id,
    end_epoch: blob.storage.end_epoch,
    object_id: blob.id,
    was_certified: blob.certified_epoch !== null,
  });
  return blob.storage;
}

/** `blob.move::emit_certified`: the epoch is that of the first certification. */
export function emitCertified(
  emit: Emit,
  blob: Blob,
  certifiedEpoch: number,
  isExtension: boolean,
): void {
  emit("BlobCertified", {
    epoch: certifiedEpoch,
    blob_id: blob.blob_id,
    end_epoch: blob.storage.end_epoch,
    deletable: blob.deletable,
    object_id: blob.id,
    is_extension: isExtension,
  });
}
