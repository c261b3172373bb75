/**
 * Asks the publisher for leases on a blob: to learn an end epoch that can be relied on, and that a
 * blob exists although the storage nodes do not say so yet.
 *
 * An end counts only where nobody can take the lease back: a deletable blob's end may come at any
 * time. No answer, a slow one and an unknown blob all leave the end unproven; but only an answer
 * allows to say that a blob does not exist.
 */
import * as v from "valibot";
import { agreedType } from "../../shared/http/media-type.ts";
import { inTime } from "../../shared/in-time.ts";
import { LEASE_LOOKUP_TIMEOUT_MS } from "../../shared/limits.ts";
import type { Log, Timer } from "../../shared/ports.ts";

/** The part of the publisher's RPC that reads use. */
export interface LeaseSource {
  leasesOfBlob(blobId: string): Promise<unknown>;
  wasCertifiedLately(blobId: string): Promise<unknown>;
}

const leasesSchema = v.array(
  v.object({
    endEpoch: v.pipe(v.number(), v.safeInteger()),
    deletable: v.boolean(),
    contentType: v.optional(v.string()),
    certifyTxDigest: v.optional(v.string()),
  }),
);

/** What the gateway's own leases say of a blob. */
export interface LeaseWord {
  /** The latest end of a lease that nobody can take back; `null` when none is known. */
  readonly permanentEndEpoch: number | null;
  /** The latest end of any lease; `null` when none is known. */
  readonly latestEndEpoch: number | null;
  /** Type that all stores agree on; `null` where there is none such. */
  readonly contentType: string | null;
  /** A transaction of ours that certified the blob; `null` when none is known. */
  readonly certifyTxDigest: string | null;
  /** Whether somebody was asked and has answered, or there is nobody to ask. */
  readonly isAnswered: boolean;
}

const NO_WORD: LeaseWord = {
  permanentEndEpoch: null,
  latestEndEpoch: null,
  contentType: null,
  certifyTxDigest: null,
  isAnswered: true,
};

/** How the publisher is asked. */
export interface LeasePorts {
  /** Absent where this gateway has no publisher: then nobody else knows of its stores either. */
  readonly source: LeaseSource | undefined;
  readonly timer: Timer;
  readonly log: Log;
}

/** Asks for the leases on a blob. */
export async function askLeases(ports: LeasePorts, blobId: string): Promise<LeaseWord> {
  const { source } = ports;
  if (source === undefined) return NO_WORD;
  const leases = await ask(ports, blobId, leasesSchema, () => source.leasesOfBlob(blobId));
  if (leases === null) return { ...NO_WORD, isAnswered: false };
  return {
    permanentEndEpoch: latestEnd(leases.filter((lease) => !lease.deletable)),
    latestEndEpoch: latestEnd(leases),
    contentType: agreedType(leases.flatMap(({ contentType }) => contentType ?? [])),
    certifyTxDigest: leases.find((lease) => lease.certifyTxDigest)?.certifyTxDigest ?? null,
    isAnswered: true,
  };
}

/** Asks whether this gateway has certified a blob lately; `null` when nobody answers. */
export async function askRecent(ports: LeasePorts, blobId: string): Promise<boolean | null> {
  const { source } = ports;
  if (source === undefined) return false;
  return ask(ports, blobId, v.boolean(), () => source.wasCertifiedLately(blobId));
}

async function ask<T>(
  { timer, log }: LeasePorts,
  blobId: string,
  schema: v.GenericSchema<unknown, T>,
  question: () => Promise<unknown>,
): Promise<T | null> {
  try {
    return v.parse(schema, await inTime(timer, LEASE_LOOKUP_TIMEOUT_MS, question(), undefined));
  } catch (error) {
    log.warn({ event: "leases.unreadable", blobId, error: String(error) });
    return null;
  }
}

function latestEnd(leases: readonly { readonly endEpoch: number }[]): number | null {
  return leases.length === 0 ? null : Math.max(...leases.map((lease) => lease.endEpoch));
}
