/** Shards by stake and values by weighted quorum (`staking/staking_inner.move`). Pure. */
import { at, ensure } from "./abort.ts";

const MIN_NODES_FOR_SHARD_LIMIT = 20;
const SHARD_LIMIT_DENOMINATOR = 10;
const FRACTION_BITS = 64n;

/** A vote and the shards behind it. */
export interface Vote {
  readonly value: bigint;
  readonly weight: number;
}

/**
 * D'Hondt's method with a cap per node (`staking_inner.move::dhondt`). Ties go to the node that
 * comes first.
 *
 * @returns Shards of each node, in the order of `stakes`.
 */
export function dhondt(shardCount: number, stakes: readonly bigint[]): readonly number[] {
  const total = stakes.reduce((sum, stake) => sum + stake, 0n);
  ensure(total > 0n, at("staking_inner", "dhondt"), "ENoStake");
  const limit = maxShardsPerNode(stakes.length, shardCount);
  const divisor = total / BigInt(shardCount + 1) + 1n;
  const shards = stakes.map((stake) => Math.min(Number(stake / divisor), limit));
  let given = shards.reduce((sum, count) => sum + count, 0);
  while (given < shardCount) {
    const winner = highestQuotient(stakes, shards, limit);
    shards[winner] = (shards[winner] ?? 0) + 1;
    given += 1;
  }
  return shards;
}

/** Most shards one node may hold (`staking_inner.move::max_shards_per_node`). */
export function maxShardsPerNode(nodeCount: number, shardCount: number): number {
  if (nodeCount >= MIN_NODES_FOR_SHARD_LIMIT) {
    return Math.floor(shardCount / SHARD_LIMIT_DENOMINATOR);
  }
  return Math.ceil(
    (shardCount * MIN_NODES_FOR_SHARD_LIMIT) / (nodeCount * SHARD_LIMIT_DENOMINATOR),
  );
}

/** Highest value that a quorum votes for or above (`quorum_above`): the capacity. */
export function quorumAbove(votes: readonly Vote[], shardCount: number): bigint {
  let weight = 0;
  for (const vote of descending(votes)) {
    weight += vote.weight;
    if (isQuorum(weight, shardCount)) return vote.value;
  }
  throw new RangeError(`Cannot find a quorum: votes weigh ${weight} of ${shardCount}`);
}

/** Lowest value that a quorum votes for or below (`quorum_below`): the prices. */
export function quorumBelow(votes: readonly Vote[], shardCount: number): bigint {
  let weight = shardCount;
  for (const vote of descending(votes)) {
    weight -= vote.weight;
    if (!isQuorum(weight, shardCount)) return vote.value;
  }
  throw new RangeError(`Cannot find a quorum: ${weight} of ${shardCount} did not vote`);
}

/** `staking_inner.move::is_quorum_for_n_shards`. */
export function isQuorum(weight: number, shardCount: number): boolean {
  return 3 * weight >= 2 * shardCount + 1;
}

function highestQuotient(
  stakes: readonly bigint[],
  shards: readonly number[],
  limit: number,
): number {
  let winner = -1;
  let highest = -1n;
  for (const [index, stake] of stakes.entries()) {
    const held = shards[index] ?? 0;
    if (held === limit) continue;
    const quotient = (stake << FRACTION_BITS) / BigInt(held + 1);
    if (quotient > highest) [winner, highest] = [index, quotient];
  }
  if (winner < 0) throw new RangeError("Cannot apportion: every node is at its limit");
  return winner;
}

function descending(votes: readonly Vote[]): readonly Vote[] {
  return votes.toSorted((left, right) => (left.value < right.value ? 1 : -1));
}
