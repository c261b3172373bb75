/**
 * What the committee says of a blob: a status that nodes of more than f shards agree on.
 *
 * One of them is honest, so it is true. Nodes learn of a certification one after the other: the
 * answer comes at once when it is final (certified, invalid), else the furthest one when a quorum
 * has answered. Counts of deletable blobs differ from node to node and do not take part. No event
 * is looked up on chain: without agreement the answer is `null`, and the caller does without.
 * Source: `walrus-sdk node_client.rs::get_verified_blob_status`.
 */
import { callAfter } from "../call-after.ts";
import { BLOB_STATUS_DEADLINE_MS, REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Timer } from "../ports.ts";
import type { Committee } from "../protocol/committee.ts";
import { isAboveValidity, isQuorum } from "../protocol/quorum.ts";
import type { BlobStatus } from "./blob-status.ts";
import type { NodeClient } from "./client.ts";

/** What the question needs of the world. */
export interface StatusPorts {
  readonly client: Pick<NodeClient, "getBlobStatus">;
  readonly timer: Timer;
}

/** The verified status of `blobId` (32 bytes); `null` when nodes do not agree in time. */
export async function verifiedBlobStatus(
  { client, timer }: StatusPorts,
  committee: Committee,
  blobId: Uint8Array,
): Promise<BlobStatus | null> {
  const stop = new AbortController();
  const words = new Map<string, Word>();
  const agreed = Promise.withResolvers<BlobStatus | null>();
  let nextIndex = 0;
  let repliedWeight = 0;

  async function askInTurn(): Promise<void> {
    for (;;) {
      const member = committee.members[nextIndex++];
      if (member === undefined || stop.signal.aborted) return;
      const status = await client.getBlobStatus(member, blobId, { signal: stop.signal });
      if (!status.ok) continue;
      const key = keyOf(status.value);
      const weight = (words.get(key)?.weight ?? 0) + member.shardIndices.length;
      words.set(key, { status: status.value, weight });
      repliedWeight += member.shardIndices.length;
      const best = furthest(words, committee.shardCount);
      if (best === null) continue;
      const isFinal = rankOf(best) >= FINAL_RANK;
      if (isFinal || isQuorum(repliedWeight, committee.shardCount)) agreed.resolve(best);
    }
  }

  const asked = Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT_MAX }, askInTurn));
  asked.then(() => agreed.resolve(furthest(words, committee.shardCount)), agreed.reject);
  const callOff = callAfter(timer, BLOB_STATUS_DEADLINE_MS, () => agreed.resolve(null));
  try {
    return await agreed.promise;
  } finally {
    callOff();
    stop.abort(new Error("the status is known"));
  }
}

interface Word {
  readonly status: BlobStatus;
  /** Shards of the nodes that say so. */
  readonly weight: number;
}

/** The furthest status that is true. */
function furthest(words: ReadonlyMap<string, Word>, shardCount: number): BlobStatus | null {
  const agreed = [...words.values()].filter(({ weight }) => isAboveValidity(weight, shardCount));
  const [best] = agreed.sort((left, right) => rankOf(right.status) - rankOf(left.status));
  return best?.status ?? null;
}

/** From here on nothing can change for the better. */
const FINAL_RANK = 3;

/** How far a blob has come in its life (`BlobStatus` is ordered so). */
function rankOf(status: BlobStatus): number {
  switch (status.kind) {
    case "nonexistent":
      return 0;
    case "deletable":
      return 1;
    case "permanent":
      return status.isCertified ? FINAL_RANK : 2;
    case "invalid":
      return 4;
  }
}

/** Equal texts are the same statement about the blob. */
function keyOf(status: BlobStatus): string {
  switch (status.kind) {
    case "nonexistent":
    case "deletable":
      return status.kind;
    case "invalid":
      return `invalid ${status.event.txDigest} ${status.event.eventSeq}`;
    case "permanent": {
      const { endEpoch, isCertified, statusEvent } = status;
      return `permanent ${endEpoch} ${isCertified} ${statusEvent.txDigest} ${statusEvent.eventSeq}`;
    }
  }
}
