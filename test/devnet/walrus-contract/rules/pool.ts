/** A node's staking pool (`staking/staking_pool.move`): stake, rewards, shares. */
import type { MoveContext } from "../../ledger/move.ts";
import type { Balance, ExchangeRate, PendingValues, StakingPool } from "../values.ts";
import { at, ensure, u64 } from "./abort.ts";
import { joinBalance, mapGet, mapInsert, splitBalance } from "./balance.ts";

const BASIS_POINTS = 10_000n;
const FLAT: ExchangeRate = { $kind: "Flat", Flat: true };

/** What the rules of a pool need of the ledger and of the deployment. */
export interface PoolWorld {
  readonly fields: Pick<
    MoveContext,
    "addField" | "hasField" | "readField" | "mutateField" | "removeField"
  >;
  readonly exchangeRateType: string;
  /** Type of the key of the blocked commission in the pool's bag. */
  readonly blockedCommissionKeyType: string;
}

/** `staking_pool.move::wal_balance_at_epoch`: stake that counts in `epoch`. */
export function walBalanceAtEpoch(world: PoolWorld, pool: StakingPool, epoch: number): bigint {
  const rate = newExchangeRate(pool.wal_balance, pool.num_shares);
  const shares =
    pendingUpTo(pool.pending_shares_withdraw, epoch) + preActiveShares(world, pool, epoch);
  const staked = pool.wal_balance + pendingUpTo(pool.pending_stake, epoch);
  return u64(staked - toWal(rate, shares));
}

/** Adds stake that counts from `activationEpoch` on (`staking_pool.move::stake`). */
export function stake(pool: StakingPool, amount: bigint, activationEpoch: number): void {
  const place = at("staking_pool", "stake");
  ensure(pool.state.$kind === "Active", place, "EPoolIsNotActive");
  ensure(amount > 0n, place, "EZeroStake");
  const { pos0 } = pool.pending_stake;
  const entry = pos0.contents.find(({ key }) => key === activationEpoch);
  if (entry === undefined) mapInsert(pos0, activationEpoch, amount);
  else entry.value = u64(entry.value + amount);
}

/** Takes the rewards of the old epoch and opens the new one (`staking_pool.move::advance_epoch`). */
export function advancePool(
  world: PoolWorld,
  pool: StakingPool,
  rewards: Balance,
  epoch: number,
): void {
  const place = at("staking_pool", "advance_epoch");
  ensure(epoch > pool.latest_epoch, place, "EPoolAlreadyUpdated");
  ensure(rewards.value === 0n || pool.wal_balance > 0n, place, "EIncorrectEpochAdvance");
  const commission = (rewards.value * BigInt(pool.commission_rate)) / BASIS_POINTS;
  addBlockedCommission(world, pool, splitBalance(rewards, commission));
  const rate = mapGet(pool.pending_commission_rate.pos0, epoch);
  if (rate !== undefined) {
    pool.commission_rate = Number(rate);
    flush(pool.pending_commission_rate, epoch);
  }
  pool.wal_balance = u64(pool.wal_balance + rewards.value);
  joinBalance(pool.rewards_pool, rewards);
  pool.latest_epoch = epoch;
  if (pool.node_info.next_epoch_public_key !== null) {
    pool.node_info.public_key = pool.node_info.next_epoch_public_key;
    pool.node_info.next_epoch_public_key = null;
  }
  processPendingStake(world, pool, epoch);
}

/** `staking_pool.move::clear_blocked_commission`. */
export function clearBlockedCommission(world: PoolWorld, pool: StakingPool): void {
  const { id } = pool.extra_fields;
  if (!world.fields.hasField(id, world.blockedCommissionKeyType, {})) return;
  world.fields.removeField(id, world.blockedCommissionKeyType, {});
  pool.extra_fields.size -= 1n;
}

