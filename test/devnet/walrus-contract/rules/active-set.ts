/** The nodes with most stake (`staking/active_set.move`). */
import type { ActiveSet } from "../values.ts";

/** `staking_inner.move::TEMP_ACTIVE_SET_SIZE_LIMIT`. */
export const ACTIVE_SET_SIZE = 111;

/** `active_set.move::new`. */
export function newActiveSet(): ActiveSet {
  return { max_size: ACTIVE_SET_SIZE, threshold_stake: 0n, nodes: [], total_stake: 0n };
}

/** `active_set.move::insert_or_update`: false when the stake does not suffice. */
export function insertOrUpdateActive(set: ActiveSet, nodeId: string, amount: bigint): boolean {
  if (amount === 0n || amount < set.threshold_stake) {
    removeActive(set, nodeId);
    return false;
  }
  const entry = set.nodes.find((node) => node.node_id === nodeId);
  if (entry === undefined) return insertActive(set, nodeId, amount);
  set.total_stake += amount - entry.staked_amount;
  entry.staked_amount = amount;
  return true;
}

function insertActive(set: ActiveSet, nodeId: string, amount: bigint): boolean {
  const entry = { node_id: nodeId, staked_amount: amount };
  if (set.nodes.length < set.max_size) {
    set.nodes.push(entry);
    set.total_stake += amount;
    return true;
  }
  const least = set.nodes.reduce((min, node) =>
    node.staked_amount < min.staked_amount ? node : min,
  );
  if (least.staked_amount >= amount) return false;
  set.nodes[set.nodes.indexOf(least)] = entry;
  set.total_stake += amount - least.staked_amount;
  return true;
}

/** `active_set.move::remove`: the last entry takes the place (`swap_remove`). */
function removeActive(set: ActiveSet, nodeId: string): void {
  const index = set.nodes.findIndex((node) => node.node_id === nodeId);
  const removed = set.nodes[index];
  const last = set.nodes.at(-1);
  if (removed === undefined || last === undefined) return;
  set.nodes[index] = last;
  set.nodes.pop();
  set.total_stake -= removed.staked_amount;
}
