/**
 * One renewal run: read, plan, extend, report.
 *
 * A command's name holds the window, the epoch and what is extended to where, so two runs of one
 * window send the same commands and pay once; runs of different windows find the new ends on chain.
 */
import { toBase64Url } from "../../shared/bytes/text.ts";
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import {
  EXTENSIONS_PER_TRANSACTION_MAX,
  RENEWAL_COMMANDS_MAX,
  RENEWAL_LEASES_MAX,
} from "../../shared/limits.ts";
import type { Clock, Log } from "../../shared/ports.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { GATEWAY_SUBJECT_PREFIX, type Lease, type LeaseEnd } from "../../shared/rpc/leases.ts";
import type {
  ExtendedEnd,
  ExtendFailure,
  PublisherRpcSurface,
} from "../../shared/rpc/publisher.ts";
import type { Chain, ChainFailure, ContractState } from "../../shared/sui/chain.ts";
import {
  batches,
  type LeaseOnChain,
  type PlannedExtension,
  planRenewal,
  type RenewalPolicy,
  type SkippedLease,
} from "./plan.ts";

/** What a run needs. */
export interface RenewalPorts {
  readonly publisher: PublisherRpcSurface;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: RenewalPolicy;
  /** Plans and reports, and pays for nothing. */
  readonly isDryRun?: boolean;
}

/** What a run did. */
export interface RenewalReport {
  /** Start of the hour the cron fired for, milliseconds since 1970. */
  readonly windowMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** `null` when the chain could not be read. */
  readonly epoch: number | null;
  readonly isDryRun: boolean;
  /** Leases near their end that were looked at. */
  readonly leaseCount: number;
  /** What was to be extended, in this order. */
  readonly planned: readonly PlannedExtension[];
  /** Leases whose end moved. */
  readonly extended: readonly (ExtendedEnd & { readonly blobId: string | null })[];
  readonly skipped: readonly SkippedLease[];
  readonly failures: readonly RenewalFailure[];
  readonly txDigests: readonly string[];
  readonly costFrost: bigint;
  readonly gasMist: bigint;
}

/** Something that went wrong; the next run tries again. */
export type RenewalFailure =
  | { readonly kind: "chain-unreadable"; readonly failure: ChainFailure }
  | {
      readonly kind: "not-extended";
      readonly blobObjectIds: readonly string[];
      readonly failure: ExtendFailure;
    };

const HOUR_MS = 3_600_000;

/** Runs once. */
export async function renew(ports: RenewalPorts, scheduledMs: number): Promise<RenewalReport> {
  const { publisher, chain, clock, policy } = ports;
  const startedAtMs = clock.nowMs();
  const windowMs = scheduledMs - (scheduledMs % HOUR_MS);
  const run = new Run(ports, windowMs, startedAtMs);
  const state = await chain.readContract();
  if (!state.ok) return run.finish({ kind: "chain-unreadable", failure: state.failure });
  run.epoch = state.value.epoch;
  const leases = await leasesNearEnd(publisher, state.value, policy);
  run.leases = leases;
  const onChain = await withBlobs(chain, leases);
  if (!onChain.ok) return run.finish({ kind: "chain-unreadable", failure: onChain.failure });
  await publisher.updateEnds(endsOnChain(onChain.value));
  const { epoch, maxEpochsAhead, prices } = state.value;
  const walletAddresses = await publisher.walletAddresses();
  const plan = planRenewal(
    { leases: onChain.value, walletAddresses, epoch, maxEpochsAhead, prices },
    policy,
  );
  run.planned = plan.extensions;
  run.skipped.push(...plan.skipped);
  if (run.isDryRun) return run.finish(null);
  for (const [owner, extensions] of Map.groupBy(plan.extensions, (one) => one.owner)) {
    for (const batch of batches(extensions, EXTENSIONS_PER_TRANSACTION_MAX)) {
      await run.extend(owner, batch);
    }
  }
  return run.finish(null);
}

/** What a run has done so far. */
class Run {
  epoch: number | null = null;
  leases: readonly Lease[] = [];
  planned: readonly PlannedExtension[] = [];
  readonly isDryRun: boolean;
  readonly skipped: SkippedLease[] = [];
  readonly #ports: RenewalPorts;
  readonly #windowMs: number;
  readonly #startedAtMs: number;
  readonly #extended: ExtendedEnd[] = [];
  readonly #failures: RenewalFailure[] = [];
  readonly #txDigests: string[] = [];
  #costFrost = 0n;
  #gasMist = 0n;
  #commandCount = 0;

  constructor(ports: RenewalPorts, windowMs: number, startedAtMs: number) {
    this.#ports = ports;
    this.isDryRun = ports.isDryRun ?? false;
    this.#windowMs = windowMs;
    this.#startedAtMs = startedAtMs;
  }

