/**
 * Opens a blob for serving: passes the gate, and where nothing (valid) is cached asks the storage
 * nodes whether the blob exists. Reads no row, and waits for no word on the blob's lease.
 */
import { remember } from "../../shared/remember.ts";
import { type BlobEntry, decodeEntry } from "../../shared/cache/entry.ts";
import { purgeGenerationOf } from "../../shared/cache/gate-rules.ts";
import { entryKey, metadataKey } from "../../shared/cache/keys.ts";
import {
  decodeMetadata,
  encodeMetadata,
  formatBlobId,
  type VerifiedMetadata,
} from "../../shared/codec/index.ts";
import { ENTRIES_REMEMBERED_MAX, ENTRY_HOLD_MS, SEGMENT_TTL_SECONDS } from "../../shared/limits.ts";
import { readMetadata } from "../../shared/nodes/read-metadata.ts";
import { type Committees, readCommittees } from "../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { mayServe } from "./gate.ts";
import { cachedBlob, type KnownBlob, newBlob, remainingSeconds } from "./known-blob.ts";
import { type FoundBlob, learnBlob } from "./learn-blob.ts";
import { movedOn, type NetworkView } from "./network-view.ts";
import type { AggregatorServices } from "./services.ts";
import type { TierName } from "./tiers.ts";

/** A blob that may be served now. */
export interface OpenBlob {
  readonly blobId: Uint8Array;
  /** Its text: 43 characters. */
  readonly id: string;
  readonly known: KnownBlob;
  /** `known.entry`: what is known by now. */
  readonly entry: BlobEntry;
  readonly view: NetworkView;
  /** Where the entry came from; `null` when the storage nodes were asked. */
  readonly tier: TierName | null;
  /** Metadata, if it was needed to open the blob. */
  readonly metadata: VerifiedMetadata | null;
  /** Whom to read rows from. */
  readonly committees: Committees;
}

/** Opens the blob or says why it must not or cannot be served. */
export async function openBlob(
  services: AggregatorServices,
  blobId: Uint8Array,
  signal?: AbortSignal,
): Promise<Result<OpenBlob, AggregatorFailure>> {
  const id = formatBlobId(blobId);
  const { clock } = services;
  const [rules, view, hit] = await Promise.all([
    services.gateRules(),
    services.views.current(),
    recalledEntry(services, id) ?? findEntry(services, id),
  ]);
  // A block wins over everything, an unreadable chain included.
  if (rules.blocklist.has(id)) return err({ kind: "blob-blocked" });
  if (!view.ok) return err({ kind: "chain-unavailable", cause: view.failure });
  const entry = hit?.entry ?? null;
  const purgeGeneration = purgeGenerationOf(rules, id);
  const { blocklist } = rules;
  const facts = { blocklist, purgeGeneration, epoch: view.value.epoch, nowMs: clock.nowMs() };
  switch (mayServe(id, entry, facts)) {
    case "blocked":
      return err({ kind: "blob-blocked" });
    case "serve":
      if (entry === null || hit === null) break;
      return opened(services, {
        blobId,
        id,
        known: cachedBlob(services, view.value, id, entry),
        view: view.value,
        tier: hit.tier,
        metadata: null,
        committees: readCommittees(view.value),
      });
    case "relearn":
      break;
  }
  const found = await find(services, view.value, id, blobId, signal);
  if (!found.ok) return found;
  const { metadata, committees, standing } = found.value;
  const { unencodedBytes, shardCount } = metadata;
  const described = { id, unencodedBytes, shardCount, purgeGeneration };
  const known = newBlob(services, found.value.view, described, standing);
  keepMetadata(services, id, metadata);
  const { view: current } = found.value;
  return opened(services, { blobId, id, known, view: current, tier: null, metadata, committees });
}

/** An entry that is cached. */
interface CachedEntry {
  readonly entry: BlobEntry;
  /** Where it was found. */
  readonly tier: TierName;
}

/** What the edge cache had a moment ago; whether it may be served is for the gate to say. */
function recalledEntry({ remembered, clock }: AggregatorServices, id: string): CachedEntry | null {
  const held = remembered.entries.get(id);
  return held === undefined || clock.nowMs() >= held.untilMs
    ? null
    : { entry: held.entry, tier: "edge" };
}

