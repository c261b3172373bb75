/**
 * What the committee says of a blob: a status that nodes of more than f shards agree on.
 *
 * One of them is honest, so it is true. Counts of deletable blobs differ from node to node and do
 * not take part. No event is looked up on chain: without agreement the answer is `null`, and the
 * caller does without. Source: `walrus-sdk node_client.rs::get_verified_blob_status`, which waits
 * for a quorum where we stop at the first agreement.
 */
import { BLOB_STATUS_DEADLINE_MS, REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Timer } from "../ports.ts";
import type { Committee } from "../protocol/committee.ts";
import { isAboveValidity } from "../protocol/quorum.ts";
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
  const weights = new Map<string, number>();
  const agreed = Promise.withResolvers<BlobStatus | null>();
  let nextIndex = 0;

  async function askInTurn(): Promise<void> {
    for (;;) {
      const member = committee.members[nextIndex++];
      if (member === undefined || stop.signal.aborted) return;
      const status = await client.getBlobStatus(member, blobId, { signal: stop.signal });
      if (!status.ok) continue;
      const key = keyOf(status.value);
      const weight = (weights.get(key) ?? 0) + member.shardIndices.length;
      weights.set(key, weight);
      if (isAboveValidity(weight, committee.shardCount)) agreed.resolve(status.value);
    }
  }

  const asked = Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT_MAX }, askInTurn));
  asked.then(() => agreed.resolve(null), agreed.reject);
  timer.sleep(BLOB_STATUS_DEADLINE_MS, stop.signal).then(
    () => agreed.resolve(null),
    // Stopped because there is an answer.
    () => undefined,
  );
  try {
    return await agreed.promise;
  } finally {
    stop.abort(new Error("the status is known"));
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
