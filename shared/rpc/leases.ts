/**
 * Leases as the Workers tell each other of them: one for each Blob object. Types and names only.
 */

/** Subjects of the gateway itself: what it stores for its own use. No token can have one. */
export const GATEWAY_SUBJECT_PREFIX = "walrus-edge:";

/** One lease. */
export interface Lease {
  /** Object ID of the Blob: the key. */
  readonly blobObjectId: string;
  /** 43 characters of base64url. */
  readonly blobId: string;
  /** Address that owns the Blob object. */
  readonly owner: string;
  /** Subject of the token that stored it; `null` on an open gateway. */
  readonly sub: string | null;
  readonly unencodedBytes: number;
  /** Encoded bytes that are paid for. */
  readonly storageBytes: number;
  readonly deletable: boolean;
  readonly startEpoch: number;
  /** Exclusive. */
  readonly endEpoch: number;
  /** When it was first recorded, milliseconds since 1970. */
  readonly recordedAtMs: number;
  /** The SharedBlob that wraps the Blob; the Blob is owned by an address where there is none. */
  readonly sharedObjectId?: string;
  /** Transaction that certified it, where it is known. */
  readonly certifyTxDigest?: string;
  /** The attribute `content-type`, where leases are asked for by blob ID. */
  readonly contentType?: string;
  /** As last set through this gateway; the chain decides. Nothing where there are none. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Which end a lease has; it is also a place in the order of leases by their ends. */
export interface LeaseEnd {
  readonly blobObjectId: string;
  /** Exclusive. */
  readonly endEpoch: number;
}

/** A page of leases: the soonest end first, then by object ID. */
export interface LeasePage {
  readonly leases: readonly Lease[];
  /** Pass as `after` for the next page; `null` on the last one. */
  readonly next: LeaseEnd | null;
}

/** Which page. */
export interface LeasePageQuery {
  /** Where the page before ended. */
  readonly after?: LeaseEnd | null;
  /** At most `LEASE_PAGE_MAX`. */
  readonly limit?: number;
  /** Only leases that end after this epoch: leaves out what has lapsed. */
  readonly endingAfter?: number;
}
