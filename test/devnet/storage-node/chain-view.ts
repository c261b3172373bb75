/**
 * What storage nodes know of the chain: which blobs are registered, certified, deleted or invalid,
 * learned from events that arrive late. One view serves all nodes of a thread.
 *
 * Mirrors Walrus `walrus-service` `node/storage/blob_info.rs`, kept per object instead of as
 * running counts.
 */

/** Where an event is on the chain, as the status endpoint names it. */
export interface EventRef {
  /** Base58. */
  readonly txDigest: string;
  /** Position in its transaction, decimal. */
  readonly eventSeq: string;
}

/** A blob event of the contract (`system/events.move`). `blobKey` is the blob ID in base64url. */
export type ChainEvent =
  | {
      readonly kind: "registered" | "certified";
      readonly blobKey: string;
      readonly objectId: string;
      readonly deletable: boolean;
      readonly epoch: number;
      readonly endEpoch: number;
      readonly ref: EventRef;
    }
  | { readonly kind: "deleted"; readonly blobKey: string; readonly objectId: string }
  | { readonly kind: "invalid"; readonly blobKey: string; readonly ref: EventRef };

/** One `Blob` object as its events describe it. */
interface BlobObject {
  readonly deletable: boolean;
  endEpoch: number;
  certifiedEpoch: number | null;
  /** Latest event that says what it is now. */
  ref: EventRef;
}

/** `BlobStatus` as the official node serialises it. */
export type BlobStatusJson =
  | "nonexistent"
  | { readonly invalid: { readonly event: EventRef } }
  | {
      readonly permanent: {
        readonly endEpoch: number;
        readonly isCertified: boolean;
        readonly statusEvent: EventRef;
        readonly deletableCounts: DeletableCounts;
        readonly initialCertifiedEpoch: number | null;
      };
    }
  | {
      readonly deletable: {
        readonly initialCertifiedEpoch: number | null;
        readonly deletableCounts: DeletableCounts;
      };
    };

interface DeletableCounts {
  readonly count_deletable_total: number;
  readonly count_deletable_certified: number;
}

interface Waiter {
  readonly blobKey: string;
  readonly wake: () => void;
}

/** The view. All methods but `waitForRegistration` are synchronous. */
export class ChainView {
  #epoch = 0;
  #eventCount = 0;
  readonly #blobs = new Map<string, Map<string, BlobObject>>();
  readonly #invalid = new Map<string, EventRef>();
  readonly #waiters = new Set<Waiter>();

  /** The Walrus epoch as far as the nodes have seen it. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Events seen so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Moves to a later epoch. */
  enterEpoch(epoch: number): void {
    this.#epoch = epoch;
  }

  /** Takes one event, in chain order. */
  apply(event: ChainEvent): void {
    this.#eventCount += 1;
    switch (event.kind) {
      case "registered":
      case "certified":
        this.#upsert(event);
        break;
      case "deleted":
        this.#blobs.get(event.blobKey)?.delete(event.objectId);
        break;
      case "invalid":
        this.#invalid.set(event.blobKey, event.ref);
        break;
    }
    for (const waiter of this.#waiters) {
      if (waiter.blobKey === event.blobKey) waiter.wake();
    }
  }

  /** Whether some object that has not ended registers the blob. */
  isRegistered(blobKey: string): boolean {
    return this.#live(blobKey).length > 0;
  }

  /** Whether this very object registers the blob and has not ended. */
  isObjectRegistered(blobKey: string, objectId: string): boolean {
    const object = this.#blobs.get(blobKey)?.get(objectId);
    return object !== undefined && object.endEpoch > this.#epoch;
  }

  /** Whether some object that has not ended is certified. */
  isCertified(blobKey: string): boolean {
    return this.#live(blobKey).some((object) => object.certifiedEpoch !== null);
  }

  /** Every blob some object certifies now. */
  certifiedBlobs(): string[] {
    return [...this.#blobs.keys()].filter((blobKey) => this.isCertified(blobKey));
  }

  isInvalid(blobKey: string): boolean {
    return this.#invalid.has(blobKey);
  }

  /** Resolves when the blob's registration is seen, or after `waitMs`, whichever is first. */
  async waitForRegistration(blobKey: string, waitMs: number): Promise<void> {
    const deadlineMs = performance.now() + waitMs;
    while (!this.isRegistered(blobKey)) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return;
      await this.#nextEvent(blobKey, leftMs);
    }
  }

  /** What the status endpoint answers. */
  status(blobKey: string): BlobStatusJson {
    const invalid = this.#invalid.get(blobKey);
    if (invalid !== undefined) return { invalid: { event: invalid } };
    const live = this.#live(blobKey);
    if (live.length === 0) return "nonexistent";
    const deletable = live.filter((object) => object.deletable);
    const deletableCounts = {
      count_deletable_total: deletable.length,
      count_deletable_certified: deletable.filter((each) => each.certifiedEpoch !== null).length,
    };
    const certifiedEpochs = live.flatMap(({ certifiedEpoch }) => certifiedEpoch ?? []);
    const initialCertifiedEpoch = certifiedEpochs.length > 0 ? Math.min(...certifiedEpochs) : null;
    const permanent = strongest(live.filter((object) => !object.deletable));
    if (permanent === null) return { deletable: { initialCertifiedEpoch, deletableCounts } };
    return {
      permanent: {
        endEpoch: permanent.endEpoch,
        isCertified: permanent.certifiedEpoch !== null,
        statusEvent: permanent.ref,
        deletableCounts,
        initialCertifiedEpoch,
      },
    };
  }

  #upsert(event: ChainEvent & { readonly kind: "registered" | "certified" }): void {
    const objects = this.#blobs.get(event.blobKey) ?? new Map<string, BlobObject>();
    this.#blobs.set(event.blobKey, objects);
    const known = objects.get(event.objectId);
    const certifiedEpoch = event.kind === "certified" ? event.epoch : null;
    if (known === undefined) {
      const { deletable, endEpoch, ref } = event;
      objects.set(event.objectId, { deletable, endEpoch, certifiedEpoch, ref });
      return;
    }
    // An extension is a second certification: it moves the end and keeps the first epoch.
    known.endEpoch = event.endEpoch;
    known.certifiedEpoch ??= certifiedEpoch;
    known.ref = event.ref;
  }

  #live(blobKey: string): BlobObject[] {
    const objects = this.#blobs.get(blobKey);
    if (objects === undefined || this.#invalid.has(blobKey)) return [];
    return [...objects.values()].filter((object) => object.endEpoch > this.#epoch);
  }

  #nextEvent(blobKey: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { blobKey, wake: done };
      const timer = setTimeout(done, waitMs);
      this.#waiters.add(waiter);
    });
  }
}

/** Certified before registered, then the later end: what the node reports of permanent blobs. */
function strongest(objects: readonly BlobObject[]): BlobObject | null {
  return objects.reduce<BlobObject | null>((best, each) => {
    if (best === null) return each;
    const certified = Number(each.certifiedEpoch !== null) - Number(best.certifiedEpoch !== null);
    return certified > 0 || (certified === 0 && each.endEpoch > best.endEpoch) ? each : best;
  }, null);
}
