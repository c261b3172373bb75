/** Bodies of the storage-pool functions of `system.move` and of `storage_pool.move`. */
import type { MoveCall } from "../../ledger/move.ts";
import {
  certifyPooledBlob,
  decreaseBySize,
  decreaseByPercent,
  openPool,
  type PoolHandle,
  registerPooledBlob,
  removeBlob,
  requireLive,
} from "../rules/storage-pool.ts";
import { addCurrentReward, payForStorage, useCapacity, writePrice } from "../rules/accounting.ts";
import { at, ensure, u32, u64 } from "../rules/abort.ts";
import { splitBalance } from "../rules/balance.ts";
import { encodedBlobLength } from "../rules/encoding.ts";
import { emitter, type Emit } from "../rules/events.ts";
import { certifiedBlob } from "../rules/messages.ts";
import { AttachedMetadata } from "../rules/metadata.ts";
import { reserveSpace } from "../rules/storage.ts";
import { METADATA, STORAGE_POOL } from "../table/names.ts";
import {
  argument,
  type Balance,
  type Coin,
  type Metadata,
  type Storage,
  type StoragePool,
  type SystemInner,
  type VersionedObject,
} from "../values.ts";
import { type Bodies, NOTHING, type Resolve } from "./bodies.ts";
import { systemInner, systemInnerMut } from "./system-inner.ts";
import { certifiedMessage } from "./system.ts";

const STATE = "system_state_inner";
const POOL_VERSION = 1n;

/** Bodies of the pool functions of `system.move`. */
export function systemPoolBodies(resolve: Resolve, walrusOriginal: string): Bodies {
  const emitTo = (call: MoveCall): Emit => emitter(call.context, walrusOriginal);
  const handle = (call: MoveCall): PoolHandle =>
    openPool(call.context, argument(call, 1) as StoragePool, resolve, "mutate");
  return {
    "system::create_storage_pool": (call) => {
      const inner = mutable(call);
      const [bytes, epochs] = [argument(call, 1) as bigint, argument(call, 2) as number];
      const storage = reserveSpace(call.context, inner, bytes, epochs, paid(call, 3));
      return [createPool(call, resolve, emitTo(call), inner, storage)];
    },
    "system::create_storage_pool_with_storage": (call) => [
      createPool(call, resolve, emitTo(call), readable(call), argument(call, 1) as Storage),
    ],
    "system::register_pooled_blob": (call) => {
      registerPooled(call, handle(call), emitTo(call));
      return NOTHING;
    },
    "system::certify_pooled_blob": (call) => {
      const inner = readable(call);
      const message = certifiedMessage(call, inner, 3, "certify_pooled_blob");
      const certified = certifiedBlob(message);
      const [pool, blobId] = [handle(call), argument(call, 2) as bigint];
      certifyPooledBlob(emitTo(call), pool, blobId, inner.committee.epoch, certified);
      return NOTHING;
    },
    "system::delete_pooled_blob": (call) => {
      const { committee } = readable(call);
      const pool = handle(call);
      requireLive(pool, committee.epoch, "delete_pooled_blob");
      const blob = removeBlob(pool, argument(call, 2) as bigint, committee.n_shards);
      metadataOf(call, resolve, blob.id).drop();
      ensure(blob.deletable, at("storage_pool", "delete_blob_object"), "EBlobNotDeletable");
      call.context.deleteId(blob.id);
      emitTo(call)("PooledBlobDeleted", {
        epoch: committee.epoch,
        blob_id: blob.blob_id,
        object_id: blob.id,
        was_certified: blob.certified_epoch !== null,
        storage_pool_id: blob.storage_pool_id,
      });
      return NOTHING;
    },
    "system::burn_expired_pooled_blob": (call) => {
      const { committee } = readable(call);
      const pool = handle(call);
      const place = at(STATE, "burn_expired_pooled_blob");
      ensure(pool.inner.storage.end_epoch <= committee.epoch, place, "EInvalidEpochsAhead");
      const blob = removeBlob(pool, argument(call, 2) as bigint, committee.n_shards);
      metadataOf(call, resolve, blob.id).drop();
      call.context.deleteId(blob.id);
      return NOTHING;
    },
    "system::extend_storage_pool": (call) => {
      extendPool(call, handle(call), emitTo(call));
      return NOTHING;
    },
    "system::increase_storage_pool_capacity": (call) => {
      increaseCapacity(call, handle(call));
      return NOTHING;
    },
    "system::increase_storage_pool_capacity_with_storage": (call) => {
      const { epoch } = readable(call).committee;
      const [pool, added] = [handle(call), argument(call, 2) as Storage];
      requireLive(pool, epoch, "increase_storage_pool_capacity_with_storage");
      const place = at("storage_pool", "increase_capacity_with_storage");
      ensure(added.start_epoch <= epoch, place, "EResourceBounds");
      const { storage } = pool.inner;
      ensure(added.end_epoch === storage.end_epoch, place, "EIncompatibleEndEpoch");
      storage.storage_size = u64(storage.storage_size + added.storage_size);
      call.context.deleteId(added.id);
      return NOTHING;
    },
    "system::decrease_storage_pool_capacity_by_size": (call) => {
      const pool = handle(call);
      requireLive(pool, readable(call).committee.epoch, "decrease_storage_pool_capacity_by_size");
      const storage = decreaseBySize(call.context, pool, argument(call, 2) as bigint);
      const place = at("system", "decrease_storage_pool_capacity_by_size");
      ensure(storage !== null, place, "EZeroExtractSize");
      return [storage];
    },
    "system::decrease_storage_pool_unused_capacity_by_percent": (call) => {
      const functionName = "decrease_storage_pool_unused_capacity_by_percent";
      const pool = handle(call);
      requireLive(pool, readable(call).committee.epoch, functionName);
      const storage = decreaseByPercent(call.context, pool, argument(call, 2) as number);
      ensure(storage !== null, at("system", functionName), "EZeroExtractSize");
      return [storage];
    },
  };
}

