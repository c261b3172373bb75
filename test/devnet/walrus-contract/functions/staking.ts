/** Bodies of `staking.move`. */
import type { MoveCall, MoveContext } from "../../ledger/move.ts";
import { abort, at, ensure } from "../rules/abort.ts";
import { extractBurnBalance } from "../rules/accounting.ts";
import { stake } from "../rules/pool.ts";
import {
  advanceSystem,
  computeNextCommittee,
  epochSyncDone,
  initiateEpochChange,
  nextBlsCommittee,
  poolMut,
  type StakingWorld,
  updateActiveSet,
  updatePrices,
  votingEnd,
} from "../rules/staking.ts";
import {
  argument,
  type Coin,
  type FieldParent,
  type StakingInner,
  type StakingPool,
  type StorageNodeCap,
  type VersionedObject,
} from "../values.ts";
import { type Bodies, NOTHING } from "./bodies.ts";
import { stakingInner, stakingInnerMut, systemInnerMut } from "./system-inner.ts";
import { burnWal } from "./treasury.ts";
import { stakingWorld } from "./world.ts";

/** Least stake: 1 WAL (`staked_wal.move::MIN_STAKING_THRESHOLD`). */
export const MIN_STAKE = 1_000_000_000n;

/** The two objects and the treasury an epoch change works on. */
export interface EpochObjects {
  readonly staking: VersionedObject;
  readonly system: VersionedObject;
  readonly treasury: FieldParent;
  readonly walPackage: string;
}

/** Bodies for a deployment of these packages. */
export function stakingBodies(walrusOriginal: string, walPackage: string): Bodies {
  const worldOf = (call: MoveCall): StakingWorld => stakingWorld(call.context, walrusOriginal);
  const vote = (
    field: keyof StakingPool["voting_params"],
  ): ((call: MoveCall) => readonly unknown[]) => {
    return (call) => {
      const { node_id } = argument(call, 1) as StorageNodeCap;
      const pool = poolMut(worldOf(call), innerMut(call), node_id);
      pool.voting_params[field] = argument(call, 2) as bigint;
      return NOTHING;
    };
  };
  return {
    "staking::stake_with_pool": (call) => [stakeWithPool(call, worldOf(call))],
    "staking::set_storage_price_vote": vote("storage_price"),
    "staking::set_write_price_vote": vote("write_price"),
    "staking::set_node_capacity_vote": vote("node_capacity"),
    "staking::update_prices": (call) => {
      const system = systemInnerMut(call.context, argument(call, 1) as VersionedObject);
      const staking = stakingInner(call.context, argument(call, 0) as VersionedObject);
      updatePrices(worldOf(call), staking, system);
      return NOTHING;
    },
    "staking::voting_end": (call) => {
      votingEnd(worldOf(call), innerMut(call), clockMs(call, 1));
      return NOTHING;
    },
    "staking::initiate_epoch_change": () =>
      abort(at("staking", "initiate_epoch_change"), "EDeprecatedFunction"),
    "staking::initiate_epoch_change_v2": (call) => {
      const objects = {
        staking: argument(call, 0) as VersionedObject,
        system: argument(call, 1) as VersionedObject,
        treasury: argument(call, 2) as FieldParent,
        walPackage,
      };
      initiateEpochChangeV2(call.context, worldOf(call), objects, clockMs(call, 3));
      return NOTHING;
    },
    "staking::epoch_sync_done": (call) => {
      const [cap, epoch] = [argument(call, 1) as StorageNodeCap, argument(call, 2) as number];
      epochSyncDone(worldOf(call), innerMut(call), cap, epoch, clockMs(call, 3));
      return NOTHING;
    },
    "staking::compute_next_committee": (call) => {
      const inner = stakingInner(call.context, argument(call, 0) as VersionedObject);
      return [computeNextCommittee(worldOf(call), inner)];
    },
    "staking::epoch": (call) => [
      stakingInner(call.context, argument(call, 0) as VersionedObject).epoch,
    ],
  };
}

/** `staking.move::initiate_epoch_change_v2`. */
export function initiateEpochChangeV2(
  context: MoveContext,
  world: StakingWorld,
  objects: EpochObjects,
  nowMs: bigint,
): void {
  const system = systemInnerMut(context, objects.system);
  burnWal(
    context,
    objects.treasury,
    objects.walPackage,
    extractBurnBalance(system.future_accounting),
  );
  const staking = stakingInnerMut(context, objects.staking);
  const committee = nextBlsCommittee(world, staking);
  const params = staking.next_epoch_params;
  ensure(params !== null, at("staking_inner", "advance_epoch"), "EWrongEpochState");
  const rewards = advanceSystem(world, system, committee, params);
  initiateEpochChange(world, staking, nowMs, rewards);
  updatePrices(world, staking, system);
}

/** `staking_inner.move::stake_with_pool`, `staked_wal.move::mint`. */
function stakeWithPool(call: MoveCall, world: StakingWorld): unknown {
  const inner = innerMut(call);
  const [coin, nodeId] = [argument(call, 1) as Coin, argument(call, 2) as string];
  call.context.deleteId(coin.id);
  const pool = poolMut(world, inner, nodeId);
  const activation_epoch = inner.epoch + (inner.next_committee === null ? 1 : 2);
  stake(pool, coin.balance.value, activation_epoch);
  ensure(coin.balance.value >= MIN_STAKE, at("staked_wal", "mint"), "EStakeBelowThreshold");
  updateActiveSet(world, inner, pool);
  return {
    id: call.context.freshId(),
    state: { $kind: "Staked", Staked: true },
    node_id: nodeId,
    principal: coin.balance,
    activation_epoch,
  };
}

function innerMut(call: MoveCall): StakingInner {
  return stakingInnerMut(call.context, argument(call, 0) as VersionedObject);
}

function clockMs(call: MoveCall, index: number): bigint {
  return (argument(call, index) as { timestamp_ms: bigint }).timestamp_ms;
}
