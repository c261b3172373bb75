/**
 * Asks the publisher for leases on a blob, to learn an end epoch that can be relied on.
 *
 * Only leases that nobody can take back count: a deletable blob's end may come at any time. No
 * answer, a slow one and an unknown blob are all the same here: unproven.
 */
import * as v from "valibot";
import { LEASE_LOOKUP_TIMEOUT_MS } from "../../shared/limits.ts";
import type { Log, Timer } from "../../shared/ports.ts";

/** The part of the publisher's RPC that reads use. */
export interface LeaseSource {
  leasesOfBlob(blobId: string): Promise<unknown>;
}

const leasesSchema = v.array(
  v.object({ endEpoch: v.pipe(v.number(), v.safeInteger()), deletable: v.boolean() }),
);

/** The latest end epoch of a permanent lease on the blob; `null` when none is known. */
export async function provenEndEpoch(
  source: LeaseSource | undefined,
  blobId: string,
  timer: Timer,
  log: Log,
): Promise<number | null> {
  if (source === undefined) return null;
  const answered = new AbortController();
  const late = timer.sleep(LEASE_LOOKUP_TIMEOUT_MS, answered.signal).then(
    () => [],
    () => [],
  );
  try {
    const leases = v.parse(leasesSchema, await Promise.race([source.leasesOfBlob(blobId), late]));
    const ends = leases.filter((lease) => !lease.deletable).map((lease) => lease.endEpoch);
    return ends.length === 0 ? null : Math.max(...ends);
  } catch (error) {
    log.warn({ event: "leases.unreadable", blobId, cause: String(error) });
    return null;
  } finally {
    answered.abort();
  }
}
