/**
 * How much weight decides what. Weight is counted in shards. Pure.
 *
 * Sources: Move `bls_aggregate.move::is_quorum`; walrus-sui
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

/**
 * The least weight of a certificate: the client asks for n - f (`is_at_least_min_n_correct`), the
 * contract for 3 · weight >= 2n + 1 (`is_quorum`).
 */
export function certificateWeightMin(shardCount: number): number {
  const correct = shardCount - faultyShardCount(shardCount);
  return Math.max(correct, Math.ceil((2 * shardCount + 1) / 3));
}
