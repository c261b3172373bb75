/**
 * The book of the storage the gateway has bought: its RPC surface and bounds. Types and names only.
 */
import type { Lease, LeasePage, LeasePageQuery } from "../../../shared/rpc/leases.ts";

export type { Lease, LeasePage, LeasePageQuery } from "../../../shared/rpc/leases.ts";

/** RPC surface of the LeaseBook object: `env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME)`. */
export interface LeaseBookRpc {
  /** Adds a lease, or replaces what is known of that object; an end is never moved back. */
  record(lease: Lease): Promise<void>;
  get(blobObjectId: string): Promise<Lease | null>;
  list(query?: LeasePageQuery): Promise<LeasePage>;
  /** Leases with `endEpoch <= endEpochMax`. */
  ending(endEpochMax: number, query?: LeasePageQuery): Promise<LeasePage>;
  /** Every lease on one blob ID (43 characters), latest end first. */
  ofBlob(blobId: string): Promise<readonly Lease[]>;
  /** Moves ends forward; unknown objects are ignored. */
  updateEnds(
    ends: readonly { readonly blobObjectId: string; readonly endEpoch: number }[],
  ): Promise<void>;
  /** Keeps the report of the last renewal run, replacing the one before. */
  keepReport(report: string): Promise<void>;
  /** JSON text of the last report; `null` before the first run. */
  lastReport(): Promise<string | null>;
  /** Forgets leases (deleted, or gone from the chain). */
  forget(blobObjectIds: readonly string[]): Promise<void>;
}

/** The gateway has one book. */
export const LEASE_BOOK_NAME = "gateway";
