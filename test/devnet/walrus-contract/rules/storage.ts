/** Reserving, splitting and fusing storage (`storage_resource.move`, `system_state_inner.move`). */
import type { Balance, Storage, SystemInner } from "../values.ts";
import { payForStorage, useCapacity } from "./accounting.ts";
import { at, ensure, u32, u64 } from "./abort.ts";

/** The part of the context that makes and ends object ids. */
export interface Ids {
  freshId(): string;
  deleteId(id: string): void;
}

const STATE = "system_state_inner";

/** `system_state_inner.move::reserve_space`: from the current epoch on. */
export function reserveSpace(
  ids: Ids,
  inner: SystemInner,
  bytes: bigint,
  epochsAhead: number,
  payment: Balance,
): Storage {
  const place = at(STATE, "reserve_space");
  ensure(epochsAhead > 0, place, "EInvalidEpochsAhead");
  ensure(epochsAhead <= inner.future_accounting.length, place, "EInvalidEpochsAhead");
  const start = inner.committee.epoch;
  return reserveSpaceForEpochs(ids, inner, bytes, [start, u32(start + epochsAhead)], payment);
}

/** `system_state_inner.move::reserve_space_for_epochs`: epochs `[start, end)`, not before now. */
export function reserveSpaceForEpochs(
  ids: Ids,
  inner: SystemInner,
  bytes: bigint,
  [requestedStart, end]: readonly [number, number],
  payment: Balance,
): Storage {
  const place = at(STATE, "reserve_space_for_epochs");
  const now = inner.committee.epoch;
  const start = Math.max(requestedStart, now);
  ensure(end > start, place, "EInvalidEpochsAhead");
  ensure(end - now <= inner.future_accounting.length, place, "EInvalidEpochsAhead");
  payForStorage(inner, bytes, start - now, end - now, payment);
  ensure(bytes > 0n, at(STATE, "reserve_space_without_payment"), "EInvalidResourceSize");
  useCapacity(inner, bytes, start - now, end - now, "reserve_space_without_payment");
  return createStorage(ids, start, end, bytes);
}

/** `storage_resource.move::create_storage`. */
export function createStorage(ids: Ids, start: number, end: number, bytes: bigint): Storage {
  ensure(start < end, at("storage_resource", "create_storage"), "EInvalidEpochRange");
  return { id: ids.freshId(), start_epoch: start, end_epoch: end, storage_size: bytes };
}

/** Keeps the epochs before `splitEpoch` and returns the rest (`split_by_epoch`). */
export function splitByEpoch(ids: Ids, storage: Storage, splitEpoch: number): Storage {
  ensure(
    splitEpoch > storage.start_epoch && splitEpoch < storage.end_epoch,
    at("storage_resource", "split_by_epoch"),
    "EInvalidEpoch",
  );
  const end = storage.end_epoch;
  storage.end_epoch = splitEpoch;
  return {
    id: ids.freshId(),
    start_epoch: splitEpoch,
    end_epoch: end,
    storage_size: storage.storage_size,
  };
}

/** Keeps `keptBytes` and returns the rest (`split_by_size`). */
export function splitBySize(ids: Ids, storage: Storage, keptBytes: bigint): Storage {
  ensure(
    storage.storage_size >= keptBytes,
    at("storage_resource", "split_by_size"),
    "EIncompatibleAmount",
  );
  const rest = storage.storage_size - keptBytes;
  storage.storage_size = keptBytes;
  return {
    id: ids.freshId(),
    start_epoch: storage.start_epoch,
    end_epoch: storage.end_epoch,
    storage_size: rest,
  };
}

/** Joins storage of the same size and adjacent epochs (`fuse_periods`). */
export function fusePeriods(ids: Ids, first: Storage, second: Storage): void {
  const place = at("storage_resource", "fuse_periods");
  ids.deleteId(second.id);
  ensure(first.storage_size === second.storage_size, place, "EIncompatibleAmount");
  if (first.end_epoch === second.start_epoch) {
    first.end_epoch = second.end_epoch;
    return;
  }
  ensure(first.start_epoch === second.end_epoch, place, "EIncompatibleEpochs");
  first.start_epoch = second.start_epoch;
}

/** Joins storage of the same epochs (`fuse_amount`). */
export function fuseAmount(ids: Ids, first: Storage, second: Storage): void {
  ids.deleteId(second.id);
  ensure(
    first.start_epoch === second.start_epoch && first.end_epoch === second.end_epoch,
    at("storage_resource", "fuse_amount"),
    "EIncompatibleEpochs",
  );
  first.storage_size = u64(first.storage_size + second.storage_size);
}

/** `storage_resource.move::fuse`. */
export function fuse(ids: Ids, first: Storage, second: Storage): void {
  if (first.start_epoch === second.start_epoch) fuseAmount(ids, first, second);
  else fusePeriods(ids, first, second);
}
