/**
 * Carries one upload through its life: takes the body, runs the steps of its journal, goes on after
 * a restart, and forgets everything some days after the end.
 *
 * Storage, alarm, clock and the ports of a run are passed in, so that a test can stop it at any of
 * them and go on with another one over the same storage, as the platform does.
 */
import {
  FAN_OUT_TAIL_MAX_MS,
  UPLOAD_HEAD_START_MS,
  UPLOAD_STATE_TTL_MS,
  UPLOAD_WATCHDOG_MS,
} from "../../../shared/limits.ts";
import type { Clock, Log } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import type { UploadFailure } from "./failure.ts";
import {
  type Journal,
  nextStep,
  openJournal,
  reopen,
  settle,
  type UploadRequest,
} from "./journal.ts";
import { orphanOf } from "./orphan.ts";
import type { NodeProgress } from "./progress.ts";
import { RowDigest } from "./row-digest.ts";
import { type RunOutcome, type RunPorts, runUpload } from "./run.ts";
import { type BodyBounds, stageBody } from "./stage.ts";
import type { UploadStore } from "./store.ts";

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
  /** Ends the upload while nothing has been paid; else leaves it alone. `null` if unknown. */
  cancel(): Promise<CancelOutcome | null>;
}

/** What became of a wish to end an upload. */
export interface CancelOutcome {
  readonly isCancelled: boolean;
  readonly record: UploadRecord;
}

/** Everything that is known of an upload. */
export interface UploadRecord {
  readonly journal: Journal;
  readonly progress: NodeProgress | null;
}

/** The part of a Durable Object's storage an upload uses besides its tables. */
export interface UploadStorage {
  setAlarm(atMs: number): Promise<void>;
  /** Resolves when everything written so far is durable. */
  sync(): Promise<void>;
  deleteAll(): Promise<void>;
}

/** What an upload is made of. */
export interface CarrierPorts {
  readonly store: UploadStore;
  readonly storage: UploadStorage;
  readonly clock: Clock;
  readonly log: Log;
  /** The ports of one run of the steps. */
  readonly run: () => RunPorts;
  /** Told once of each end, behind the answer; it never rejects. */
  readonly reportEnd: (journal: Journal) => void;
  /** Notes a registration this upload has left behind; the same one may be noted twice. */
  readonly recordOrphan: (orphan: Orphan) => Promise<void>;
  /** Lets a token (its hash) be used again: surely nothing was bought with it. */
  readonly releaseToken: (token: string, uploadId: string) => Promise<void>;
}

/** One upload over its storage. See `UploadRpc` for the surface. */
export class UploadCarrier implements UploadRpc {
  readonly #ports: CarrierPorts;
  readonly #store: UploadStore;
  #staging: Promise<Result<Journal, UploadFailure>> | null = null;
  #running: Promise<"ended" | "paused"> | null = null;
  /** Resolves when another invocation goes on with what was paused. */
  #resumed = Promise.withResolvers<void>();
  /** Fan-outs that go on behind their outcome, and still read what is staged. */
  #tails: Promise<void>[] = [];
  /** Set while a run is being stopped: it may save nothing more, so it cannot begin to pay. */
  #cancelled = false;

