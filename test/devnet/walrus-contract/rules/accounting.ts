/** Prices and the ring of future epochs (`storage_accounting.move`, `system_state_inner.move`). */
import type { AccountingRing, Balance, FutureAccounting, SystemInner } from "../values.ts";
import { at, ensure, u64 } from "./abort.ts";
import { joinBalance, splitBalance } from "./balance.ts";

/** Storage is sold in units of 1 MiB (`system_state_inner.move::BYTES_PER_UNIT_SIZE`). */
export const BYTES_PER_UNIT = 1_048_576n;
/** Longest ring the contract allows (`system_state_inner.move::MAX_MAX_EPOCHS_AHEAD`). */
export const MAX_MAX_EPOCHS_AHEAD = 1000;
/** Share of an epoch's rewards that is burned (`extract_burn_balance`). */
const BURNED_PERCENT = 3n;

/** An empty ring for epochs 0 to `length - 1` (`storage_accounting.move::ring_new`). */
export function newRing(length: number): AccountingRing {
  ensure(
    length <= MAX_MAX_EPOCHS_AHEAD,
    at("system_state_inner", "create_empty"),
    "EInvalidMaxEpochsAhead",
  );
  const ring_buffer = Array.from({ length }, (_, epoch) => emptyAccounting(epoch));
  return { current_index: 0, length, ring_buffer };
}

/** The account of the epoch `epochsInFuture` from now (`ring_lookup_mut`). */
export function ringLookup(ring: AccountingRing, epochsInFuture: number): FutureAccounting {
  const place = at("storage_accounting", "ring_lookup_mut");
  ensure(epochsInFuture < ring.length, place, "ETooFarInFuture");
  const account = ring.ring_buffer[(epochsInFuture + ring.current_index) % ring.length];
  if (account === undefined) throw new RangeError("Cannot look up the ring: it is damaged");
  return account;
}

/** Takes the current epoch's account and opens one at the far end (`ring_pop_expand`). */
export function ringPopExpand(ring: AccountingRing): FutureAccounting {
  const current = ringLookup(ring, 0);
  ring.ring_buffer[ring.current_index] = emptyAccounting(current.epoch + ring.length);
  ring.current_index = (ring.current_index + 1) % ring.length;
  return current;
}

/** Takes the share of the current rewards that is burned (`extract_burn_balance`). */
export function extractBurnBalance(ring: AccountingRing): Balance {
  const rewards = ringLookup(ring, 0).rewards_to_distribute;
  return splitBalance(rewards, (rewards.value * BURNED_PERCENT) / 100n);
}

/** Units of 1 MiB that hold `bytes`, rounded up. */
export function storageUnits(bytes: bigint): bigint {
  return (bytes + BYTES_PER_UNIT - 1n) / BYTES_PER_UNIT;
}

/** FROST for writing `encodedBytes` once (`system_state_inner.move::write_price`). */
export function writePrice(inner: SystemInner, encodedBytes: bigint): bigint {
  return u64(inner.write_price_per_unit_size * storageUnits(encodedBytes));
}

/**
 * Pays for `bytes` in each of the epochs `[startOffset, endOffset)`
 * (`system_state_inner.move::process_storage_payments`).
 */
export function payForStorage(
  inner: SystemInner,
  bytes: bigint,
  startOffset: number,
  endOffset: number,
  payment: Balance,
): void {
  const perEpoch = u64(inner.storage_price_per_unit_size * storageUnits(bytes));
  for (let offset = startOffset; offset < endOffset; offset++) {
    const paid = splitBalance(payment, perEpoch);
    joinBalance(ringLookup(inner.future_accounting, offset).rewards_to_distribute, paid);
  }
}

/**
 * Counts `bytes` as used in each of the epochs `[startOffset, endOffset)`.
 *
 * @throws {MoveAbort} `EStorageExceeded` in the first epoch where they do not fit.
 */
export function useCapacity(
  inner: SystemInner,
  bytes: bigint,
  startOffset: number,
  endOffset: number,
  functionName: string,
): void {
  for (let offset = startOffset; offset < endOffset; offset++) {
    const account = ringLookup(inner.future_accounting, offset);
    account.used_capacity = u64(account.used_capacity + bytes);
    if (offset === 0) inner.used_capacity_size = account.used_capacity;
    ensure(
      account.used_capacity <= inner.total_capacity_size,
      at("system_state_inner", functionName),
      "EStorageExceeded",
    );
  }
}

/** Puts `paid` into the current epoch's rewards. */
export function addCurrentReward(inner: SystemInner, paid: Balance): void {
  joinBalance(ringLookup(inner.future_accounting, 0).rewards_to_distribute, paid);
}

function emptyAccounting(epoch: number): FutureAccounting {
  return { epoch, used_capacity: 0n, rewards_to_distribute: { value: 0n } };
}
