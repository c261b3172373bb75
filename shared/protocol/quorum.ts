/**
 * How much weight decides what. Weight is counted in shards. Pure.
 *
 * Sources: Move `bls_aggregate.move::is_quorum`, `includes_one_correct_node`; walrus-sui
 * `types.rs::Committee::is_quorum`, `is_above_validity`, `is_at_least_min_n_correct`.
 */

/** f: the shards that may be faulty, floor((n - 1) / 3). */
export function faultyShardCount(shardCount: number): number {
  return Math.floor((shardCount - 1) / 3);
}

/** Weight > 2f: at least f + 1 honest shards agree. */
export function isQuorum(weight: number, shardCount: number): boolean {
  return weight > 2 * faultyShardCount(shardCount);
}

/** Weight > f: at least one honest shard is among them. */
export function isAboveValidity(weight: number, shardCount: number): boolean {
  return weight > faultyShardCount(shardCount);
}

/** Weight >= n - f: what honest shards alone can reach; a certificate needs it. */
export function isAtLeastMinCorrect(weight: number, shardCount: number): boolean {
  return weight >= shardCount - faultyShardCount(shardCount);
}

/** What the contract asks of a certificate: 3 · weight >= 2n + 1. */
export function isOnChainQuorum(weight: number, shardCount: number): boolean {
  return 3 * weight >= 2 * shardCount + 1;
}

/** What the contract asks for an invalid blob ID: 3 · weight >= n + 1. */
export function includesOneCorrectNode(weight: number, shardCount: number): boolean {
  return 3 * weight >= shardCount + 1;
}

/** The least weight that satisfies both the client's and the contract's rule for a certificate. */
export function certificateWeightMin(shardCount: number): number {
  const correct = shardCount - faultyShardCount(shardCount);
  return Math.max(correct, Math.ceil((2 * shardCount + 1) / 3));
}
