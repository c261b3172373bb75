/**
 * The Durable Object that keeps every lease of the gateway. See `LeaseBookRpc` for the surface.
 */
import { DurableObject } from "cloudflare:workers";
import { LEASE_ENDS_HOLD_MS } from "../../../shared/limits.ts";
import type { LeaseEnd } from "../../../shared/rpc/leases.ts";
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import { systemClock } from "../../../shared/system.ts";
import { createLeaseBook, type LeaseBookRows } from "./book.ts";
import type {
  Lease,
  LeaseBookRpc,
  LeaseEnds,
  LeasePage,
  LeasePageQuery,
  SubjectLeases,
  SubjectLeasesQuery,
} from "./leases.ts";
import {
  createOrphanRows,
  type OrphanBookRpc,
  type OrphanQuery,
  type OrphanRows,
  type OrphanWish,
} from "./orphans.ts";

export class LeaseBook extends DurableObject implements LeaseBookRpc, OrphanBookRpc {
  readonly #book: LeaseBookRows;
  readonly #orphans: OrphanRows;
  /** Only a hint of how things stand: nothing is decided by it. */
  #ends: { readonly atMs: number; readonly ends: readonly LeaseEnds[] } | null = null;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#book = createLeaseBook(ctx.storage.sql);
    this.#orphans = createOrphanRows(ctx.storage.sql);
  }

  async record(lease: Lease): Promise<void> {
    this.#book.record(lease);
    // What was nobody's has found its place.
    this.#orphans.forgetOrphan(lease.blobObjectId);
  }

  async get(blobObjectId: string): Promise<Lease | null> {
    return this.#book.get(blobObjectId);
  }

  async find(objectId: string): Promise<Lease | null> {
    return this.#book.find(objectId);
  }

  async ofSubject(query: SubjectLeasesQuery): Promise<SubjectLeases> {
    return this.#book.ofSubject(query);
  }

  async setAttributes(
    blobObjectId: string,
    attributes: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.#book.setAttributes(blobObjectId, attributes);
  }

  async ending(endEpochMax: number, query: LeasePageQuery = {}): Promise<LeasePage> {
    return this.#book.ending(endEpochMax, query);
  }

  async ofBlob(blobId: string): Promise<readonly Lease[]> {
    return this.#book.ofBlob(blobId);
  }

  async ends(): Promise<readonly LeaseEnds[]> {
    const nowMs = systemClock.nowMs();
    if (this.#ends === null || nowMs - this.#ends.atMs >= LEASE_ENDS_HOLD_MS) {
      this.#ends = { atMs: nowMs, ends: this.#book.ends() };
    }
    return this.#ends.ends;
  }

  async updateEnds(ends: readonly LeaseEnd[]): Promise<void> {
    this.#book.updateEnds(ends);
  }

  async forget(blobObjectIds: readonly string[]): Promise<void> {
    this.#book.forget(blobObjectIds);
  }

  async recordOrphan(orphan: Orphan): Promise<void> {
    this.#orphans.recordOrphan(orphan);
  }

  async orphan(blobObjectId: string): Promise<Orphan | null> {
    return this.#orphans.orphan(blobObjectId);
  }

  async orphans(query: OrphanQuery = {}): Promise<readonly Orphan[]> {
    return this.#orphans.orphans(query);
  }

  async orphansDue(recordedBeforeMs: number, limit: number): Promise<readonly Orphan[]> {
    return this.#orphans.orphansDue(recordedBeforeMs, limit);
  }

  async claimOrphan(wish: OrphanWish): Promise<Orphan | null> {
    return this.#orphans.claimOrphan(wish);
  }

  async markOrphan(blobObjectId: string, state: Orphan["state"], seenAtMs: number): Promise<void> {
    this.#orphans.markOrphan(blobObjectId, state, seenAtMs);
  }

  async forgetOrphan(blobObjectId: string): Promise<void> {
    this.#orphans.forgetOrphan(blobObjectId);
  }

  async keepReport(report: string): Promise<void> {
    this.#book.keepReport(report);
  }

  async lastReport(): Promise<string | null> {
    return this.#book.lastReport();
  }
}
