/**
 * Epoch changes on demand: the contract's own steps, without waiting for its clock.
 *
 * `startEpochChange` runs `voting_end` and `initiate_epoch_change_v2` at the time they are due;
 * `finishEpochChange` lets every node report its shards (`epoch_sync_done`).
 */
import type { SystemContext } from "../ledger/move.ts";
import { readEpochState } from "./admin.ts";
import type { NetworkEpochState, WalrusAddresses, WalrusDeployment } from "./deployment.ts";
import { initiateEpochChangeV2 } from "./functions/staking.ts";
import { stakingInnerMut } from "./functions/system-inner.ts";
import { stakingWorld } from "./functions/world.ts";
import { nodeIdsOf, rotateShards } from "./rules/committee.ts";
import { changeDueMs, epochSyncDone, votingDueMs, votingEnd } from "./rules/staking.ts";
import type { FieldParent, StakingInner, StorageNodeCap, VersionedObject } from "./values.ts";

/** How to start an epoch change. */
export interface EpochChangeOptions {
  /** Share of all shards (0 to 1) that get a new owner besides those that stake moves; 0. */
  readonly movedShare?: number | undefined;
}

/** The live objects an epoch change works on. */
export interface EpochChangeObjects {
  readonly staking: VersionedObject;
  readonly system: VersionedObject;
  readonly treasury: FieldParent;
}

/**
 * Starts the next epoch: new committee in both objects, state `sync`.
 *
 * @throws {RangeError} When the last change is not finished, or for a share outside 0 to 1.
 */
export function startEpochChange(
  context: SystemContext,
  deployment: WalrusDeployment,
  options: EpochChangeOptions = {},
): NetworkEpochState {
  const objects = {
    staking: context.mutateObject(deployment.stakingId).value as VersionedObject,
    system: context.mutateObject(deployment.systemId).value as VersionedObject,
    treasury: context.mutateObject(deployment.treasuryId).value as FieldParent,
  };
  beginEpoch(context, deployment.addresses, objects, options);
  return readEpochState(context, deployment);
}

/**
 * Ends an epoch change: every member of the new committee reports its shards.
 *
 * @throws {RangeError} When no change is under way.
 */
export function finishEpochChange(
  context: SystemContext,
  deployment: WalrusDeployment,
): NetworkEpochState {
  const staking = context.mutateObject(deployment.stakingId).value as VersionedObject;
  syncNodes(context, deployment.addresses, staking, (nodeId) => {
    const capId = deployment.capIds[nodeId];
    if (capId === undefined) throw new RangeError(`Cannot sync ${nodeId}: no cap is known`);
    return context.mutateObject(capId).value as StorageNodeCap;
  });
  return readEpochState(context, deployment);
}

/** The first half on objects at hand (those of a running genesis are not in the store yet). */
export function beginEpoch(
  context: SystemContext,
  addresses: WalrusAddresses,
  objects: EpochChangeObjects,
  { movedShare = 0 }: EpochChangeOptions = {},
): void {
  if (!(movedShare >= 0 && movedShare <= 1)) {
    throw new RangeError(`Cannot move shards: expected a share from 0 to 1, got ${movedShare}`);
  }
  const inner = stakingInnerMut(context, objects.staking);
  const world = stakingWorld(context, addresses.walrusOriginal);
  if (inner.epoch_state.$kind === "EpochChangeSync") {
    throw new RangeError("Cannot start an epoch change: the last one is not finished");
  }
  if (inner.epoch_state.$kind === "EpochChangeDone") {
    const due = votingDueMs(inner, inner.epoch_state.EpochChangeDone);
    votingEnd(world, inner, atLeast(context, due));
  }
  moveShards(inner, movedShare);
  const due = changeDueMs(inner, lastChangeMs(inner));
  const all = { ...objects, walPackage: addresses.wal };
  initiateEpochChangeV2(context, world, all, atLeast(context, due));
}

/** The second half on objects at hand. */
export function syncNodes(
  context: SystemContext,
  addresses: WalrusAddresses,
  staking: VersionedObject,
  capOf: (nodeId: string) => StorageNodeCap,
): void {
  const inner = stakingInnerMut(context, staking);
  if (inner.epoch_state.$kind !== "EpochChangeSync") {
    throw new RangeError("Cannot finish an epoch change: none is under way");
  }
  const world = stakingWorld(context, addresses.walrusOriginal);
  for (const nodeId of nodeIdsOf(inner.committee)) {
    const cap = capOf(nodeId);
    if (cap.last_epoch_sync_done === inner.epoch) continue;
    epochSyncDone(world, inner, cap, inner.epoch, BigInt(context.nowMs));
  }
}

function moveShards(inner: StakingInner, share: number): void {
  if (inner.next_committee === null) return;
  const count = Math.round(share * inner.n_shards);
  inner.next_committee = rotateShards(inner.next_committee, count);
}

function lastChangeMs(inner: StakingInner): bigint {
  const state = inner.epoch_state;
  if (state.$kind !== "NextParamsSelected") {
    throw new RangeError(`Cannot read the last change: the state is ${state.$kind}`);
  }
  return state.NextParamsSelected;
}

function atLeast(context: SystemContext, dueMs: bigint): bigint {
  const now = BigInt(context.nowMs);
  return now > dueMs ? now : dueMs;
}
