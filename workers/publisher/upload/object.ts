/**
 * `Upload`: the Durable Object that carries one upload, whatever happens to its client.
 *
 * It stages the body, then runs the steps of its journal; an alarm goes on with what a restart or a
 * failed attempt left behind, and removes everything some days after the end. This file composes
 * the ports; what is decided is decided in the pure modules beside it.
 */
import { DurableObject } from "cloudflare:workers";
import { UPLOAD_STATE_TTL_MS, UPLOAD_WATCHDOG_MS } from "../../../shared/limits.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { verifiedBlobStatus } from "../../../shared/nodes/verified-status.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import { isolateMemory } from "../../../shared/working-memory.ts";
import { tokenShard } from "../auth/token-guard.ts";
import { publisherCodec } from "../codec.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import type { Lane } from "../lane/lane.ts";
import { LEASE_BOOK_NAME } from "../lease-book/leases.ts";
import type { UploadFailure } from "./failure.ts";
import {
  type Journal,
  nextStep,
  openJournal,
  reopen,
  settle,
  type UploadRequest,
} from "./journal.ts";
import type { NodeProgress } from "./progress.ts";
import { type RunPorts, runUpload } from "./run.ts";
import { RowDigest } from "./row-digest.ts";
import { type BodyBounds, stageBody } from "./stage.ts";
import { UploadStore } from "./store.ts";

/** What the publisher asks of an upload. */
export interface UploadRpc {
  /**
   * Takes the body and carries the upload out. Resolves when the bytes are durable, or, when the
   * request waits, when this attempt has come to its end. An upload that exists is not taken twice:
   * the answer is its state.
   */
  store(
    request: UploadRequest,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<Journal, UploadFailure>>;
  /** Goes on with an upload that was interrupted and waits as `store` does; `null` if unknown. */
  resume(): Promise<Journal | null>;
  /** The journal and the progress of its nodes as they stand; `null` if unknown. */
  view(): Promise<UploadRecord | null>;
  /**
   * Ends the upload while nothing has been paid; else leaves it alone. `null` if unknown.
   */
  cancel(): Promise<{ readonly isCancelled: boolean; readonly record: UploadRecord } | null>;
}

/** Everything that is known of an upload. */
export interface UploadRecord {
  readonly journal: Journal;
  readonly progress: NodeProgress | null;
}

const log = consoleLog("publisher");

export class Upload extends DurableObject<PublisherEnv> implements UploadRpc {
  readonly #store: UploadStore;
  #staging: Promise<Result<Journal, UploadFailure>> | null = null;
  #running: Promise<void> | null = null;
  /** Set while a run is being stopped: it may save nothing more, so it cannot begin to pay. */
  #cancelled = false;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, env);
    this.#store = new UploadStore(ctx.storage.sql);
  }

