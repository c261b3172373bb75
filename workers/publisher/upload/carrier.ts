/**
 * Carries one upload through its life: takes the body, runs the steps of its journal, goes on after
 * a restart, and forgets everything some days after the end.
 *
 * Storage, alarm, clock and the ports of a run are passed in, so that a test can stop it at any of
 * them and go on with another one over the same storage, as the platform does.
 */
import { UPLOAD_STATE_TTL_MS, UPLOAD_WATCHDOG_MS } from "../../../shared/limits.ts";
import type { Clock, Log } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
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
}

/** One upload over its storage. See `UploadRpc` for the surface. */
export class UploadCarrier implements UploadRpc {
  readonly #ports: CarrierPorts;
  readonly #store: UploadStore;
  #staging: Promise<Result<Journal, UploadFailure>> | null = null;
  #running: Promise<void> | null = null;

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
    else await body?.cancel("this upload exists");
    const staged = this.#staging === null ? null : await this.#staging;
    if (staged?.ok === false) return staged;
    // A repetition must not use up the attempts: what is there is in the hands of its alarm.
    const attempt = isNew ? this.#advance() : this.#running;
    if (request.waits) await attempt;
    // Nobody else hears of storage that fails; the alarm goes on.
    else attempt?.catch((error: unknown) => this.#noteUnsaved(error));
    return ok(this.#journal());
  }

  async resume(): Promise<Journal | null> {
    if (this.#store.load() === null) return null;
    await this.#advance();
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

  async alarm(): Promise<void> {
    const journal = this.#store.load();
    if (journal === null || nextStep(journal) === null) {
      const endMs = (journal?.finishedAtMs ?? 0) + UPLOAD_STATE_TTL_MS;
      if (this.#ports.clock.nowMs() >= endMs) await this.#forget();
      else await this.#ports.storage.setAlarm(endMs);
      return;
    }
    await this.#advance();
  }

  async #stage(
    known: Journal | null,
    request: UploadRequest,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<Journal, UploadFailure>> {
    try {
      this.#store.unstage();
      const staged =
        body === null
          ? ok(0)
          : await stageBody(body, bounds, (rowIndex, bytes) => this.#store.stage(rowIndex, bytes));
      if (!staged.ok) {
        if (known === null) await this.#forget();
        else this.#store.unstage();
        return err(staged.failure);
      }
      const nowMs = this.#ports.clock.nowMs();
      const journal =
        known === null
          ? openJournal(request, staged.value, nowMs)
          : reopen(known, request, staged.value, nowMs);
      this.#store.save(journal);
      await this.#ports.storage.setAlarm(nowMs + UPLOAD_WATCHDOG_MS);
      // Nobody is told that the bytes are safe before they are.
      await this.#ports.storage.sync();
      return ok(journal);
    } finally {
      this.#staging = null;
    }
  }

  /** Runs what is left, once at a time; resolves when this attempt has ended, rejects when storage does. */
  #advance(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #attempt(): Promise<void> {
    const journal = this.#journal();
    if (nextStep(journal) === null) return;
    await this.#ports.storage.setAlarm(this.#ports.clock.nowMs() + UPLOAD_WATCHDOG_MS);
    let failure: UploadFailure | null;
    try {
      failure = (await runUpload(this.#ports.run(), journal)).failure;
    } catch (error) {
      this.#ports.log.error({
        event: "upload.interrupted",
        uploadId: journal.request.uploadId,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      failure = { kind: "interrupted" };
    }
    const nowMs = this.#ports.clock.nowMs();
    const settled = settle(this.#journal(), failure, nowMs);
    this.#store.save(settled.journal);
    if (settled.journal.state !== "running") this.#store.unstage();
    await this.#ports.storage.setAlarm(nowMs + settled.wakeAfterMs);
    this.#ports.log.info({
      event: `upload.${settled.journal.state}`,
      uploadId: journal.request.uploadId,
      failure: failure?.kind,
      attempts: settled.journal.attemptCount,
      durationMs: nowMs - settled.journal.stagedAtMs,
    });
  }

  #noteUnsaved(error: unknown): void {
    this.#ports.log.error({ event: "upload.unsaved", error: String(error) });
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
