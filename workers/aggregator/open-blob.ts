/**
 * Opens a blob for serving: passes the gate, and where nothing (valid) is cached asks the storage
 * nodes whether the blob exists. Reads no row.
 */
import {
  type Codec,
  decodeMetadata,
  encodeMetadata,
  formatBlobId,
  type VerifiedMetadata,
} from "../../shared/codec/index.ts";
import {
  NOT_FOUND_HOLD_MS,
  NOT_FOUND_REMEMBERED_MAX,
  SEGMENT_TTL_SECONDS,
} from "../../shared/limits.ts";
import type { NodeClient } from "../../shared/nodes/client.ts";
import { readCertifiedEpoch } from "../../shared/nodes/read-certified-epoch.ts";
import { type ReadPorts, readMetadata } from "../../shared/nodes/read-metadata.ts";
import type { Clock, Log, Random, Timer } from "../../shared/ports.ts";
import type { Committee } from "../../shared/protocol/committee.ts";
import { isEpochChanging, readCommittee } from "../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { WorkingMemory } from "../../shared/working-memory.ts";
import type { AttributedBlob, ReadAttributedBlob } from "../../shared/sui/attributed-blob.ts";
import { lifetimeSeconds } from "../../shared/cache/lifetime.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { GateRules } from "./gate-rules.ts";
import { mayServe } from "./gate.ts";
import type { LeaseWord } from "./leases.ts";
import type { NetworkView, NetworkViews } from "./network-view.ts";
import { entryKey, metadataKey } from "../../shared/cache/keys.ts";
import { type BlobEntry, decodeEntry, encodeEntry } from "../../shared/cache/entry.ts";
import type { TierName, Tiers } from "./tiers.ts";

/** Everything one request of the aggregator works with. */
export interface AggregatorServices {
  readonly codec: Codec;
  readonly client: NodeClient;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly workingMemory: WorkingMemory;
  readonly log: Log;
  readonly tiers: Tiers;
  readonly views: NetworkViews;
  readonly gateRules: () => Promise<GateRules>;
  /** What the gateway's own leases on a blob (43 characters) say. */
  readonly leases: (blobId: string) => Promise<LeaseWord>;
  /** Blob objects with their attributes, as the chain has them now. */
  readonly readObject: ReadAttributedBlob;
  readonly remembered: ReadMemory;
  /** Lets work outlive the answer. */
  readonly background: (work: Promise<void>) => void;
}

/** What an isolate remembers for its next requests: hints, each bounded and short-lived. */
export interface ReadMemory {
  /** Blobs that nodes of a quorum did not know, by ID, and until when that is believed. */
  readonly notFound: Map<string, number>;
  /** Blob objects by object ID. */
  readonly objects: Map<string, { readonly object: AttributedBlob; readonly untilMs: number }>;
}

/** A blob that may be served now. */
export interface OpenBlob {
  readonly blobId: Uint8Array;
  /** Its text: 43 characters. */
  readonly id: string;
  readonly entry: BlobEntry;
  readonly view: NetworkView;
  /** Where the entry came from; `null` when the storage nodes were asked. */
  readonly tier: TierName | null;
  /** Metadata, if it was needed to open the blob. */
  readonly metadata: VerifiedMetadata | null;
  /** Whom to read rows from. */
  readonly committee: () => Promise<Committee>;
}

/** Opens the blob or says why it must not or cannot be served. */
export async function openBlob(
  services: AggregatorServices,
  blobId: Uint8Array,
  signal?: AbortSignal,
): Promise<Result<OpenBlob, AggregatorFailure>> {
  const id = formatBlobId(blobId);
  const { tiers, clock } = services;
  const [rules, view, hit] = await Promise.all([
    services.gateRules(),
    services.views.current(),
    tiers.get(entryKey(id), (bytes) => remainingSeconds(decodeEntry(bytes), clock.nowMs())),
  ]);
  // A block wins over everything, an unreadable chain included.
  if (rules.blocklist.has(id)) return err({ kind: "blob-blocked" });
  if (!view.ok) return err({ kind: "chain-unavailable", cause: view.failure });
  const entry = hit === null ? null : decodeEntry(hit.value);
  const facts = { ...rules, epoch: view.value.epoch, nowMs: clock.nowMs() };
  switch (mayServe(id, entry, facts)) {
    case "blocked":
      return err({ kind: "blob-blocked" });
    case "serve":
      if (entry === null || hit === null) break;
      return ok({
        blobId,
        id,
        entry,
        view: view.value,
        tier: hit.tier,
        metadata: null,
        committee: committeeOf(services, view.value, blobId, signal),
      });
    case "relearn":
      break;
  }
  return learn(services, view.value, blobId, rules.purgeGeneration, signal);
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
  const fetched = await readMetadata(
    readPorts(services),
    await blob.committee(),
    blob.blobId,
    signal,
  );
  if (fetched.ok) keepMetadata(services, blob.id, fetched.value);
  return fetched;
}

