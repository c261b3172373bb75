/**
 * During an epoch change: the epoch a blob was first certified in, which decides whom to read from.
 *
 * Blobs certified before the change are still at the previous committee, new ones at the current
 * one. A status counts once nodes of more than f shards agree, so that at least one of them is
 * honest. Source: walrus-sdk `node_client.rs::get_verified_blob_status`, reading only the epoch.
 */
import type { BlobStatus } from "./blob-status.ts";
import { READ_METADATA_DEADLINE_MS, REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Committee, CommitteeMember } from "../protocol/committee.ts";
import { type ReadPorts, shuffled } from "./read-metadata.ts";
import { race } from "./read-race.ts";

/** The epoch of first certification; `null` when no epoch has the word of more than f shards. */
export async function readCertifiedEpoch(
  ports: Omit<ReadPorts, "workingMemory">,
  committee: Committee,
  blobId: Uint8Array,
  signal?: AbortSignal,
): Promise<number | null> {
  const required = Math.floor((committee.shardCount - 1) / 3) + 1;
  const candidates = shuffled(committee.members, ports.random);
  const weights = new Map<number, number>();
  let agreed: number | null = null;

  async function ask(member: CommitteeMember, stop: AbortSignal): Promise<boolean> {
    const status = await ports.client.getBlobStatus(member, blobId, { signal: stop });
    const epoch = status.ok ? certifiedEpoch(status.value) : null;
    if (epoch === null) return false;
    const weight = (weights.get(epoch) ?? 0) + member.shardIndices.length;
    weights.set(epoch, weight);
    if (weight < required) return false;
    agreed = epoch;
    return true;
  }

  await race({
    next: () => {
      const member = candidates.pop();
      return member === undefined ? null : (stop) => ask(member, stop);
    },
    width: () => REQUESTS_IN_FLIGHT_MAX,
    deadlineMs: READ_METADATA_DEADLINE_MS,
    timer: ports.timer,
    signal,
  });
  return agreed;
}

function certifiedEpoch(status: BlobStatus): number | null {
  switch (status.kind) {
    case "permanent":
    case "deletable":
      return status.initialCertifiedEpoch;
    case "nonexistent":
    case "invalid":
      return null;
  }
}