  async store(
    request: UploadRequest,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<Journal, UploadFailure>> {
    const known = this.#store.load();
    const isNew = (known === null || known.state === "failed") && this.#staging === null;
    if (isNew) this.#staging = this.#stage(known, request, bounds, body);
    else if (request.binding !== undefined) {
      const repeated = await this.#checkRepetition(request.binding, bounds, body);
      if (!repeated.ok) return repeated;
    } else await body?.cancel("this upload exists");
    const staged = this.#staging === null ? null : await this.#staging;
    if (staged?.ok === false) return staged;
    // A repetition must not use up the attempts: what is there is in the hands of its alarm.
    const attempt = isNew ? this.#advance() : this.#running;
    if (request.waits) await attempt;
    return ok(this.#journal());
  }

  async resume(): Promise<Journal | null> {
    if (this.#store.load() === null) return null;
    await this.#advance();
    return this.#journal();
  }

  async view(): Promise<UploadRecord | null> {
    const journal = this.#store.load();
    return journal === null ? null : { journal, progress: this.#store.loadProgress() };
  }

  async cancel(): Promise<{
    readonly isCancelled: boolean;
    readonly record: UploadRecord;
  } | null> {
    const journal = this.#store.load();
    if (journal === null) return null;
    const isCancelled = journal.state === "running" && journal.steps.register.status === "pending";
    if (isCancelled) {
      this.#cancelled = true;
      try {
        await this.#running;
        await this.#settle({ kind: "cancelled" });
      } finally {
        this.#cancelled = false;
      }
    }
    return { isCancelled, record: { journal: this.#journal(), progress: null } };
  }

  override async alarm(): Promise<void> {
    const journal = this.#store.load();
    if (journal === null || nextStep(journal) === null) {
      const endMs = (journal?.finishedAtMs ?? 0) + UPLOAD_STATE_TTL_MS;
      if (systemClock.nowMs() >= endMs) await this.#forget();
      else await this.ctx.storage.setAlarm(endMs);
      return;
    }
    await this.#advance();
  }

  /** Whoever comes again with a key must bring the same request: its bytes are read to the end. */
  async #checkRepetition(
    binding: string,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<null, UploadFailure>> {
    const digest = new RowDigest();
    if (body !== null) {
      const read = await stageBody(body, bounds, (_, bytes) => digest.add(bytes));
      if (!read.ok) return read;
    }
    const contentDigest = await digest.finish();
    await this.#staging;
    const journal = this.#store.load();
    // The first request broke off before its bytes were safe; this one may come again.
    if (journal === null) return err({ kind: "interrupted" });
    const isSame =
      journal.request.binding === binding && journal.request.contentDigest === contentDigest;
    return isSame ? ok(null) : err({ kind: "idempotency-mismatch" });
  }

  async #stage(
    known: Journal | null,
    request: UploadRequest,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<Journal, UploadFailure>> {
    const digest = request.binding === undefined ? null : new RowDigest();
    try {
      this.#store.unstage();
      const staged =
        body === null
          ? ok(0)
          : await stageBody(body, bounds, (rowIndex, bytes) => {
              this.#store.stage(rowIndex, bytes);
              digest?.add(bytes);
            });
      if (!staged.ok) {
        if (known === null) {
          await this.#giveTokenBack(request);
          await this.#forget();
        } else this.#store.unstage();
        return err(staged.failure);
      }
      const nowMs = systemClock.nowMs();
      const bound =
        digest === null ? request : { ...request, contentDigest: await digest.finish() };
      if (known !== null && isOtherPurchase(known, bound)) {
        this.#store.unstage();
        return err({ kind: "idempotency-mismatch" });
      }
      const journal =
        known === null
          ? openJournal(bound, staged.value, nowMs)
          : reopen(known, bound, staged.value, nowMs);
      this.#store.save(journal);
      await this.ctx.storage.setAlarm(nowMs + UPLOAD_WATCHDOG_MS);
      // Nobody is told that the bytes are safe before they are.
      await this.ctx.storage.sync();
      return ok(journal);
    } finally {
      this.#staging = null;
    }
  }

  /** Runs what is left, once at a time; resolves when this attempt has ended. Never rejects. */
  #advance(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #attempt(): Promise<void> {
    const journal = this.#journal();
    if (nextStep(journal) === null) return;
    await this.ctx.storage.setAlarm(systemClock.nowMs() + UPLOAD_WATCHDOG_MS);
    let failure: UploadFailure | null;
    try {
      failure = (await runUpload(this.#ports(), journal)).failure;
    } catch (error) {
      if (this.#cancelled) return;
      log.error({
        event: "upload.interrupted",
        uploadId: journal.request.uploadId,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      failure = { kind: "interrupted" };
    }
    if (!this.#cancelled) await this.#settle(failure);
  }

  async #settle(failure: UploadFailure | null): Promise<void> {
    const nowMs = systemClock.nowMs();
    const settled = settle(this.#journal(), failure, nowMs);
    this.#store.save(settled.journal);
    if (settled.journal.state !== "running") this.#store.unstage();
    if (hasBoughtNothing(settled.journal)) await this.#giveTokenBack(settled.journal.request);
    await this.ctx.storage.setAlarm(nowMs + settled.wakeAfterMs);
    log.info({
      event: `upload.${settled.journal.state}`,
      uploadId: settled.journal.request.uploadId,
      failure: failure?.kind,
      attempts: settled.journal.attemptCount,
      durationMs: nowMs - settled.journal.stagedAtMs,
    });
  }

  #ports(): RunPorts {
    const { env } = this;
    const config = publisherConfig(env);
    const leaseBook = env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME);
    const permit = platformPermit();
    const client = createNodeClient({ permit, timer: systemTimer, lane: "status" });
    const chain = createChain({
      ...config.network,
      fetch: permit.fetch,
      clock: systemClock,
      timer: systemTimer,
    });
    return {
      clock: systemClock,
      timer: systemTimer,
      log,
      codec: publisherCodec(),
      chain,
      wallet: env.WALLETS.getByName(config.walletAddress),
      leaseBook,
      leasesOfBlob: (blobId) => leaseBook.ofBlob(blobId),
      lane: loopbackLane(this.ctx),
      laneCount: config.laneCount,
      blobStatus: (committee, blobId) =>
        verifiedBlobStatus({ client, timer: systemTimer }, committee, blobId),
      memory: isolateMemory,
      stagedBytes: (byteCount) => this.#store.stagedBytes(byteCount),
      save: (journal) => {
        if (this.#cancelled) throw new Error("Cannot go on: the upload is being cancelled");
        this.#store.save(journal);
      },
      saveProgress: (progress) => this.#store.saveProgress(progress),
      background: (work) => this.ctx.waitUntil(work),
    };
  }

  async #giveTokenBack({ token, uploadId }: UploadRequest): Promise<void> {
    if (token === undefined) return;
    try {
      await this.env.TOKENS.getByName(tokenShard(token)).release(token, uploadId);
    } catch (error) {
      // The token stays used until it expires; the upload itself is decided all the same.
      log.warn({ event: "token.not-released", uploadId, error: String(error) });
    }
  }

  #journal(): Journal {
    const journal = this.#store.load();
    if (journal === null) throw new TypeError("Cannot run upload: it has no journal");
    return journal;
  }

  async #forget(): Promise<void> {
    await this.ctx.storage.deleteAll();
    this.#store.reset();
  }
}

/** A token buys once: what it has paid for may be finished, but not be exchanged. */
function isOtherPurchase(known: Journal, request: UploadRequest): boolean {
  return (
    request.token !== undefined &&
    known.request.token === request.token &&
    !hasBoughtNothing(known) &&
    known.request.contentDigest !== request.contentDigest
  );
}

/**
 * Whether an upload has failed, and surely without a registration: it was never asked for, or the
 * first question found an empty wallet.
 */
function hasBoughtNothing({ state, steps, failure, attemptCount }: Journal): boolean {
  const isPoor = failure?.kind === "insufficient-funds" && attemptCount <= 1;
  return state === "failed" && (steps.register.status === "pending" || isPoor);
}

/** This Worker's own `SliverLane`: every call is an invocation with its own six requests. */
function loopbackLane(ctx: DurableObjectState): Lane {
  return (ctx.exports as unknown as { readonly SliverLane: Lane }).SliverLane;
}
