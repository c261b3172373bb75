/**
 * What the publisher offers the other Workers through their service binding `PUBLISHER`: the
 * surface of its `PublisherRpc` entrypoint. Types only.
 */
import type { Result } from "../result.ts";
import type { Lease, LeaseEnd, LeasePage, LeasePageQuery } from "./leases.ts";
import type { OrphanSweep } from "./orphans.ts";

/** One blob and the end it shall have. Nothing is done where it ends there or later already. */
export interface LeaseExtension {
  readonly blobObjectId: string;
  /** Exclusive. */
  readonly toEndEpoch: number;
}

/** Several extensions under one name: the same `id` with the same content is paid for once. */
export interface ExtendLeases {
  /** Up to 256 characters. */
  readonly id: string;
  /** The address of the gateway that owns all of them. */
  readonly owner: string;
  /** All are extended by one transaction, or none is. */
  readonly extensions: readonly LeaseExtension[];
}

/** Where a blob ended before and ends now. */
export interface ExtendedEnd {
  readonly blobObjectId: string;
  readonly fromEndEpoch: number;
  readonly endEpoch: number;
}

/** What extending did. */
export interface LeasesExtended {
  /** One for each blob asked for, in order. */
  readonly ends: readonly ExtendedEnd[];
  /** `null` where nothing had to be done. */
  readonly txDigest: string | null;
  readonly costFrost: bigint;
  readonly gasMist: bigint;
}

/** Why nothing was extended. */
export type ExtendFailure =
  /** One blob spoils the transaction: leave it out and ask again under another `id`. */
  | { readonly kind: "blob-unusable"; readonly blobObjectId: string; readonly reason: string }
  /** Ask again with the same `id`: the chain or the money was not there. */
  | { readonly kind: "not-now"; readonly cause: string; readonly detail: string }
  /** This `id` will never succeed. */
  | { readonly kind: "refused"; readonly cause: string; readonly detail: string };

export type ExtendReply = Result<LeasesExtended, ExtendFailure>;

/** What `env.PUBLISHER` offers. */
export interface PublisherRpcSurface {
  /** Addresses that pay for and own what the gateway stores; the main one is the first. */
  walletAddresses(): Promise<readonly string[]>;
  /** Leases known to the gateway with `endEpoch <= endEpochMax`, by pages. */
  leasesEnding(endEpochMax: number, query?: LeasePageQuery): Promise<LeasePage>;
  /** Leases on one blob ID (43 characters of base64url), latest end first. */
  leasesOfBlob(blobId: string): Promise<readonly Lease[]>;
  /** Whether this gateway certified the blob in the last `RECENT_TTL_MS`. */
  wasCertifiedLately(blobId: string): Promise<boolean>;
  /**
   * The operator's rules as JSON text (`shared/cache/gate-rules.ts`), from their one writer; `null`
   * when `knownVersion` is the current one.
   */
  gateRules(knownVersion: number | null): Promise<string | null>;
  /** Extends by one transaction and records the new ends. */
  extendLeases(request: ExtendLeases): Promise<ExtendReply>;
  /** Moves recorded ends forward to what the chain says. */
  updateEnds(ends: readonly LeaseEnd[]): Promise<void>;
  /** Adds leases. */
  recordLeases(leases: readonly Lease[]): Promise<void>;
  /** Forgets leases whose objects are gone. */
  forgetLeases(blobObjectIds: readonly string[]): Promise<void>;
  /** Looks after registrations nobody certified, some at a time. */
  sweepOrphans(): Promise<OrphanSweep>;
  /** Keeps the JSON text of a renewal run's report, replacing the one before. */
  keepRenewalReport(report: string): Promise<void>;
  /** The last report; `null` before the first run. */
  lastRenewalReport(): Promise<string | null>;
}