  constructor(ports: CarrierPorts) {
    this.#ports = ports;
    this.#store = ports.store;
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
    // Where nobody waits the alarm begins. A repetition must not use up the attempts.
    const isDue = isNew || this.#running !== null || this.#journal().attemptCount === 0;
    if (request.waits && isDue) await this.#carryOut();
    return ok(this.#journal());
  }

  async resume(): Promise<Journal | null> {
    if (this.#store.load() === null) return null;
    await this.#carryOut();
    return this.#journal();
  }

  async view(): Promise<UploadRecord | null> {
    return this.record();
  }

  /** What `view` answers. */
  record(): UploadRecord | null {
    const journal = this.#store.load();
    return journal === null ? null : { journal, progress: this.#store.loadProgress() };
  }

  async cancel(): Promise<CancelOutcome | null> {
    const journal = this.#store.load();
    if (journal === null) return null;
    const isCancelled = journal.state === "running" && journal.walletAddress === null;
    if (isCancelled) {
      this.#cancelled = true;
      try {
        await this.#running;
        await this.#settle({ kind: "cancelled" });
        this.#tellResumed();
      } finally {
        this.#cancelled = false;
      }
    }
    return { isCancelled, record: { journal: this.#journal(), progress: null } };
  }

  async alarm(): Promise<void> {
    const journal = this.#store.load();
    if (journal === null || nextStep(journal) === null) {
      await this.#unstageAfterTails();
      const ttlMs = (journal?.finishedAtMs ?? 0) + UPLOAD_STATE_TTL_MS;
      const endMs = Math.max(ttlMs, journal?.request.keptUntilMs ?? 0);
      if (this.#ports.clock.nowMs() >= endMs) await this.#forget();
      else await this.#ports.storage.setAlarm(endMs);
      return;
    }
    const attempt = this.#advance();
    this.#tellResumed();
    await attempt;
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
      const nowMs = this.#ports.clock.nowMs();
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
      const beginsAfterMs = bound.waits ? UPLOAD_WATCHDOG_MS : UPLOAD_HEAD_START_MS;
      await this.#ports.storage.setAlarm(nowMs + beginsAfterMs);
      // Nobody is told that the bytes are safe before they are.
      await this.#ports.storage.sync();
      return ok(journal);
    } finally {
      this.#staging = null;
    }
  }

  /** Resolves when this attempt has ended, however many invocations it takes. */
  async #carryOut(): Promise<void> {
    while ((await this.#advance()) === "paused") await this.#resumed.promise;
  }

  /**
   * Runs what is left, once at a time; resolves when this attempt has ended, or an alarm is to go on
   * with it. Rejects when storage does.
   */
  #advance(): Promise<"ended" | "paused"> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  #tellResumed(): void {
    this.#resumed.resolve();
    this.#resumed = Promise.withResolvers();
  }

  async #attempt(): Promise<"ended" | "paused"> {
    const journal = this.#journal();
    if (nextStep(journal) === null) return "ended";
    await this.#ports.storage.setAlarm(this.#ports.clock.nowMs() + UPLOAD_WATCHDOG_MS);
    let failure: RunOutcome["failure"];
    try {
      failure = (await runUpload(this.#runPorts(), journal)).failure;
    } catch (error) {
      if (this.#cancelled) return "ended";
      this.#ports.log.error({
        event: "upload.interrupted",
        uploadId: journal.request.uploadId,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      failure = { kind: "interrupted" };
    }
    if (this.#cancelled) return "ended";
    if (failure?.kind === "paused") {
      await this.#ports.storage.setAlarm(this.#ports.clock.nowMs());
      return "paused";
    }
    await this.#settle(failure);
    return "ended";
  }

  #runPorts(): RunPorts {
    const ports = this.#ports.run();
    return {
      ...ports,
      save: (journal) => {
        if (this.#cancelled) throw new Error("Cannot go on: the upload is being cancelled");
        ports.save(journal);
      },
      background: (work) => {
        this.#tails.push(work);
        ports.background(work);
      },
    };
  }

  async #settle(failure: UploadFailure | null): Promise<void> {
    const nowMs = this.#ports.clock.nowMs();
    const settled = settle(this.#journal(), failure, nowMs);
    const orphan = orphanOf(settled.journal, nowMs);
    // Before the state is final: whoever goes on after a crash tells of it again.
    if (orphan !== null) await this.#ports.recordOrphan(orphan);
    this.#store.save(settled.journal);
    const isFinal = settled.journal.state !== "running";
    const readsOn = isFinal && settled.journal.encoding !== undefined && this.#tails.length > 0;
    if (isFinal && !readsOn) this.#store.unstage();
    if (hasBoughtNothing(settled.journal)) await this.#giveTokenBack(settled.journal.request);
    if (nextStep(settled.journal) === null) this.#ports.reportEnd(settled.journal);
    const wakeAfterMs = readsOn ? FAN_OUT_TAIL_MAX_MS : settled.wakeAfterMs;
    await this.#ports.storage.setAlarm(nowMs + Math.min(wakeAfterMs, settled.wakeAfterMs));
    this.#ports.log.info({
      event: `upload.${settled.journal.state}`,
      uploadId: settled.journal.request.uploadId,
      failure: failure?.kind,
      attempts: settled.journal.attemptCount,
      durationMs: nowMs - settled.journal.stagedAtMs,
    });
  }

  /** What is staged goes when the state is final and no fan-out reads it any more. */
  async #unstageAfterTails(): Promise<void> {
    await Promise.allSettled(this.#tails);
    this.#tails = [];
    if (this.#store.load()?.state !== "running") this.#store.unstage();
  }

  async #giveTokenBack({ token, uploadId }: UploadRequest): Promise<void> {
    if (token === undefined) return;
    try {
      await this.#ports.releaseToken(token, uploadId);
    } catch (error) {
      // The token stays used until it expires; the upload itself is decided all the same.
      this.#ports.log.warn({ event: "token.not-released", uploadId, error: String(error) });
    }
  }

  #journal(): Journal {
    const journal = this.#store.load();
    if (journal === null) throw new TypeError("Cannot run upload: it has no journal");
    return journal;
  }

  async #forget(): Promise<void> {
    await this.#ports.storage.deleteAll();
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
function hasBoughtNothing({ state, walletAddress, failure, attemptCount }: Journal): boolean {
  const isPoor = failure?.kind === "insufficient-funds" && attemptCount <= 1;
  return state === "failed" && (walletAddress === null || isPoor);
}
