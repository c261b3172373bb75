/**
 * Data uploaded ahead of its registration, held in memory for a while (Walrus `walrus-service`
 * `node/pending_sliver_cache.rs`, `pending_metadata_cache.rs`). Bounded by count, bytes and age.
 */
import type { SliverAxis, VerifiedMetadata } from "../../../shared/codec/index.ts";
import {
  PENDING_BYTES_MAX,
  PENDING_METADATA_COUNT_MAX,
  PENDING_SLIVER_BYTES_MAX,
  PENDING_SLIVER_COUNT_MAX,
  PENDING_TTL_MS,
} from "./limits.ts";

/** Bounds of a cache. */
export interface PendingLimits {
  readonly sliverCountMax: number;
  readonly bytesMax: number;
  readonly sliverBytesMax: number;
  readonly metadataCountMax: number;
  /** 0 turns the cache off: everything pending is refused. */
  readonly ttlMs: number;
}

/** The defaults of the network profile. */
export const PENDING_LIMITS: PendingLimits = {
  sliverCountMax: PENDING_SLIVER_COUNT_MAX,
  bytesMax: PENDING_BYTES_MAX,
  sliverBytesMax: PENDING_SLIVER_BYTES_MAX,
  metadataCountMax: PENDING_METADATA_COUNT_MAX,
  ttlMs: PENDING_TTL_MS,
};

/** A sliver waiting for the registration of its blob. */
export interface PendingSliver {
  readonly pairIndex: number;
  readonly axis: SliverAxis;
  /** BCS of `SliverData`, as received. */
  readonly bytes: Uint8Array;
}

interface PendingBlob {
  metadata: VerifiedMetadata | null;
  metadataBytes: Uint8Array | null;
  readonly slivers: Map<string, PendingSliver>;
  expiresAtMs: number;
}

/** What was buffered of one blob. */
export interface PendingContents {
  readonly metadata: VerifiedMetadata | null;
  /** BCS of the metadata, as received. */
  readonly metadataBytes: Uint8Array | null;
  readonly slivers: readonly PendingSliver[];
}

/** The buffer of one node. */
export class PendingCache {
  readonly #limits: PendingLimits;
  readonly #nowMs: () => number;
  readonly #blobs = new Map<string, PendingBlob>();
  #sliverCount = 0;
  #metadataCount = 0;
  #bytes = 0;

  constructor(limits: PendingLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  metadata(blobKey: string): VerifiedMetadata | null {
    this.#expire();
    return this.#blobs.get(blobKey)?.metadata ?? null;
  }

  hasSliver(blobKey: string, pairIndex: number, axis: SliverAxis): boolean {
    this.#expire();
    return this.#blobs.get(blobKey)?.slivers.has(`${pairIndex}/${axis}`) ?? false;
  }

  /** Buffers metadata; `false` when the cache is full or off. */
  addMetadata(blobKey: string, metadata: VerifiedMetadata, bytes: Uint8Array): boolean {
    this.#expire();
    if (this.#limits.ttlMs === 0 || this.#metadataCount >= this.#limits.metadataCountMax) {
      return false;
    }
    const blob = this.#touch(blobKey);
    if (blob.metadata === null) this.#metadataCount += 1;
    blob.metadata = metadata;
    blob.metadataBytes = bytes;
    return true;
  }

  /** Buffers a sliver; `false` when it is too large or the cache is full or off. */
  addSliver(blobKey: string, sliver: PendingSliver): boolean {
    this.#expire();
    const { ttlMs, sliverBytesMax, sliverCountMax, bytesMax } = this.#limits;
    const { length } = sliver.bytes;
    if (ttlMs === 0 || length > sliverBytesMax) return false;
    if (this.#sliverCount >= sliverCountMax || this.#bytes + length > bytesMax) return false;
    const blob = this.#touch(blobKey);
    const key = `${sliver.pairIndex}/${sliver.axis}`;
    if (!blob.slivers.has(key)) {
      blob.slivers.set(key, sliver);
      this.#sliverCount += 1;
      this.#bytes += length;
    }
    return true;
  }

  /** Removes and returns what was buffered of a blob. */
  take(blobKey: string): PendingContents {
    this.#expire();
    const blob = this.#blobs.get(blobKey);
    if (blob === undefined) return { metadata: null, metadataBytes: null, slivers: [] };
    this.#remove(blobKey, blob);
    const { metadata, metadataBytes } = blob;
    return { metadata, metadataBytes, slivers: [...blob.slivers.values()] };
  }

  #touch(blobKey: string): PendingBlob {
    const expiresAtMs = this.#nowMs() + this.#limits.ttlMs;
    const blob: PendingBlob = this.#blobs.get(blobKey) ?? {
      metadata: null,
      metadataBytes: null,
      slivers: new Map(),
      expiresAtMs,
    };
    blob.expiresAtMs = expiresAtMs;
    // Re-inserting keeps the map in order of expiry, so expiring stops at the first that lives.
    this.#blobs.delete(blobKey);
    this.#blobs.set(blobKey, blob);
    return blob;
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    for (const [blobKey, blob] of this.#blobs) {
      if (blob.expiresAtMs > nowMs) return;
      this.#remove(blobKey, blob);
    }
  }

  #remove(blobKey: string, blob: PendingBlob): void {
    this.#blobs.delete(blobKey);
    if (blob.metadata !== null) this.#metadataCount -= 1;
    this.#sliverCount -= blob.slivers.size;
    for (const sliver of blob.slivers.values()) this.#bytes -= sliver.bytes.length;
  }
}