/** Bodies of `storage_pool.move`. */
export function storagePoolBodies(resolve: Resolve): Bodies {
  const pool = (call: MoveCall): PoolHandle =>
    openPool(call.context, argument(call, 0) as StoragePool, resolve, "read");
  const attached = (call: MoveCall): AttachedMetadata =>
    metadataOf(call, resolve, pool(call).blob(argument(call, 1) as bigint).id);
  return {
    "storage_pool::start_epoch": (call) => [pool(call).inner.storage.start_epoch],
    "storage_pool::end_epoch": (call) => [pool(call).inner.storage.end_epoch],
    "storage_pool::reserved_encoded_capacity_bytes": (call) => [
      pool(call).inner.storage.storage_size,
    ],
    "storage_pool::used_encoded_bytes": (call) => [pool(call).inner.used_encoded_bytes],
    "storage_pool::available_encoded_bytes": (call) => {
      const { inner } = pool(call);
      return [u64(inner.storage.storage_size - inner.used_encoded_bytes)];
    },
    "storage_pool::blob_count": (call) => [pool(call).inner.blob_count],
    "storage_pool::contains_blob": (call) => [pool(call).hasBlob(argument(call, 1) as bigint)],
    "storage_pool::blob_object_id": (call) => [pool(call).blob(argument(call, 1) as bigint).id],
    "storage_pool::object_id": (call) => [(argument(call, 0) as StoragePool).id],
    "storage_pool::destroy": (call) => [
      openPool(call.context, argument(call, 0) as StoragePool, resolve, "mutate").destroy(),
    ],
    "storage_pool::add_blob_metadata": (call) => {
      attached(call).add(argument(call, 2) as Metadata);
      return NOTHING;
    },
    "storage_pool::add_or_replace_blob_metadata": (call) => [
      attached(call).addOrReplace(argument(call, 2) as Metadata),
    ],
    "storage_pool::take_blob_metadata": (call) => [attached(call).take()],
    "storage_pool::insert_or_update_blob_metadata_pair": (call) => {
      attached(call).insertOrUpdatePair(argument(call, 2) as string, argument(call, 3) as string);
      return NOTHING;
    },
    "storage_pool::remove_blob_metadata_pair": (call) =>
      attached(call).removePair(argument(call, 2) as string),
    "storage_pool::remove_blob_metadata_pair_if_exists": (call) => [
      attached(call).removePairIfExists(argument(call, 2) as string),
    ],
  };
}

