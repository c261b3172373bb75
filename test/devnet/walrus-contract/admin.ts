/** What the local network's operator may do or ask besides transactions. */
import type { SystemContext } from "../ledger/move.ts";
import type { CommitteeMemberState, NetworkEpochState, WalrusDeployment } from "./deployment.ts";
import { stakingInner, systemInner, systemInnerMut } from "./functions/system-inner.ts";
import { stakingWorld } from "./functions/world.ts";
import { nodeIdsOf } from "./rules/committee.ts";
import { poolMut, updatePrices } from "./rules/staking.ts";
import type { Committee, StakingInner, VersionedObject } from "./values.ts";

const PHASES = {
  EpochChangeSync: "sync",
  EpochChangeDone: "done",
  NextParamsSelected: "selected",
} as const satisfies Record<StakingInner["epoch_state"]["$kind"], NetworkEpochState["phase"]>;

/**
 * Every node of the committee votes for the new prices, which count at once
 * (`staking.move::set_storage_price_vote`, `update_prices`). Emits `PricesUpdated`.
 */
export function setPrices(
  context: SystemContext,
  deployment: WalrusDeployment,
  prices: { readonly storagePrice?: bigint | undefined; readonly writePrice?: bigint | undefined },
): void {
  const world = stakingWorld(context, deployment.addresses.walrusOriginal);
  const staking = stakingInner(context, object(context.mutateObject(deployment.stakingId)));
  const system = systemInnerMut(context, object(context.mutateObject(deployment.systemId)));
  for (const nodeId of nodeIdsOf(staking.committee)) {
    const vote = poolMut(world, staking, nodeId).voting_params;
    vote.storage_price = prices.storagePrice ?? vote.storage_price;
    vote.write_price = prices.writePrice ?? vote.write_price;
  }
  updatePrices(world, staking, system);
}

/** Epoch, committees and prices as the two objects hold them. */
export function readEpochState(
  context: Pick<SystemContext, "readObject" | "readField" | "mutateField">,
  deployment: WalrusDeployment,
): NetworkEpochState {
  const staking = stakingInner(context, object(context.readObject(deployment.stakingId)));
  const system = systemInner(context, object(context.readObject(deployment.systemId)));
  return {
    epoch: staking.epoch,
    phase: PHASES[staking.epoch_state.$kind],
    shardCount: staking.n_shards,
    committee: members(staking.committee),
    previousCommittee: members(staking.previous_committee),
    storagePrice: system.storage_price_per_unit_size,
    writePrice: system.write_price_per_unit_size,
  };
}

function members(committee: Committee): readonly CommitteeMemberState[] {
  return committee.pos0.contents.map(({ key, value }) => ({
    nodeId: key,
    shardIndices: [...value],
  }));
}

function object(found: { readonly value: unknown }): VersionedObject {
  return found.value as VersionedObject;
}
