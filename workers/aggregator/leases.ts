/**
 * Asks the publisher for leases on a blob: to learn an end epoch that can be relied on, and that a
 * blob exists although the storage nodes do not say so yet.
 *
 * An end counts only where nobody can take the lease back: a deletable blob's end may come at any
 * time. No answer, a slow one and an unknown blob are all the same here: unproven.
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

/** What the gateway's own leases say of a blob. */
export interface LeaseWord {
  /** The latest end of a lease that nobody can take back; `null` when none is known. */
  readonly permanentEndEpoch: number | null;
  /** The latest end of any lease; `null` when none is known. */
  readonly latestEndEpoch: number | null;
}

const NO_WORD: LeaseWord = { permanentEndEpoch: null, latestEndEpoch: null };

/** Asks for the leases on a blob. */
export async function askLeases(
  source: LeaseSource | undefined,
  blobId: string,
  timer: Timer,
  log: Log,
): Promise<LeaseWord> {
  if (source === undefined) return NO_WORD;
  const answered = new AbortController();
  const late = timer.sleep(LEASE_LOOKUP_TIMEOUT_MS, answered.signal).then(
    () => [],
    () => [],
  );
  try {
    const leases = v.parse(leasesSchema, await Promise.race([source.leasesOfBlob(blobId), late]));
    return {
      permanentEndEpoch: latestEnd(leases.filter((lease) => !lease.deletable)),
      latestEndEpoch: latestEnd(leases),
    };
  } catch (error) {
    log.warn({ event: "leases.unreadable", blobId, cause: String(error) });
    return NO_WORD;
  } finally {
    answered.abort();
  }
}

function latestEnd(leases: readonly { readonly endEpoch: number }[]): number | null {
  return leases.length === 0 ? null : Math.max(...leases.map((lease) => lease.endEpoch));
}