async function findEntry(services: AggregatorServices, id: string): Promise<CachedEntry | null> {
  const { tiers, clock, remembered } = services;
  const ttlSecondsOf = (bytes: Uint8Array) => remainingSeconds(decodeEntry(bytes), clock.nowMs());
  const hit = await tiers.get(entryKey(id), ttlSecondsOf);
  const entry = hit === null ? null : decodeEntry(hit.value);
  if (hit === null || entry === null) return null;
  // What KV has is on its way to the edge: it is held once it is found there.
  if (hit.tier === "edge") {
    const { entries } = remembered;
    const untilMs = clock.nowMs() + ENTRY_HOLD_MS;
    remember(entries, id, { entry, untilMs }, ENTRIES_REMEMBERED_MAX);
  }
  return { entry, tier: hit.tier };
}

/**
 * Asks the nodes: alone when nobody else in this isolate does, else through the object that all who
 * do share. Who asks alone marks it until what was learned is cached.
 */
async function find(
  services: AggregatorServices,
  view: NetworkView,
  id: string,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<FoundBlob, AggregatorFailure>> {
  const { fills, log, remembered } = services;
  const isShared = remembered.opening.enter(id);
  const leave = (isDone: boolean) => remembered.opening.leave(id, isDone);
  try {
    if (isShared && fills !== null) {
      const found = await fills.find(view, id, blobId);
      leave(true);
      return found;
    }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    log.warn({ event: "fill.lost", blobId: id, error: cause });
  }
  const found = await learnBlob(services, view, blobId, signal).catch((error: unknown) => {
    leave(false);
    throw error;
  });
  // Undone, as far as others are told: the entry is only on its way into the cache by then, and who
  // comes within a moment goes through the object.
  if (found.ok) found.value.standing.finally(() => leave(false)).catch(() => undefined);
  else leave(signal?.aborted !== true);
  return found;
}

/** Metadata of an open blob: cached, or from the nodes. */
export async function metadataOf(
  services: AggregatorServices,
  blob: OpenBlob,
  signal?: AbortSignal,
): Promise<Result<VerifiedMetadata, AggregatorFailure>> {
  if (blob.metadata !== null) return ok(blob.metadata);
  const hit = await services.tiers.get(metadataKey(blob.id), () => SEGMENT_TTL_SECONDS);
  const decoded = hit === null ? null : decodeMetadata(hit.value);
  if (decoded?.ok === true) {
    // Verified again: the nodes' word and the cache's are worth the same, the ID decides.
    const verified = services.codec.verifyMetadata(decoded.value, blob.blobId);
    if (verified.ok) return verified;
  }
  const fetched = await fetchMetadata(services, blob, signal);
  if (fetched.ok) keepMetadata(services, blob.id, fetched.value);
  return fetched;
}

/** From the nodes; once more where the network has moved on. */
async function fetchMetadata(
  services: AggregatorServices,
  { committees, blobId, view }: OpenBlob,
  signal: AbortSignal | undefined,
): Promise<Result<VerifiedMetadata, AggregatorFailure>> {
  const first = await readMetadata(services, committees, blobId, signal);
  if (first.ok || signal?.aborted === true) return first;
  const moved = await movedOn(services.views, view);
  return moved === null ? first : readMetadata(services, readCommittees(moved), blobId, signal);
}

/** The open blob, unless it is larger than what is served; `entry` says what is known by now. */
function opened(
  { blobBytesMax: bytesMax }: AggregatorServices,
  blob: Omit<OpenBlob, "entry">,
): Result<OpenBlob, AggregatorFailure> {
  const { unencodedBytes } = blob.known.entry;
  if (bytesMax !== null && unencodedBytes > bytesMax) {
    return err({ kind: "blob-too-large", unencodedBytes, bytesMax });
  }
  return ok({
    ...blob,
    get entry() {
      return blob.known.entry;
    },
  });
}

function keepMetadata(services: AggregatorServices, id: string, metadata: VerifiedMetadata): void {
  void services.tiers.put(metadataKey(id), encodeMetadata(metadata), SEGMENT_TTL_SECONDS);
}