/** `system_state_inner.move::create_storage_pool_with_storage`. */
function createPool(
  call: MoveCall,
  resolve: Resolve,
  emit: Emit,
  inner: SystemInner,
  storage: Storage,
): StoragePool {
  const place = at(STATE, "create_storage_pool_with_storage");
  const { epoch } = inner.committee;
  ensure(storage.storage_size > 0n, place, "EInvalidResourceSize");
  ensure(storage.start_epoch <= epoch, place, "EInvalidEpochsAhead");
  ensure(storage.end_epoch > epoch, place, "EInvalidEpochsAhead");
  const pool = { id: call.context.freshId(), version: POOL_VERSION };
  const blobs = { id: call.context.freshId(), size: 0n };
  const content = { storage, used_encoded_bytes: 0n, blob_count: 0n, blobs };
  const type = resolve(STORAGE_POOL).replace("::StoragePool", "::StoragePoolInnerV1");
  call.context.addField(pool.id, "u64", POOL_VERSION, type, content);
  emit("StoragePoolCreated", {
    epoch,
    storage_pool_id: pool.id,
    reserved_encoded_capacity_bytes: storage.storage_size,
    start_epoch: storage.start_epoch,
    end_epoch: storage.end_epoch,
  });
  return pool;
}

/** `system_state_inner.move::register_pooled_blob`. */
function registerPooled(call: MoveCall, pool: PoolHandle, emit: Emit): void {
  const inner = mutable(call);
  const claim = {
    blobId: argument(call, 2) as bigint,
    rootHash: argument(call, 3) as bigint,
    size: argument(call, 4) as bigint,
    encodingType: argument(call, 5) as number,
    deletable: argument(call, 6) as boolean,
  };
  const { epoch, n_shards } = inner.committee;
  const place = at(STATE, "register_pooled_blob");
  ensure(epoch >= pool.inner.storage.start_epoch, place, "EInvalidEpochsAhead");
  ensure(epoch < pool.inner.storage.end_epoch, place, "EInvalidEpochsAhead");
  registerPooledBlob(call.context, emit, pool, claim, epoch, () =>
    encodedBlobLength(claim.size, claim.encodingType, n_shards),
  );
  const encoded = encodedBlobLength(claim.size, claim.encodingType, n_shards);
  addCurrentReward(inner, splitBalance(paid(call, 7), writePrice(inner, encoded)));
}

/** `system_state_inner.move::extend_storage_pool`. */
function extendPool(call: MoveCall, pool: PoolHandle, emit: Emit): void {
  const place = at(STATE, "extend_storage_pool");
  const inner = mutable(call);
  const epochs = argument(call, 2) as number;
  const { storage } = pool.inner;
  ensure(epochs > 0, place, "EInvalidEpochsAhead");
  ensure(storage.end_epoch > inner.committee.epoch, place, "EInvalidEpochsAhead");
  const start = storage.end_epoch - inner.committee.epoch;
  const end = u32(start + epochs);
  ensure(end <= inner.future_accounting.length, place, "EInvalidEpochsAhead");
  payForStorage(inner, storage.storage_size, start, end, paid(call, 3));
  useCapacity(inner, storage.storage_size, start, end, "account_capacity");
  storage.end_epoch = u32(storage.end_epoch + epochs);
  emit("StoragePoolExtended", {
    epoch: inner.committee.epoch,
    storage_pool_id: pool.poolId,
    new_end_epoch: storage.end_epoch,
  });
}

/** `system_state_inner.move::increase_storage_pool_capacity`. */
function increaseCapacity(call: MoveCall, pool: PoolHandle): void {
  const place = at(STATE, "increase_storage_pool_capacity");
  const inner = mutable(call);
  const added = argument(call, 2) as bigint;
  const { storage } = pool.inner;
  ensure(added > 0n, place, "EInvalidResourceSize");
  ensure(storage.end_epoch > inner.committee.epoch, place, "EInvalidEpochsAhead");
  const remaining = storage.end_epoch - inner.committee.epoch;
  payForStorage(inner, added, 0, remaining, paid(call, 3));
  useCapacity(inner, added, 0, remaining, "account_capacity");
  storage.storage_size = u64(storage.storage_size + added);
}

function metadataOf(call: MoveCall, resolve: Resolve, blobObjectId: string): AttachedMetadata {
  return new AttachedMetadata(call.context, resolve(METADATA), "storage_pool", blobObjectId);
}

function mutable(call: MoveCall): SystemInner {
  return systemInnerMut(call.context, argument(call, 0) as VersionedObject);
}

function readable(call: MoveCall): SystemInner {
  return systemInner(call.context, argument(call, 0) as VersionedObject);
}

function paid(call: MoveCall, index: number): Balance {
  return (argument(call, index) as Coin).balance;
}
