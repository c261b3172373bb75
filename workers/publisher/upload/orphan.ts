/**
 * An upload that ended with a registration nobody certified, and one that takes it over.
 */
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import type { OrphanBookRpc } from "../lease-book/orphans.ts";
import { type Journal, resultOf, type StepResults } from "./journal.ts";

/** What a failed upload leaves on chain; `null` where it has registered nothing. */
export function orphanOf(journal: Journal, nowMs: number): Orphan | null {
  return journal.state === "failed" ? registrationLeft(journal, nowMs) : null;
}

/** The registration of an upload that goes no further with it; `null` where there is none. */
function registrationLeft(journal: Journal, nowMs: number): Orphan | null {
  const { steps, request, walletAddress, unencodedBytes } = journal;
  const { result } = steps.register;
  if (result === null || walletAddress === null) return null;
  const { blobObjectId, registeredEpoch, storageObjectId, startEpoch, endEpoch } = result;
  const { storageBytes, costFrost, txDigest } = result;
  return {
    blobObjectId,
    blobId: resultOf(journal, "encode").blobId,
    owner: walletAddress,
    sub: request.sub ?? null,
    uploadId: request.uploadId,
    unencodedBytes,
    deletable: request.deletable,
    registeredEpoch,
    storageObjectId,
    startEpoch,
    endEpoch,
    storageBytes,
    costFrost,
    txDigest,
    recordedAtMs: nowMs,
    state: "open",
  };
}

/** Whom an upload asks for what others have left, and tells of what it leaves itself. */
export interface OrphanPorts {
  readonly recordOrphan: OrphanBookRpc["recordOrphan"];
  readonly claimOrphan?: OrphanBookRpc["claimOrphan"];
}

/** Lists the registration of an upload that buys another one: what has ended may be burned. */
export async function leaveRegistration(
  { recordOrphan }: OrphanPorts,
  journal: Journal,
  nowMs: number,
): Promise<void> {
  const left = registrationLeft(journal, nowMs);
  if (left !== null) await recordOrphan(left);
}

/**
 * A permanent registration of the same blob that lasts long enough and nobody certified: as good as
 * a new one. The same upload gets the same one however often it asks.
 */
export async function takeOrphan(
  { claimOrphan }: OrphanPorts,
  { request }: Journal,
  blobId: string,
  epoch: number,
): Promise<Orphan | null> {
  const { uploadId, deletable, epochs } = request;
  if (claimOrphan === undefined || deletable) return null;
  return claimOrphan({ uploadId, blobId, endEpochMin: epoch + epochs });
}

/** The registration as this upload's own; it was paid for by another. */
export function resultOfOrphan(orphan: Orphan): StepResults["register"] {
  const { blobObjectId, registeredEpoch, storageObjectId, startEpoch, endEpoch } = orphan;
  const { storageBytes, txDigest } = orphan;
  const ids = { blobObjectId, registeredEpoch, storageObjectId };
  const paid = { costFrost: "0", gasMist: "0", txDigest };
  return { ...ids, startEpoch, endEpoch, storageBytes, ...paid };
}
