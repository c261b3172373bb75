/** Looks whether a store has nothing left to do, because the network has the blob already. */
import { formatBlobId } from "../../../shared/codec/index.ts";
import type { BlobStatus } from "../../../shared/nodes/blob-status.ts";
import type { Clock } from "../../../shared/ports.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { writeCommittee } from "../../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import type { LeaseBookRpc } from "../lease-book/leases.ts";
import type { UploadFailure } from "./failure.ts";
import type { StepResults, UploadRequest } from "./journal.ts";

/** Who may know of the blob. */
export interface CertifiedPorts {
  readonly clock: Clock;
  /** What this gateway has certified of a blob. */
  readonly leasesOfBlob?: LeaseBookRpc["ofBlob"];
  /** What the committee knows of a blob; without it every store is a new one. */
  readonly blobStatus?: (committee: Committee, blobId: Uint8Array) => Promise<BlobStatus | null>;
}

/** What the journal keeps of it. */
type Found = Pick<StepResults["encode"], "alreadyCertified" | "statusCheckMs">;

/**
 * Permanent stores only, as at the official publisher: nobody can take a permanent blob away
 * before its end, and whoever stores a deletable one expects an object of their own.
 */
export async function findCertified(
  ports: CertifiedPorts,
  request: UploadRequest,
  system: SystemState,
  blobId: Uint8Array,
): Promise<Result<Found, UploadFailure>> {
  if (request.deletable || request.force === true) return ok({});
  const startedAtMs = ports.clock.nowMs();
  const found = await look(ports, request, system, blobId);
  if (!found.ok) return found;
  return ok({ ...found.value, statusCheckMs: ports.clock.nowMs() - startedAtMs });
}

async function look(
  { blobStatus, leasesOfBlob }: CertifiedPorts,
  { epochs }: UploadRequest,
  system: SystemState,
  blobId: Uint8Array,
): Promise<Result<Found, UploadFailure>> {
  // What ends with this epoch is over: nobody is asked to keep it.
  const endEpochMin = system.epoch + Math.max(1, epochs);
  const ours = (await leasesOfBlob?.(formatBlobId(blobId)))?.find(
    (lease) => !lease.deletable && lease.endEpoch >= endEpochMin,
  );
  if (ours !== undefined) {
    const { endEpoch, blobObjectId: object } = ours;
    return ok({ alreadyCertified: { endEpoch, proof: { object } } });
  }
  if (blobStatus === undefined) return ok({});
  const status = await blobStatus(writeCommittee(system), blobId);
  if (status?.kind === "invalid") {
    const { event } = status;
    return err({ kind: "marked-invalid", blobId: formatBlobId(blobId), event });
  }
  if (status?.kind !== "permanent" || !status.isCertified) return ok({});
  const { endEpoch, statusEvent: event } = status;
  return endEpoch < endEpochMin ? ok({}) : ok({ alreadyCertified: { endEpoch, proof: { event } } });
}