  /** Extends a batch; a blob that spoils it is left out and the rest sent again. */
  async extend(owner: string, batch: readonly PlannedExtension[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0 && this.#commandCount < RENEWAL_COMMANDS_MAX) {
      this.#commandCount++;
      const extensions = rest.map(({ blobObjectId, toEndEpoch }) => ({ blobObjectId, toEndEpoch }));
      const id = await commandId(this.#windowMs, this.epoch ?? 0, extensions);
      const reply = await this.#ports.publisher.extendLeases({ id, owner, extensions });
      if (reply.ok) {
        const { ends, txDigest, costFrost, gasMist } = reply.value;
        this.#extended.push(...ends.filter((end) => end.endEpoch > end.fromEndEpoch));
        if (txDigest !== null) this.#txDigests.push(txDigest);
        this.#costFrost += costFrost;
        this.#gasMist += gasMist;
        return;
      }
      const { failure } = reply;
      const spoiler = failure.kind === "blob-unusable" ? failure.blobObjectId : null;
      const left = rest.filter(({ blobObjectId }) => blobObjectId !== spoiler);
      const hit = left.length < rest.length ? [spoiler ?? ""] : rest.map((one) => one.blobObjectId);
      this.#failures.push({ kind: "not-extended", blobObjectIds: hit, failure });
      if (left.length === rest.length) return;
      rest = left;
    }
  }

  async finish(failure: RenewalFailure | null): Promise<RenewalReport> {
    if (failure !== null) this.#failures.push(failure);
    const blobIds = new Map(this.leases.map((lease) => [lease.blobObjectId, lease.blobId]));
    const report: RenewalReport = {
      windowMs: this.#windowMs,
      startedAtMs: this.#startedAtMs,
      finishedAtMs: this.#ports.clock.nowMs(),
      epoch: this.epoch,
      isDryRun: this.isDryRun,
      leaseCount: this.leases.length,
      planned: this.planned,
      extended: this.#extended.map((end) => ({
        ...end,
        blobId: blobIds.get(end.blobObjectId) ?? null,
      })),
      skipped: this.skipped,
      failures: this.#failures,
      txDigests: this.#txDigests,
      costFrost: this.#costFrost,
      gasMist: this.#gasMist,
    };
    logReport(this.#ports.log, report);
    return report;
  }
}

function logReport(log: Log, report: RenewalReport): void {
  const record = {
    event: "renewal.finished",
    epoch: report.epoch,
    durationMs: report.finishedAtMs - report.startedAtMs,
    leaseCount: report.leaseCount,
    extendedCount: report.extended.length,
    skippedCount: report.skipped.length,
    failures: report.failures.map((failure) => failure.kind),
    txDigests: report.txDigests,
    costFrost: report.costFrost.toString(),
  };
  if (report.failures.length > 0) log.error(record);
  else log.info(record);
}

/**
 * The leases that are neither lapsed nor outside the margin, as the book knows it; those that end
 * first where there are more than one run looks at.
 */
async function leasesNearEnd(
  publisher: PublisherRpcSurface,
  { epoch }: ContractState,
  { marginEpochs }: RenewalPolicy,
): Promise<readonly Lease[]> {
  const all: Lease[] = [];
  let after: LeaseEnd | null = null;
  do {
    const page = await publisher.leasesEnding(epoch + marginEpochs, { after, endingAfter: epoch });
    all.push(...page.leases);
    after = page.next;
  } while (after !== null && all.length < RENEWAL_LEASES_MAX);
  return all;
}

async function withBlobs(
  chain: Chain,
  leases: readonly Lease[],
): Promise<Result<readonly LeaseOnChain[], ChainFailure>> {
  const onChain: LeaseOnChain[] = [];
  for (const batch of batches(leases, EXTENSIONS_PER_TRANSACTION_MAX)) {
    const blobs = await chain.readBlobObjects(batch.map(({ blobObjectId }) => blobObjectId));
    if (!blobs.ok) return err(blobs.failure);
    for (const [index, { blobObjectId, owner, sub }] of batch.entries()) {
      const isOwn = sub?.startsWith(GATEWAY_SUBJECT_PREFIX) ?? false;
      onChain.push({ blobObjectId, owner, isOwn, blob: blobs.value[index] ?? null });
    }
  }
  return ok(onChain);
}

function endsOnChain(leases: readonly LeaseOnChain[]): readonly LeaseEnd[] {
  return leases.flatMap(({ blobObjectId, blob }) =>
    blob === null ? [] : [{ blobObjectId, endEpoch: blob.storage.endEpoch }],
  );
}

async function commandId(
  windowMs: number,
  epoch: number,
  extensions: readonly { readonly blobObjectId: string; readonly toEndEpoch: number }[],
): Promise<string> {
  const content = extensions.map((one) => `${one.blobObjectId}:${one.toEndEpoch}`).join("\n");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8Bytes(content)));
  return `renew/${windowMs}/${epoch}/${toBase64Url(hash)}`;
}
