/** The committees as nodes are told of them. Plain data that crosses threads. */

/** A member in committee order. */
export interface MemberView {
  readonly nodeId: string;
  readonly url: string;
  /** 48 bytes, compressed. */
  readonly publicKey: Uint8Array;
  readonly shardIndices: readonly number[];
}

/** Current and previous committee. */
export interface CommitteeView {
  readonly epoch: number;
  /** True until the epoch change has finished: lost shards are still served. */
  readonly changing: boolean;
  readonly members: readonly MemberView[];
  readonly previous: readonly MemberView[];
}

/** The member that owns a shard. */
export function ownerOf(members: readonly MemberView[], shardIndex: number): MemberView | null {
  return members.find((member) => member.shardIndices.includes(shardIndex)) ?? null;
}