/** Adds to what is remembered of an open blob. */
export function rememberEntry(
  services: AggregatorServices,
  blob: OpenBlob,
  learned: Partial<Pick<BlobEntry, "contentType" | "isStrict" | "sha256">>,
): void {
  const entry = { ...blob.entry, ...learned };
  const ttlSeconds = remainingSeconds(entry, services.clock.nowMs());
  services.tiers.put(entryKey(blob.id), encodeEntry(entry), ttlSeconds);
}

/** What `shared/nodes` needs of the services. */
export function readPorts(services: AggregatorServices): ReadPorts {
  return services;
}

async function learn(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  purgeGeneration: number,
  signal: AbortSignal | undefined,
): Promise<Result<OpenBlob, AggregatorFailure>> {
  const id = formatBlobId(blobId);
  const { notFound } = services.remembered;
  const asking = services.leases(id);
  if (services.clock.nowMs() < (notFound.get(id) ?? 0)) {
    // Somebody may have stored it since: the nodes are spared, the lease book is not.
    if (!isRunning(await asking, view)) return err({ kind: "blob-not-found" });
  }
  const [found, leases] = await Promise.all([findMetadata(services, view, blobId, signal), asking]);
  if (!found.ok) {
    if (found.failure.kind !== "blob-not-found") return found;
    if (isRunning(leases, view)) return err({ kind: "lease-running" });
    if (notFound.size >= NOT_FOUND_REMEMBERED_MAX) notFound.clear();
    notFound.set(id, services.clock.nowMs() + NOT_FOUND_HOLD_MS);
    return found;
  }
  notFound.delete(id);
  const { metadata, view: current, committee } = found.value;
  const endEpoch = leases.permanentEndEpoch;
  const lifetime = { endEpoch: endEpoch !== null && endEpoch > current.epoch ? endEpoch : null };
  const nowMs = services.clock.nowMs();
  const ttlSeconds = Math.min(
    SEGMENT_TTL_SECONDS,
    lifetimeSeconds(lifetime, current.timing, nowMs),
  );
  const entry: BlobEntry = {
    version: 1,
    unencodedBytes: metadata.unencodedBytes,
    shardCount: metadata.shardCount,
    endEpoch: lifetime.endEpoch,
    learnedEpoch: current.epoch,
    expiresAtMs: nowMs + ttlSeconds * 1_000,
    purgeGeneration,
    contentType: null,
    isStrict: false,
    sha256: null,
  };
  services.tiers.put(entryKey(id), encodeEntry(entry), ttlSeconds);
  keepMetadata(services, id, metadata);
  return ok({ blobId, id, entry, view: current, tier: null, metadata, committee });
}

interface Found {
  readonly metadata: VerifiedMetadata;
  readonly view: NetworkView;
  readonly committee: () => Promise<Committee>;
}

/** Asks the nodes; once more with a fresh view where the network has moved on meanwhile. */
async function findMetadata(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<Found, AggregatorFailure>> {
  const first = await findIn(services, view, blobId, signal);
  if (first.ok || first.failure.kind !== "metadata-unavailable") return first;
  const fresh = await services.views.refresh();
  if (!fresh.ok || isSameNetwork(fresh.value, view)) return first;
  return findIn(services, fresh.value, blobId, signal);
}

async function findIn(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Result<Found, AggregatorFailure>> {
  const committee = committeeOf(services, view, blobId, signal);
  const metadata = await readMetadata(readPorts(services), await committee(), blobId, signal);
  return metadata.ok ? ok({ metadata: metadata.value, view, committee }) : metadata;
}

/** The committee to read from, found out once; only an epoch change makes it a question. */
function committeeOf(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): () => Promise<Committee> {
  let known: Promise<Committee> | undefined;
  return () => {
    known ??= chooseCommittee(services, view, blobId, signal);
    return known;
  };
}

async function chooseCommittee(
  services: AggregatorServices,
  view: NetworkView,
  blobId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Committee> {
  if (!isEpochChanging(view)) return view.current;
  const epoch = await readCertifiedEpoch(readPorts(services), view.current, blobId, signal);
  return readCommittee(view, epoch ?? view.epoch) ?? view.current;
}

function isRunning({ latestEndEpoch }: LeaseWord, view: NetworkView): boolean {
  return latestEndEpoch !== null && view.epoch < latestEndEpoch;
}

function isSameNetwork(left: NetworkView, right: NetworkView): boolean {
  return (
    left.epoch === right.epoch &&
    left.phase.kind === right.phase.kind &&
    addressesOf(left) === addressesOf(right)
  );
}

function addressesOf(view: NetworkView): string {
  return view.current.members.map((member) => member.baseUrl).join();
}

function keepMetadata(services: AggregatorServices, id: string, metadata: VerifiedMetadata): void {
  services.tiers.put(metadataKey(id), encodeMetadata(metadata), SEGMENT_TTL_SECONDS);
}

function remainingSeconds(entry: BlobEntry | null, nowMs: number): number {
  return entry === null ? 0 : Math.floor((entry.expiresAtMs - nowMs) / 1_000);
}
