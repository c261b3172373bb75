/** Pooled blobs and the capacity they share (`storage_pool.move`). */
import type { MoveContext } from "../../ledger/move.ts";
import type { PooledBlob, Storage, StoragePool, StoragePoolInner } from "../values.ts";
import { at, ensure, u64 } from "./abort.ts";
import type { BlobClaim } from "./blob.ts";
import { deriveBlobId, encodedBlobLength } from "./encoding.ts";
import type { Emit } from "./events.ts";
import type { CertifiedBlob } from "./messages.ts";
import { type Ids, splitBySize } from "./storage.ts";

const POOL_VERSION = 1n;
const KEY_TYPE = "u256";
const MODULE = "storage_pool";

/** A pool with its inner state open. */
export interface PoolHandle {
  readonly poolId: string;
  /** To change only when opened to mutate: the ledger refuses it otherwise. */
  readonly inner: StoragePoolInner;
  hasBlob(blobId: bigint): boolean;
  blob(blobId: bigint): PooledBlob;
  blobMut(blobId: bigint): PooledBlob;
  add(blob: PooledBlob): void;
  take(blobId: bigint): PooledBlob;
  /** `storage_pool.move::destroy`. */
  destroy(): Storage;
}

/**
 * `storage_pool.move::inner` (`read`) and `inner_mut` (`mutate`); blobs are reached through the
 * pool's `ObjectTable`.
 */
export function openPool(
  context: MoveContext,
  pool: StoragePool,
  resolve: (type: string) => string,
  access: "read" | "mutate",
): PoolHandle {
  const functionName = access === "read" ? "inner" : "inner_mut";
  ensure(pool.version === POOL_VERSION, at(MODULE, functionName), "EWrongVersion");
  const field =
    access === "read"
      ? context.readField(pool.id, "u64", pool.version)
      : context.mutateField(pool.id, "u64", pool.version);
  const inner = field.value as StoragePoolInner;
  const table = inner.blobs;
  const type = resolve("walrus::storage_pool::PooledBlob");
  return {
    poolId: pool.id,
    inner,
    hasBlob: (blobId) => context.hasObjectField(table.id, KEY_TYPE, blobId),
    blob: (blobId) => context.readObjectField(table.id, KEY_TYPE, blobId).value as PooledBlob,
    blobMut: (blobId) => context.mutateObjectField(table.id, KEY_TYPE, blobId).value as PooledBlob,
    add: (blob) => {
      context.addObjectField(table.id, KEY_TYPE, blob.blob_id, type, blob);
      table.size += 1n;
    },
    take: (blobId) => {
      table.size -= 1n;
      return context.removeObjectField(table.id, KEY_TYPE, blobId).value as PooledBlob;
    },
    destroy: () => {
      context.removeField(pool.id, "u64", pool.version);
      ensure(inner.blob_count === 0n, at(MODULE, "destroy"), "EPoolNotEmpty");
      context.deleteId(table.id);
      context.deleteId(pool.id);
      return inner.storage;
    },
  };
}

/** Aborts with `EInvalidEpochsAhead` when the pool has ended. */
export function requireLive(pool: PoolHandle, epoch: number, functionName: string): void {
  const place = at("system_state_inner", functionName);
  ensure(pool.inner.storage.end_epoch > epoch, place, "EInvalidEpochsAhead");
}

/** `storage_pool.move::new_pooled_blob` and `add_blob`. */
export function registerPooledBlob(
  ids: Ids,
  emit: Emit,
  pool: PoolHandle,
  claim: BlobClaim,
  epoch: number,
  encodedBytes: () => bigint,
): void {
  const derived = deriveBlobId(claim.rootHash, claim.encodingType, claim.size);
  ensure(derived === claim.blobId, at(MODULE, "new_pooled_blob"), "EInvalidBlobId");
  const id = ids.freshId();
  emit("PooledBlobRegistered", {
    epoch,
    blob_id: claim.blobId,
    unencoded_size: claim.size,
    encoding_type: claim.encodingType,
    deletable: claim.deletable,
    object_id: id,
    storage_pool_id: pool.poolId,
  });
  const { inner } = pool;
  const encoded = encodedBytes();
  inner.blob_count += 1n;
  inner.used_encoded_bytes = u64(inner.used_encoded_bytes + encoded);
  const fits = inner.used_encoded_bytes <= inner.storage.storage_size;
  ensure(fits, at(MODULE, "add_blob"), "EInsufficientCapacity");
  pool.add({
    id,
    registered_epoch: epoch,
    blob_id: claim.blobId,
    unencoded_size: claim.size,
    encoding_type: claim.encodingType,
    certified_epoch: null,
    storage_pool_id: pool.poolId,
    deletable: claim.deletable,
  });
}

/** `storage_pool.move::certify`. */
export function certifyPooledBlob(
  emit: Emit,
  pool: PoolHandle,
  blobId: bigint,
  epoch: number,
  message: CertifiedBlob,
): void {
  const place = at(MODULE, "certify");
  const blob = pool.blobMut(blobId);
  ensure(blob.blob_id === message.blobId, place, "EInvalidBlobId");
  ensure(epoch < pool.inner.storage.end_epoch, place, "EResourceBounds");
  ensure(blob.certified_epoch === null, place, "EAlreadyCertified");
  const { deletableObjectId } = message;
  ensure(blob.deletable === (deletableObjectId !== null), place, "EInvalidBlobPersistenceType");
  if (blob.deletable) ensure(deletableObjectId === blob.id, place, "EInvalidBlobObject");
  blob.certified_epoch = epoch;
  emit("PooledBlobCertified", {
    epoch,
    blob_id: blob.blob_id,
    deletable: blob.deletable,
    object_id: blob.id,
    storage_pool_id: blob.storage_pool_id,
  });
}

/** Takes a blob out and frees its capacity (`storage_pool.move::remove_blob`). */
export function removeBlob(pool: PoolHandle, blobId: bigint, shardCount: number): PooledBlob {
  const place = at(MODULE, "remove_blob");
  const { inner } = pool;
  const blob = pool.blob(blobId);
  const encoded = encodedBlobLength(blob.unencoded_size, blob.encoding_type, shardCount);
  ensure(inner.used_encoded_bytes >= encoded, place, "EInvalidBlobSize");
  inner.used_encoded_bytes -= encoded;
  ensure(inner.blob_count >= 1n, place, "EInvalidBlobCount");
  inner.blob_count -= 1n;
  return pool.take(blobId);
}

/** Takes unused capacity out (`decrease_capacity_by_size`); `null` for none. */
export function decreaseBySize(ids: Ids, pool: PoolHandle, bytes: bigint): Storage | null {
  if (bytes === 0n) return null;
  const { storage, used_encoded_bytes } = pool.inner;
  const place = at(MODULE, "decrease_capacity_by_size");
  ensure(storage.storage_size - used_encoded_bytes >= bytes, place, "EInsufficientCapacity");
  return splitBySize(ids, storage, storage.storage_size - bytes);
}

/** `storage_pool.move::decrease_unused_capacity_by_percent`. */
export function decreaseByPercent(ids: Ids, pool: PoolHandle, percent: number): Storage | null {
  const place = at(MODULE, "decrease_unused_capacity_by_percent");
  ensure(percent <= 100, place, "EInvalidPercent");
  const unused = pool.inner.storage.storage_size - pool.inner.used_encoded_bytes;
  return decreaseBySize(ids, pool, (unused * BigInt(percent)) / 100n);
}
