/**
 * The last step of an upload: the lease goes into the book, the blob becomes known as certified, and
 * what reads will ask for is put where they look.
 *
 * Book and Recent must succeed, and may be told the same twice; warming is a favour and never fails.
 */
import { RECORD_ASK_DELAY_MS, RECORD_ASKS_MAX } from "../../../shared/limits.ts";
import type { Timer } from "../../../shared/ports.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { LeaseBookRpc } from "../lease-book/leases.ts";
import type { StoredBlob } from "./warm.ts";

/** Whom the step tells. */
export interface RecordPorts {
  readonly timer: Timer;
  readonly leaseBook: Pick<LeaseBookRpc, "record">;
  /** Notes that a blob is certified, for those who are about to answer 404. */
  readonly noteCertified?: (blobId: string) => Promise<void>;
  /** Caches what is known of a blob; never rejects. */
  readonly warm?: (stored: StoredBlob) => Promise<void>;
}

/**
 * Records one certified blob. Whoever waits is answered after this, and may change the blob at once:
 * so a book that was just restarted is asked again before the run is given up.
 *
 * @throws When book or Recent cannot be reached; a later run tries again.
 */
export async function recordBlob(
  { timer, leaseBook, noteCertified, warm }: RecordPorts,
  lease: Lease,
  stored: StoredBlob,
): Promise<void> {
  const tell = () =>
    Promise.all([leaseBook.record(lease), noteCertified?.(lease.blobId)]).then(() => undefined);
  await insist(timer, tell);
  await warm?.(stored);
}

async function insist(timer: Timer, tell: () => Promise<void>): Promise<void> {
  for (let ask = 1; ; ask++) {
    try {
      return await tell();
    } catch (error) {
      if (ask >= RECORD_ASKS_MAX) throw error;
    }
    await timer.sleep(RECORD_ASK_DELAY_MS * 2 ** (ask - 1));
  }
}