/** Records the exchange rate of `epoch` in the pool's table. */
export function recordExchangeRate(
  world: PoolWorld,
  pool: StakingPool,
  epoch: number,
  rate: ExchangeRate = FLAT,
): void {
  world.fields.addField(pool.exchange_rates.id, "u32", epoch, world.exchangeRateType, rate);
  pool.exchange_rates.size += 1n;
}

function addBlockedCommission(world: PoolWorld, pool: StakingPool, commission: Balance): void {
  const amount = commission.value;
  joinBalance(pool.commission, commission);
  const { id } = pool.extra_fields;
  const keyType = world.blockedCommissionKeyType;
  if (world.fields.hasField(id, keyType, {})) {
    const blocked = world.fields.mutateField(id, keyType, {});
    blocked.value = u64((blocked.value as bigint) + amount);
    return;
  }
  world.fields.addField(id, keyType, {}, "u64", amount);
  pool.extra_fields.size += 1n;
}

/** `staking_pool.move::process_pending_stake`. */
function processPendingStake(world: PoolWorld, pool: StakingPool, epoch: number): void {
  const rate = newExchangeRate(pool.wal_balance, pool.num_shares);
  recordExchangeRate(world, pool, epoch, rate);
  pool.wal_balance = u64(pool.wal_balance + flush(pool.pending_stake, epoch));
  const preActive = preActiveShares(world, pool, epoch);
  flush(pool.pre_active_withdrawals, epoch);
  const withdrawal = toWal(rate, flush(pool.pending_shares_withdraw, epoch) + preActive);
  const place = at("staking_pool", "process_pending_stake");
  ensure(pool.wal_balance >= withdrawal, place, "ECalculationError");
  pool.wal_balance -= withdrawal;
  pool.num_shares = toShares(rate, pool.wal_balance);
}

function preActiveShares(world: PoolWorld, pool: StakingPool, epoch: number): bigint {
  let shares = 0n;
  for (const { key, value } of pool.pre_active_withdrawals.pos0.contents) {
    if (key <= epoch) shares += toShares(exchangeRateAt(world, pool, key - 1), value);
  }
  return shares;
}

/** `staking_pool.move::exchange_rate_at_epoch`. */
function exchangeRateAt(world: PoolWorld, pool: StakingPool, epoch: number): ExchangeRate {
  for (let at = epoch; at >= pool.activation_epoch; at--) {
    if (!world.fields.hasField(pool.exchange_rates.id, "u32", at)) continue;
    return world.fields.readField(pool.exchange_rates.id, "u32", at).value as ExchangeRate;
  }
  return FLAT;
}

/** `pool_exchange_rate.move::new`. */
function newExchangeRate(wal: bigint, shares: bigint): ExchangeRate {
  ensure(shares <= wal, at("pool_exchange_rate", "new"), "EInvalidRate");
  if (wal === 0n || shares === 0n) return FLAT;
  return { $kind: "Variable", Variable: { wal_amount: wal, share_amount: shares } };
}

function toWal(rate: ExchangeRate, shares: bigint): bigint {
  if (rate.$kind === "Flat") return shares;
  return (shares * rate.Variable.wal_amount) / rate.Variable.share_amount;
}

function toShares(rate: ExchangeRate, wal: bigint): bigint {
  if (rate.$kind === "Flat") return wal;
  return (wal * rate.Variable.share_amount) / rate.Variable.wal_amount;
}

function pendingUpTo(values: PendingValues, epoch: number): bigint {
  return values.pos0.contents.reduce(
    (sum, { key, value }) => (key <= epoch ? sum + value : sum),
    0n,
  );
}

/** `pending_values.move::flush`: takes all values up to `epoch` out. */
function flush(values: PendingValues, epoch: number): bigint {
  const sum = pendingUpTo(values, epoch);
  const { contents } = values.pos0;
  const later = contents.filter(({ key }) => key > epoch);
  contents.splice(0, contents.length, ...later);
  return sum;
}
