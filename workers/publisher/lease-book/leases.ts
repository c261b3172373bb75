/**
 * The book of the storage the gateway has bought: its RPC surface and bounds. Types and names only.
 */
import type { Lease, LeaseEnd, LeasePage, LeasePageQuery } from "../../../shared/rpc/leases.ts";

/** Which leases of one subject. */
export interface SubjectLeasesQuery {
  readonly sub: string | null;
  /** Where the page before ended. */
  readonly after: LeasePosition | null;
  /** At most `LEASE_PAGE_MAX`. */
  readonly limit: number;
  /** Exclusive end epochs from here on. */
  readonly endEpochMin: number;
  readonly endEpochMax: number;
  /** All of them; a value that ends with `*` is a beginning. */
  readonly attributes: readonly (readonly [key: string, value: string])[];
  /** One blob, and one object of it where that is named; `null` for any. */
  readonly pointedAt: { readonly blobId: string; readonly objectId: string | null } | null;
}

/** A place in the order of a subject's leases: newest first. */
export interface LeasePosition {
  readonly recordedAtMs: number;
  readonly blobObjectId: string;
}

/** A page of a subject's leases. */
export interface SubjectLeases {
  readonly leases: readonly Lease[];
  /** Pass as `after` for the next page; `null` on the last one. */
  readonly next: LeasePosition | null;
}

export type { Lease, LeasePage, LeasePageQuery } from "../../../shared/rpc/leases.ts";

/** RPC surface of the LeaseBook object: `env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME)`. */
export interface LeaseBookRpc {
  /** Adds a lease, or replaces what is known of that object; an end is never moved back. */
  record(lease: Lease): Promise<void>;
  get(blobObjectId: string): Promise<Lease | null>;
  /** The lease of a Blob, or of the SharedBlob around it. */
  find(objectId: string): Promise<Lease | null>;
  /** What one subject has stored, newest first. */
  ofSubject(query: SubjectLeasesQuery): Promise<SubjectLeases>;
  /** Replaces what is known of a blob's attributes. */
  setAttributes(blobObjectId: string, attributes: Readonly<Record<string, string>>): Promise<void>;
  /** Leases with `endEpoch <= endEpochMax`. */
  ending(endEpochMax: number, query?: LeasePageQuery): Promise<LeasePage>;
  /** Every lease on one blob ID (43 characters), latest end first. */
  ofBlob(blobId: string): Promise<readonly Lease[]>;
  /** Sums over all leases by end epoch; up to `LEASE_ENDS_HOLD_MS` old. */
  ends(): Promise<readonly LeaseEnds[]>;
  /** Moves ends forward; unknown objects are ignored. */
  updateEnds(ends: readonly LeaseEnd[]): Promise<void>;
  /** Keeps the report of the last renewal run, replacing the one before. */
  keepReport(report: string): Promise<void>;
  /** JSON text of the last report; `null` before the first run. */
  lastReport(): Promise<string | null>;
  /** Forgets leases (deleted, or gone from the chain). */
  forget(blobObjectIds: readonly string[]): Promise<void>;
}

/** The leases that end in one epoch. */
export interface LeaseEnds {
  readonly endEpoch: number;
  readonly count: number;
  readonly storageBytes: number;
}

/** The gateway has one book. */
export const LEASE_BOOK_NAME = "gateway";
