/**
 * The last step of an upload: the lease goes into the book, the blob becomes known as certified, and
 * what reads will ask for is put where they look.
 *
 * Book and Recent must succeed, and may be told the same twice; warming is a favour and never fails.
 */
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { LeaseBookRpc } from "../lease-book/leases.ts";
import type { StoredBlob } from "./warm.ts";

/** Whom the step tells. */
export interface RecordPorts {
  readonly leaseBook: Pick<LeaseBookRpc, "record">;
  /** Notes that a blob is certified, for those who are about to answer 404. */
  readonly noteCertified?: (blobId: string) => Promise<void>;
  /** Caches what is known of a blob; never rejects. */
  readonly warm?: (stored: StoredBlob) => Promise<void>;
}

/** Records one certified blob. @throws When book or Recent cannot be reached; it is tried again. */
export async function recordBlob(
  { leaseBook, noteCertified, warm }: RecordPorts,
  lease: Lease,
  stored: StoredBlob,
): Promise<void> {
  await Promise.all([leaseBook.record(lease), noteCertified?.(lease.blobId)]);
  await warm?.(stored);
}
