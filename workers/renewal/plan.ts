/**
 * Which leases to extend, in which order, up to which end. Pure and deterministic.
 *
 * It goes by what the chain says of each blob, so a lease that another run has extended is left
 * alone, and the same facts always give the same plan.
 */
import type { BlobObject } from "../../shared/protocol/blob-object.ts";
import { type Prices, storageCost } from "../../shared/protocol/price.ts";

/** What the operator wants. */
export interface RenewalPolicy {
  /** A blob is extended when `endEpoch - epoch` is at most this. */
  readonly marginEpochs: number;
  readonly extendEpochs: number;
  /** Most FROST one run may spend; `null`: no bound of ours. */
  readonly budgetFrost: bigint | null;
}

/** A lease with what the chain says of its blob now; `null` when there is no such object. */
export interface LeaseOnChain {
  readonly blobObjectId: string;
  /** Address the lease book says owns it. */
  readonly owner: string;
  /** Whether the gateway stores it for its own use: its names would be lost with it. */
  readonly isOwn?: boolean;
  readonly blob: BlobObject | null;
}

/** The facts a plan is made of. */
export interface RenewalFacts {
  readonly leases: readonly LeaseOnChain[];
  /** Addresses of the gateway. */
  readonly walletAddresses: readonly string[];
  readonly epoch: number;
  readonly maxEpochsAhead: number;
  readonly prices: Prices;
}

/** One extension to make. */
export interface PlannedExtension {
  readonly blobObjectId: string;
  /** Address of the gateway that owns it: what several own is extended by as many transactions. */
  readonly owner: string;
  readonly fromEndEpoch: number;
  readonly toEndEpoch: number;
  readonly costFrost: bigint;
}

/** Why a lease near its end is not extended. */
export type SkipReason =
  | "not-due"
  | "missing"
  | "lapsed"
  | "not-certified"
  | "not-ours"
  | "shared"
  | "over-budget"
  | "at-horizon";

/** A lease left alone. */
export interface SkippedLease {
  readonly blobObjectId: string;
  readonly reason: SkipReason;
}

/** What to do. */
export interface RenewalPlan {
  /** The gateway's own first, then the soonest end, then by object ID. */
  readonly extensions: readonly PlannedExtension[];
  readonly skipped: readonly SkippedLease[];
  readonly costFrost: bigint;
}

/** Makes the plan. */
export function planRenewal(facts: RenewalFacts, policy: RenewalPolicy): RenewalPlan {
  const extensions: PlannedExtension[] = [];
  const skipped: SkippedLease[] = [];
  let costFrost = 0n;
  for (const lease of [...facts.leases].sort(mostUrgentFirst)) {
    const { blobObjectId, owner, blob } = lease;
    const reason = skipReason(lease, facts, policy);
    if (reason !== null || blob === null) {
      skipped.push({ blobObjectId, reason: reason ?? "missing" });
      continue;
    }
    const { endEpoch: fromEndEpoch, storageBytes } = blob.storage;
    const toEndEpoch = targetEnd(fromEndEpoch, facts, policy);
    const cost = storageCost(storageBytes, toEndEpoch - fromEndEpoch, facts.prices);
    if (policy.budgetFrost !== null && costFrost + cost > policy.budgetFrost) {
      skipped.push({ blobObjectId, reason: "over-budget" });
      continue;
    }
    costFrost += cost;
    extensions.push({ blobObjectId, owner, fromEndEpoch, toEndEpoch, costFrost: cost });
  }
  return { extensions, skipped, costFrost };
}

/** Splits extensions into transactions, keeping their order. */
export function batches<T>(all: readonly T[], batchSize: number): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / batchSize);
  return Array.from({ length: count }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize),
  );
}

function skipReason(
  { owner, blob }: LeaseOnChain,
  facts: RenewalFacts,
  policy: RenewalPolicy,
): SkipReason | null {
  if (!facts.walletAddresses.includes(owner)) return "not-ours";
  if (blob === null) return "missing";
  if (blob.sharedFundsFrost !== null) return "shared";
  const { endEpoch } = blob.storage;
  if (endEpoch <= facts.epoch) return "lapsed";
  if (endEpoch - facts.epoch > policy.marginEpochs) return "not-due";
  if (blob.certifiedEpoch === null) return "not-certified";
  return targetEnd(endEpoch, facts, policy) > endEpoch ? null : "at-horizon";
}

function targetEnd(endEpoch: number, facts: RenewalFacts, policy: RenewalPolicy): number {
  return Math.min(endEpoch + policy.extendEpochs, facts.epoch + facts.maxEpochsAhead);
}

/** A budget that does not suffice for all is spent in this order. */
function mostUrgentFirst(left: LeaseOnChain, right: LeaseOnChain): number {
  const byOwn = Number(right.isOwn ?? false) - Number(left.isOwn ?? false);
  if (byOwn !== 0) return byOwn;
  const byEnd = endOf(left) - endOf(right);
  if (byEnd !== 0) return byEnd;
  return left.blobObjectId < right.blobObjectId ? -1 : 1;
}

function endOf({ blob }: LeaseOnChain): number {
  return blob?.storage.endEpoch ?? 0;
}
