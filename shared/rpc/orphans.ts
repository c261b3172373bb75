/**
 * Registrations nobody certified: what is known of them, and what a sweep did. Types only.
 */

/** One registration that was paid for and is not certified. */
export interface Orphan {
  /** Object ID of the Blob: the key. */
  readonly blobObjectId: string;
  /** 43 characters of base64url. */
  readonly blobId: string;
  /** Address of the gateway that owns it. */
  readonly owner: string;
  /** Subject of the token it was stored with; `null` on an open gateway. */
  readonly sub: string | null;
  readonly uploadId: string;
  readonly unencodedBytes: number;
  readonly storageBytes: number;
  readonly deletable: boolean;
  readonly registeredEpoch: number;
  readonly storageObjectId: string;
  readonly startEpoch: number;
  /** Exclusive. */
  readonly endEpoch: number;
  /** What it cost, in FROST. */
  readonly costFrost: string;
  readonly txDigest: string;
  readonly recordedAtMs: number;
  /**
   * `open`: a sweep will look at it. `sunk`: permanent, and too few nodes hold its slivers; an upload
   * of the same blob uses it. `expired`: its lease is over, and it may be burned.
   */
  readonly state: "open" | "sunk" | "expired";
}

/** What one sweep did, by number of orphans. */
export interface OrphanSweep {
  readonly looked: number;
  /** Deleted: their storage is free again. */
  readonly deleted: number;
  /** Found certified, or certified now because enough nodes hold their slivers. */
  readonly certified: number;
  readonly sunk: number;
  readonly expired: number;
  /** Gone from the chain. */
  readonly gone: number;
  /** To be looked at again: the chain, the nodes or the wallet were not there. */
  readonly postponed: number;
}
