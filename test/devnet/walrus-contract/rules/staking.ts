/** The epoch state machine (`staking/staking_inner.move`, `staking.move`). */
import type { MoveContext } from "../../ledger/move.ts";
import type {
  ActiveSet,
  Balance,
  BlsCommittee,
  Committee,
  CurvePoint,
  EpochParams,
  StakingInner,
  StakingPool,
  StorageNodeCap,
  SystemInner,
  VecMap,
} from "../values.ts";
import { abort, at, ensure, U64_MAX } from "./abort.ts";
import { addCurrentReward, ringLookup, ringPopExpand } from "./accounting.ts";
import { insertOrUpdateActive } from "./active-set.ts";
import { dhondt, isQuorum, quorumAbove, quorumBelow } from "./apportionment.ts";
import { emptyMap, mapGet, splitBalance } from "./balance.ts";
import { newBlsCommittee } from "./certificate.ts";
import {
  diffCommittees,
  initializeCommittee,
  nodeIdsOf,
  transitionCommittee,
} from "./committee.ts";
import type { Emit } from "./events.ts";
import { advancePool, clearBlockedCommission, type PoolWorld, walBalanceAtEpoch } from "./pool.ts";

const ID = "0x2::object::ID";
const STAKING = "staking_inner";

/** What the epoch rules need of the ledger and of the deployment. */
export interface StakingWorld extends PoolWorld {
  readonly fields: PoolWorld["fields"] &
    Pick<MoveContext, "readObjectField" | "mutateObjectField" | "hasObjectField">;
  /** `extended_field::Key`. */
  readonly extendedFieldKeyType: string;
  readonly emit: Emit;
}

/** A member's share of the old epoch's rewards. */
export type Rewards = readonly { readonly nodeId: string; readonly reward: Balance }[];

/** `staking_inner.move::compute_next_committee`. */
export function computeNextCommittee(world: StakingWorld, inner: StakingInner): Committee {
  const { nodes } = readExtended(world, inner.active_set.id) as ActiveSet;
  const stakes = nodes.map((node) => node.staked_amount);
  const shards = dhondt(inner.n_shards, stakes);
  const assignment = nodes
    .map((node, index) => [node.node_id, shards[index] ?? 0] as const)
    .filter(([, count]) => count > 0);
  return inner.committee.pos0.contents.length === 0
    ? initializeCommittee(assignment)
    : transitionCommittee(inner.committee, assignment);
}

/** Selects the next committee and parameters (`staking_inner.move::voting_end`). */
export function votingEnd(world: StakingWorld, inner: StakingInner, nowMs: bigint): void {
  const place = at(STAKING, "voting_end");
  const state = inner.epoch_state;
  if (state.$kind !== "EpochChangeDone") return abort(place, "EWrongEpochState");
  const lastChange = state.EpochChangeDone;
  ensure(nowMs >= votingDueMs(inner, lastChange), place, "EWrongEpochState");
  for (const nodeId of nodeIdsOf(inner.previous_committee)) {
    clearBlockedCommission(world, poolMut(world, inner, nodeId));
  }
  selectCommittee(world, inner);
  inner.epoch_state = { $kind: "NextParamsSelected", NextParamsSelected: lastChange };
  world.emit("EpochParametersSelected", { next_epoch: inner.epoch + 1 });
}

/** Earliest time of `voting_end`. */
export function votingDueMs(inner: StakingInner, lastChangeMs: bigint): bigint {
  return inner.epoch === 0 ? inner.first_epoch_start : lastChangeMs + inner.epoch_duration / 2n;
}

/** Earliest time of `initiate_epoch_change`. */
export function changeDueMs(inner: StakingInner, lastChangeMs: bigint): bigint {
  return inner.epoch === 0 ? inner.first_epoch_start : lastChangeMs + inner.epoch_duration;
}

/** The committee of the next epoch for the System (`staking_inner.move::next_bls_committee`). */
export function nextBlsCommittee(world: StakingWorld, inner: StakingInner): BlsCommittee {
  const place = at(STAKING, "next_bls_committee");
  ensure(inner.next_committee !== null, place, "ENextCommitteeIsEmpty");
  const keys = mutateExtended(world, inner.next_epoch_public_keys.id) as {
    value: VecMap<string, CurvePoint>;
  };
  const selected = keys.value.contents;
  keys.value = emptyMap();
  const members = inner.next_committee.pos0.contents.map(({ key, value }, index) => {
    const entry = selected[index];
    ensure(entry?.key === key, place, "EIncorrectNodeOrder");
    return { public_key: entry.value, weight: value.length, node_id: key };
  });
  return newBlsCommittee(inner.epoch + 1, members);
}

