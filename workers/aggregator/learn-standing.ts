/**
 * Standing: how long a blob is paid for, and who says so.
 *
 * Asked in this order: the gateway's own leases; one node's `permanent` status, whose event one read
 * of the chain verifies. (By object ID the Blob object itself says it: `read-object.ts`.) Whatever
 * else happens, or takes too long, it is unproven: the content is verified all the same. No byte of
 * an answer waits for it.
 */
import { equalBytes } from "../../shared/bytes/arrays.ts";
import type { StandingSource } from "../../shared/cache/entry.ts";
import { formatBlobId } from "../../shared/codec/index.ts";
import { inTime } from "../../shared/in-time.ts";
import { STANDING_DEADLINE_MS, STANDING_STATUS_TIMEOUT_MS } from "../../shared/limits.ts";
import type { LeaseWord } from "./leases.ts";
import type { NetworkView } from "./network-view.ts";
import type { AggregatorServices } from "./services.ts";

/** How long a blob is paid for. */
export interface Standing {
  /** First epoch in which it is no longer paid for; `null` when unproven. */
  readonly endEpoch: number | null;
  /** Who says so; `null` when unproven. */
  readonly source: StandingSource | null;
  /** Type that all stores of this gateway agree on; `null` where there is none such. */
  readonly recordedType: string | null;
}

/** What nobody has proven. */
export const UNPROVEN: Standing = { endEpoch: null, source: null, recordedType: null };

/** Learns the Standing of `blobId` (32 bytes). Takes at most the deadline and never rejects. */
export async function learnStanding(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  leases: Promise<LeaseWord>,
): Promise<Standing> {
  const known = new AbortController();
  try {
    const asked = ask(services, view, blobId, leases, known.signal);
    return await inTime(services.timer, STANDING_DEADLINE_MS, asked, UNPROVEN);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    services.log.warn({ event: "standing.unreadable", blobId: formatBlobId(blobId), error: cause });
    return UNPROVEN;
  } finally {
    known.abort(new Error("the standing is known"));
  }
}

async function ask(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  leases: Promise<LeaseWord>,
  signal: AbortSignal,
): Promise<Standing> {
  const { permanentEndEpoch, contentType: recordedType } = await leases;
  if (permanentEndEpoch !== null && permanentEndEpoch > view.epoch) {
    return { endEpoch: permanentEndEpoch, source: "lease-book", recordedType };
  }
  const proven = await certificationByNode(services, view, blobId, signal);
  // A permanent lease cannot be taken back: its event is true for ever.
  const endEpoch = proven === null || proven.deletable ? null : proven.endEpoch;
  return endEpoch !== null && endEpoch > view.epoch
    ? { endEpoch, source: "certified-event", recordedType }
    : { ...UNPROVEN, recordedType };
}

/** A certification as the chain has it. */
export interface Certification {
  readonly txDigest: string;
  readonly endEpoch: number;
  readonly deletable: boolean;
}

/** The certification that one node points to, once the chain has confirmed it. */
export async function certificationByNode(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal,
): Promise<Certification | null> {
  const { members } = view.current;
  const member = members[Math.floor(services.random.unit() * members.length)];
  if (member === undefined) return null;
  const asked = await services.client.getBlobStatus(member, blobId, {
    timeoutMs: STANDING_STATUS_TIMEOUT_MS,
    signal,
  });
  if (!asked.ok || asked.value.kind !== "permanent" || !asked.value.isCertified) return null;
  const { txDigest, eventSeq } = asked.value.statusEvent;
  const read = await services.readCertifiedEvent({
    txDigest,
    eventIndex: Number(eventSeq),
    originalPackageId: view.originalPackageId,
  });
  if (!read.ok || read.value === null) return null;
  const { endEpoch, deletable, blobId: certified } = read.value;
  return equalBytes(certified, blobId) ? { txDigest, endEpoch, deletable } : null;
}
