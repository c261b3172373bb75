/**
 * Asks the storage nodes whether a blob exists, and says 404 only when they are sure.
 *
 * 404 needs the word of a quorum; while we hold a running lease, or have certified the blob lately,
 * or cannot ask whether we do, it is never said, and while the
 * epoch is changing only after the committee's status says so, too: a blob may be on its way.
 */
import { remember } from "../../shared/remember.ts";
import { formatBlobId, type VerifiedMetadata } from "../../shared/codec/index.ts";
import { NOT_FOUND_HOLD_MS, NOT_FOUND_REMEMBERED_MAX } from "../../shared/limits.ts";
import { readMetadata } from "../../shared/nodes/read-metadata.ts";
import { verifiedBlobStatus } from "../../shared/nodes/verified-status.ts";
import type { Committee } from "../../shared/protocol/committee.ts";
import { type Committees, isEpochChanging, readCommittees } from "../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { LeaseWord } from "./leases.ts";
import { learnStanding, type Standing } from "./learn-standing.ts";
import { movedOn, type NetworkView } from "./network-view.ts";
import type { AggregatorServices } from "./services.ts";

/** A blob that storage nodes hold. */
export interface FoundBlob {
  readonly metadata: VerifiedMetadata;
  /** The view under which it was found: fresher than the one asked with, perhaps. */
  readonly view: NetworkView;
  readonly committees: Committees;
  /** Learned beside whatever is read next. */
  readonly standing: Promise<Standing>;
}

/** Finds the blob; its Standing is being learned when this resolves. */
export async function learnBlob(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<FoundBlob, AggregatorFailure>> {
  const id = formatBlobId(blobId);
  const { notFound } = services.remembered;
  if (services.clock.nowMs() < (notFound.get(id) ?? 0)) {
    // Somebody may have stored it since: the nodes are spared, what we have certified is not.
    if ((await services.certifiedLately(id)) === false) return err({ kind: "blob-not-found" });
  }
  const leases = services.leases(id);
  const found = await findMetadata(services, view, blobId, signal);
  if (!found.ok) {
    return found.failure.kind === "blob-not-found"
      ? absent(services, view, id, await leases)
      : found;
  }
  notFound.delete(id);
  const standing = learnStanding(services, found.value.view, blobId, leases);
  return ok({ ...found.value, standing });
}

/** The nodes do not know the blob: says so only when nobody here knows better. */
async function absent(
  services: AggregatorServices,
  view: NetworkView,
  id: string,
  leases: LeaseWord,
): Promise<Result<never, AggregatorFailure>> {
  if (isRunning(leases, view)) return err({ kind: "lease-running" });
  // Asked last: a blob that was certified while the nodes were asked is not said to be missing.
  const lately = await services.certifiedLately(id);
  const now = lately === true ? await services.leases(id) : leases;
  // Certified lately and not in the book yet, or in it and running; else its lease has ended since.
  const isOurs = lately === true && now.isAnswered && now.latestEndEpoch === null;
  if (isOurs || isRunning(now, view)) return err({ kind: "lease-running" });
  if (lately === null || !now.isAnswered) return err({ kind: "absence-unproven" });
  const { notFound } = services.remembered;
  remember(notFound, id, services.clock.nowMs() + NOT_FOUND_HOLD_MS, NOT_FOUND_REMEMBERED_MAX);
  return err({ kind: "blob-not-found" });
}

type Found = Omit<FoundBlob, "standing">;

/** Asks the nodes; once more with a fresh view where the network has moved on meanwhile. */
async function findMetadata(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<Found, AggregatorFailure>> {
  const first = await findIn(services, view, blobId, signal);
  if (first.ok || first.failure.kind !== "metadata-unavailable") return first;
  const moved = await movedOn(services.views, view);
  return moved === null ? first : findIn(services, moved, blobId, signal);
}

async function findIn(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<Found, AggregatorFailure>> {
  const committees = readCommittees(view);
  const metadata = await readMetadata(services, committees, blobId, signal);
  if (metadata.ok) return ok({ metadata: metadata.value, view, committees });
  const { failure } = metadata;
  if (failure.kind !== "blob-not-found" || !isEpochChanging(view)) return metadata;
  const isAbsent = await isAgreedAbsent(services, view.current, blobId);
  if (isAbsent) return metadata;
  return err({ kind: "metadata-unavailable", notFoundWeight: view.current.shardCount, causes: [] });
}

async function isAgreedAbsent(
  services: AggregatorServices,
  committee: Committee,
  blobId: Uint8Array,
): Promise<boolean> {
  const status = await verifiedBlobStatus(services, committee, blobId);
  return status?.kind === "nonexistent";
}

function isRunning({ latestEndEpoch }: LeaseWord, view: NetworkView): boolean {
  return latestEndEpoch !== null && view.epoch < latestEndEpoch;
}