/** `system_state_inner.move::advance_epoch`: new committee, ring forward, rewards by weight. */
export function advanceSystem(
  world: StakingWorld,
  inner: SystemInner,
  committee: BlsCommittee,
  params: EpochParams,
): Rewards {
  const place = at("system_state_inner", "advance_epoch");
  const old = inner.committee;
  ensure(committee.epoch === old.epoch + 1, place, "EIncorrectCommittee");
  inner.committee = committee;
  const account = ringPopExpand(inner.future_accounting);
  ensure(account.epoch === old.epoch, place, "EInvalidAccountingEpoch");
  inner.event_blob_certification_state.aggregate_weight_per_blob = emptyMap();
  inner.used_capacity_size = ringLookup(inner.future_accounting, 0).used_capacity;
  const { total_capacity_size: capacity } = params;
  inner.total_capacity_size =
    capacity > inner.used_capacity_size ? capacity : inner.used_capacity_size;
  const denied = readExtended(world, inner.deny_list_sizes.id) as VecMap<string, bigint>;
  const stored = old.members.map((member) => {
    const hidden = mapGet(denied, member.node_id) ?? 0n;
    const counted = account.used_capacity > hidden ? account.used_capacity - hidden : 0n;
    return BigInt(member.weight) * counted;
  });
  const total = stored.reduce((sum, amount) => sum + amount, 0n) || 1n;
  const { rewards_to_distribute: rewards } = account;
  const rewardsTotal = rewards.value;
  const shares = old.members.map((member, index) => ({
    nodeId: member.node_id,
    reward: splitBalance(rewards, ((stored[index] ?? 0n) * rewardsTotal) / total),
  }));
  addCurrentReward(inner, rewards);
  return shares;
}

/** `staking_inner.move::initiate_epoch_change`. */
export function initiateEpochChange(
  world: StakingWorld,
  inner: StakingInner,
  nowMs: bigint,
  rewards: Rewards,
): void {
  const place = at(STAKING, "initiate_epoch_change");
  const state = inner.epoch_state;
  if (state.$kind !== "NextParamsSelected") return abort(place, "EWrongEpochState");
  ensure(nowMs >= changeDueMs(inner, state.NextParamsSelected), place, "EWrongEpochState");
  ensure(inner.next_committee !== null, at(STAKING, "advance_epoch"), "EWrongEpochState");
  inner.epoch += 1;
  inner.previous_committee = inner.committee;
  inner.committee = inner.next_committee;
  inner.next_committee = null;
  inner.epoch_state = { $kind: "EpochChangeSync", EpochChangeSync: 0 };
  for (const { nodeId, reward } of rewards) advanceNode(world, inner, nodeId, reward);
  const [, joined] = diffCommittees(inner.previous_committee, inner.committee);
  for (const nodeId of joined) advanceNode(world, inner, nodeId, { value: 0n });
  world.emit("EpochChangeStart", { epoch: inner.epoch });
}

/** A node has its shards (`staking_inner.move::epoch_sync_done`). */
export function epochSyncDone(
  world: StakingWorld,
  inner: StakingInner,
  cap: StorageNodeCap,
  epoch: number,
  nowMs: bigint,
): void {
  const place = at(STAKING, "epoch_sync_done");
  ensure(epoch === inner.epoch, place, "EInvalidSyncEpoch");
  ensure(cap.last_epoch_sync_done < inner.epoch, place, "EDuplicateSyncDone");
  cap.last_epoch_sync_done = inner.epoch;
  const shards = mapGet(inner.committee.pos0, cap.node_id);
  ensure(shards !== undefined, place, "ENotInCommittee");
  if (inner.epoch_state.$kind === "EpochChangeSync") {
    const weight = inner.epoch_state.EpochChangeSync + shards.length;
    if (isQuorum(weight, inner.n_shards)) {
      inner.epoch_state = { $kind: "EpochChangeDone", EpochChangeDone: nowMs };
      world.emit("EpochChangeDone", { epoch: inner.epoch });
    } else {
      inner.epoch_state = { $kind: "EpochChangeSync", EpochChangeSync: weight };
    }
  }
  world.emit("ShardsReceived", { epoch: inner.epoch, shards });
}

