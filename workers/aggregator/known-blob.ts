/**
 * What is known of an open blob. It grows while the blob is read: Standing is learned beside the
 * rows, the type from the first of them. What is cached of it is cached once Standing is known.
 */
import { type BlobEntry, encodeEntry, type StandingSource } from "../../shared/cache/entry.ts";
import { entryKey } from "../../shared/cache/keys.ts";
import { lifetimeSeconds } from "../../shared/cache/lifetime.ts";
import { SEGMENT_TTL_SECONDS } from "../../shared/limits.ts";
import type { Standing } from "./learn-standing.ts";
import type { NetworkView } from "./network-view.ts";
import type { AggregatorServices } from "./services.ts";

/** What may be learned of a blob after it was opened. */
export type Learned = Partial<Pick<BlobEntry, "contentType" | "isStrict" | "sha256">>;

/** What is known of one blob in one request. */
export interface KnownBlob {
  /** By now. */
  readonly entry: BlobEntry;
  /** Resolves when Standing is known, or will not be; never rejects. */
  readonly settled: Promise<void>;
  /** Adds to what is known, and to what is cached. */
  learn(learned: Learned): void;
  /** Raises the end epoch to one that somebody proves. */
  prove(endEpoch: number, source: StandingSource): void;
}

/** What a blob's entry is made of when nothing was cached. */
export interface NewBlob {
  readonly id: string;
  readonly unencodedBytes: number;
  readonly shardCount: number;
  readonly purgeGeneration: number;
}

/** Knowledge from a cached entry: its Standing was known when it was cached. */
export function cachedBlob(
  services: AggregatorServices,
  view: NetworkView,
  id: string,
  entry: BlobEntry,
): KnownBlob {
  return createKnownBlob(services, view, id, entry, null);
}

/** Knowledge of a blob that was just found, while its Standing is being learned. */
export function newBlob(
  services: AggregatorServices,
  view: NetworkView,
  { id, unencodedBytes, shardCount, purgeGeneration }: NewBlob,
  standing: Promise<Standing>,
): KnownBlob {
  const entry: BlobEntry = {
    version: 1,
    unencodedBytes,
    shardCount,
    endEpoch: null,
    learnedEpoch: view.epoch,
    expiresAtMs: expiryMs(services, view, null),
    purgeGeneration,
    contentType: null,
    recordedType: null,
    isStrict: false,
    sha256: null,
  };
  return createKnownBlob(services, view, id, entry, standing);
}

/** Whole seconds for which an entry may still be kept. */
export function remainingSeconds(entry: BlobEntry | null, nowMs: number): number {
  return entry === null ? 0 : Math.floor((entry.expiresAtMs - nowMs) / 1_000);
}

function createKnownBlob(
  services: AggregatorServices,
  view: NetworkView,
  id: string,
  cached: BlobEntry,
  standing: Promise<Standing> | null,
): KnownBlob {
  let entry = cached;
  let isSettled = standing === null;

  function add(learned: Partial<BlobEntry>): void {
    entry = { ...entry, ...learned };
    // Until Standing is known there is nothing that may be kept; then all of it is.
    if (!isSettled) return;
    services.remembered.entries.delete(id);
    const ttlSeconds = remainingSeconds(entry, services.clock.nowMs());
    void services.tiers.put(entryKey(id), encodeEntry(entry), ttlSeconds);
  }

  async function settle(learning: Promise<Standing>): Promise<void> {
    const { endEpoch, source, recordedType } = await learning;
    isSettled = true;
    if (endEpoch === null || source === null || endEpoch <= (entry.endEpoch ?? 0)) {
      add({ recordedType });
    } else add({ recordedType, endEpoch, source, expiresAtMs: expiryMs(services, view, endEpoch) });
  }

  const settled = standing === null ? Promise.resolve() : settle(standing);
  if (standing !== null) services.background(settled);
  return {
    get entry() {
      return entry;
    },
    settled,
    learn: add,
    prove(endEpoch, source) {
      if (endEpoch <= view.epoch || endEpoch <= (entry.endEpoch ?? 0)) return;
      add({ endEpoch, source, expiresAtMs: expiryMs(services, view, endEpoch) });
    },
  };
}

function expiryMs(
  { clock }: AggregatorServices,
  view: NetworkView,
  endEpoch: number | null,
): number {
  const nowMs = clock.nowMs();
  const seconds = lifetimeSeconds({ endEpoch }, view.timing, nowMs);
  return nowMs + Math.min(SEGMENT_TTL_SECONDS, seconds) * 1_000;
}
