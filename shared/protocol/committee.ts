/**
 * A committee: which storage node owns which shards in one epoch. Pure.
 *
 * The order of `members` is the order of `BlsCommittee.members` on chain, which is also the order
 * of the bits in a signer bitmap (Move `bls_aggregate.move`, `staking/committee.move`): it is kept
 * as read and never sorted.
 */

/** One storage node of a committee. */
export interface CommitteeMember {
  /** Object ID of the node's staking pool: `0x` and 64 lowercase hex digits. */
  readonly nodeId: string;
  readonly name: string;
  /** Scheme, host and port, without a trailing slash: `https://node.example:9185`. */
  readonly baseUrl: string;
  /** BLS12-381 G1 key as the chain holds it: 96 bytes, uncompressed. */
  readonly publicKey: Uint8Array;
  /** Shards it owns; their number is its weight. */
  readonly shardIndices: readonly number[];
}

/** The committee of one epoch. Every shard has exactly one owner. */
export interface Committee {
  readonly epoch: number;
  /** n */
  readonly shardCount: number;
  /** On-chain order = bitmap order. */
  readonly members: readonly CommitteeMember[];
}

/** Why a committee read from the chain cannot be used. */
export type CommitteeFailure =
  | {
      readonly kind: "shard-out-of-range";
      readonly shardIndex: number;
      readonly shardCount: number;
    }
  | { readonly kind: "shard-owned-twice"; readonly shardIndex: number }
  | { readonly kind: "shard-without-owner"; readonly shardIndex: number };

/** Index of the owner of every shard, -1 where there is none; computed once for each committee. */
const ownersByCommittee = new WeakMap<Committee, readonly number[]>();

/**
 * Checks that every shard has exactly one owner.
 *
 * @returns `null` when it does.
 */
export function committeeFlaw(committee: Committee): CommitteeFailure | null {
  const owned = new Uint8Array(committee.shardCount);
  for (const member of committee.members) {
    for (const shardIndex of member.shardIndices) {
      if (shardIndex >= committee.shardCount) {
        return { kind: "shard-out-of-range", shardIndex, shardCount: committee.shardCount };
      }
      if (owned[shardIndex] === 1) return { kind: "shard-owned-twice", shardIndex };
      owned[shardIndex] = 1;
    }
  }
  const orphan = owned.indexOf(0);
  return orphan === -1 ? null : { kind: "shard-without-owner", shardIndex: orphan };
}

/**
 * The owner of `shardIndex`.
 *
 * @throws {RangeError} When the shard does not exist or has no owner.
 */
export function memberOfShard(committee: Committee, shardIndex: number): CommitteeMember {
  const memberIndex = ownersOf(committee)[shardIndex] ?? -1;
  if (memberIndex < 0) {
    throw new RangeError(
      `Cannot find owner: expected a shard in 0 … ${committee.shardCount - 1}, got ${shardIndex}`,
    );
  }
  return memberAt(committee, memberIndex);
}

/**
 * The member at a bitmap position.
 *
 * @throws {RangeError} When there is none.
 */
export function memberAt(committee: Committee, memberIndex: number): CommitteeMember {
  const member = committee.members[memberIndex];
  if (member === undefined) {
    throw new RangeError(
      `Cannot find member: expected 0 … ${committee.members.length - 1}, got ${memberIndex}`,
    );
  }
  return member;
}

/** Shards the members at these positions own together; each position counts once. */
export function weightOf(committee: Committee, memberIndices: Iterable<number>): number {
  let weight = 0;
  for (const memberIndex of new Set(memberIndices)) {
    weight += memberAt(committee, memberIndex).shardIndices.length;
  }
  return weight;
}

function ownersOf(committee: Committee): readonly number[] {
  const known = ownersByCommittee.get(committee);
  if (known !== undefined) return known;
  const owners = Array.from({ length: committee.shardCount }, () => -1);
  committee.members.forEach((member, memberIndex) => {
    for (const shardIndex of member.shardIndices) owners[shardIndex] = memberIndex;
  });
  ownersByCommittee.set(committee, owners);
  return owners;
}