/** `staking.move::update_prices`: the votes of the committee become the prices now. */
export function updatePrices(
  world: StakingWorld,
  staking: StakingInner,
  system: SystemInner,
): void {
  const prices = recalculatePrices(world, staking);
  system.storage_price_per_unit_size = prices.storage;
  system.write_price_per_unit_size = prices.write;
  world.emit("PricesUpdated", {
    epoch: staking.epoch,
    storage_price: prices.storage,
    write_price: prices.write,
  });
}

/** A pool to change (`ObjectTable` keyed by node id). */
export function poolMut(world: StakingWorld, inner: StakingInner, nodeId: string): StakingPool {
  return world.fields.mutateObjectField(inner.pools.id, ID, nodeId).value as StakingPool;
}

/** Enters the node's stake into the active set as `stake_with_pool` does. */
export function updateActiveSet(world: StakingWorld, inner: StakingInner, pool: StakingPool): void {
  const ahead = inner.epoch_state.$kind === "NextParamsSelected" ? 2 : 1;
  enterActiveSet(world, inner, pool, inner.epoch + ahead);
}

/** `staking_inner.move::recalculate_prices`. */
function recalculatePrices(
  world: StakingWorld,
  inner: StakingInner,
): { readonly storage: bigint; readonly write: bigint } {
  const { contents } = inner.committee.pos0;
  if (contents.length === 0) return { storage: U64_MAX, write: U64_MAX };
  const votes = contents.map(({ key, value }) => {
    const pool = world.fields.readObjectField(inner.pools.id, ID, key).value as StakingPool;
    return { params: pool.voting_params, weight: value.length };
  });
  const vote = (field: "storage_price" | "write_price"): bigint =>
    quorumBelow(
      votes.map(({ params, weight }) => ({ value: params[field], weight })),
      inner.n_shards,
    );
  return { storage: vote("storage_price"), write: vote("write_price") };
}

/** `staking_inner.move::select_committee_and_calculate_votes`. */
function selectCommittee(world: StakingWorld, inner: StakingInner): void {
  const place = at(STAKING, "select_committee_and_calculate_votes");
  ensure(inner.next_committee === null, place, "ECommitteeSelected");
  const committee = computeNextCommittee(world, inner);
  const keys = emptyMap<string, CurvePoint>();
  const votes = committee.pos0.contents.map(({ key, value }) => {
    const { node_info, voting_params } = poolMut(world, inner, key);
    const weight = value.length;
    ensure(weight > 0, place, "EZeroNodeWeight");
    keys.contents.push({ key, value: node_info.next_epoch_public_key ?? node_info.public_key });
    const capacity = (voting_params.node_capacity * BigInt(inner.n_shards)) / BigInt(weight);
    return { value: capacity < U64_MAX ? capacity : U64_MAX, weight };
  });
  (
    mutateExtended(world, inner.next_epoch_public_keys.id) as { value: VecMap<string, CurvePoint> }
  ).value = keys;
  inner.next_committee = committee;
  inner.next_epoch_params = {
    total_capacity_size: quorumAbove(votes, inner.n_shards),
    storage_price_per_unit_size: U64_MAX,
    write_price_per_unit_size: U64_MAX,
  };
}

function advanceNode(
  world: StakingWorld,
  inner: StakingInner,
  nodeId: string,
  reward: Balance,
): void {
  const pool = poolMut(world, inner, nodeId);
  advancePool(world, pool, reward, inner.epoch);
  enterActiveSet(world, inner, pool, inner.epoch + 1);
}

function enterActiveSet(
  world: StakingWorld,
  inner: StakingInner,
  pool: StakingPool,
  epoch: number,
): void {
  const set = mutateExtended(world, inner.active_set.id) as { value: ActiveSet };
  insertOrUpdateActive(set.value, pool.id, walBalanceAtEpoch(world, pool, epoch));
}

/** `extended_field.move::borrow`. */
function readExtended(world: StakingWorld, id: string): unknown {
  return world.fields.readField(id, world.extendedFieldKeyType, {}).value;
}

/** `extended_field.move::borrow_mut` and `swap`: assign `value` to replace. */
function mutateExtended(world: StakingWorld, id: string): { value: unknown } {
  return world.fields.mutateField(id, world.extendedFieldKeyType, {});
}
