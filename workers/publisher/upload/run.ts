/**
 * Carries one upload from staged bytes to a certified blob, step by step, as its journal says.
 *
 * Every step may be repeated: encoding and fan-out cost nothing, paid steps go through the Wallet
 * under a name of their own, and the LeaseBook takes the same lease twice. So a run may stop
 * anywhere and another one goes on from the journal.
 */
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import { encodedBlobBytes, encodeMetadata, formatBlobId } from "../../../shared/codec/index.ts";
import { CERTIFY_GENERATIONS_MAX, ENCODED_TWICE_BYTES_MAX } from "../../../shared/limits.ts";
import type { Clock, Log, Random } from "../../../shared/ports.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { writeCommittee } from "../../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Chain, SystemState } from "../../../shared/sui/chain.ts";
import type { Lane } from "../lane/lane.ts";
import type { BytePipe } from "../../../shared/platform-streams.ts";
import { type EncodePorts, encodeStaged, type Paused, type StagedBlob } from "./encode.ts";
import { epochReader } from "./epoch-watch.ts";
import { type CertifiedPorts, findCertified } from "./find-certified.ts";
import { chainFailure, sizeFailure } from "./failure-of.ts";
import type { UploadFailure } from "./failure.ts";
import { type FanOut, type Registered, registrationOf, startFanOut } from "./fan-out.ts";
import {
  commandId,
  finishStep,
  type Journal,
  newGeneration,
  newRegistration,
  nextStep,
  resultOf,
  startStep,
  type Step,
  type StepResults,
  withWallet,
} from "./journal.ts";
import {
  certifiedResult,
  choosePayer,
  type NewGeneration,
  type PayPorts,
  payStep,
  registeredResult,
} from "./pay.ts";
import { leaveRegistration, type OrphanPorts, resultOfOrphan, takeOrphan } from "./orphan.ts";
import { type LaggardHints, noteServed } from "./laggards.ts";
import { recordBlob, type RecordPorts } from "./record.ts";
import { base64Bytes, idBytes } from "./journal-bytes.ts";
import { type NodeProgress, ProgressNotes } from "./progress.ts";

/** What a run needs of the world. */
export interface RunPorts extends EncodePorts, CertifiedPorts, OrphanPorts, PayPorts, RecordPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly chain: Pick<Chain, "readSystem">;
  readonly lane: Lane;
  readonly laneCount: number;
  /** Blobs up to this go to the nodes while they are being registered; none unless given. */
  readonly earlyBytesMax?: number;
  /** Blobs up to this wait for their registration without memory; `ENCODED_TWICE_BYTES_MAX` unless given. */
  readonly encodedTwiceBytesMax?: number;
  /** Whether there is memory to spare, so that even those may hold theirs; never unless given. */
  readonly hasSpareMemory?: () => boolean;
  /** See `FanOutPorts`. */
  readonly pipe?: () => BytePipe;
  /** Which nodes are asked last; none unless given. */
  readonly laggards?: LaggardHints;
  readonly save: (journal: Journal) => void;
  readonly saveProgress: (progress: NodeProgress) => void;
  /** Work that goes on behind the outcome; it never rejects. */
  readonly background: (work: Promise<void>) => void;
}

/** How far a run came. */
export interface RunOutcome {
  readonly journal: Journal;
  /**
   * Why it stopped before the last step; `null` when everything is done. A run that is paused has
   * not failed: another invocation is to go on at once.
   */
  readonly failure: UploadFailure | Paused | null;
}

/** Why a step has no result. */
type Stop = UploadFailure | NewGeneration | Paused;
type StepOutcome<S extends Step> = Result<StepResults[S], Stop>;

/** A fan-out under way whose blob is not registered yet. */
interface EarlyFanOut {
  /** Of the committee it goes to. */
  readonly epoch: number;
  readonly fanOut: FanOut;
  readonly registered: PromiseWithResolvers<Registered>;
}

/** Runs every step that is left. */
export async function runUpload(ports: RunPorts, journal: Journal): Promise<RunOutcome> {
  const run = new UploadRun(ports, journal);
  try {
    return await run.run();
  } finally {
    run.release();
  }
}

class UploadRun {
  readonly #ports: RunPorts;
  #journal: Journal;
  /** A fan-out that goes on takes it over. */
  #encoded: StagedBlob | null = null;
  #metadata: Uint8Array<ArrayBuffer> | null = null;
  /** A fan-out that was begun while the registration was under way. */
  #early: EarlyFanOut | null = null;

  constructor(ports: RunPorts, journal: Journal) {
    this.#ports = ports;
    this.#journal = journal;
  }

  async run(): Promise<RunOutcome> {
    // Counted by run: an upload that comes again goes on with the generations it had.
    for (let generationCount = 1; ;) {
      const step = nextStep(this.#journal);
      if (step === null) return { journal: this.#journal, failure: null };
      const startedMs = this.#ports.clock.nowMs();
      this.#save(startStep(this.#journal, step, startedMs));
      const failure = await this.#take(step);
      this.#logStep(step, startedMs, failure);
      if (failure === null) continue;
      if (failure.kind !== "new-generation") return { journal: this.#journal, failure };
      if (++generationCount > CERTIFY_GENERATIONS_MAX) {
        return { journal: this.#journal, failure: { kind: "epoch-unsettled" } };
      }
      const isEnded = failure.registration === "ended";
      // Before it is forgotten here: whoever goes on after a crash tells of it again.
      if (isEnded) await leaveRegistration(this.#ports, this.#journal, startedMs);
      this.#save((isEnded ? newRegistration : newGeneration)(this.#journal));
    }
  }

  #logStep(step: Step, startedMs: number, failure: Stop | null): void {
    const { request, generations } = this.#journal;
    this.#ports.log.info({
      event: "upload.step",
      uploadId: request.uploadId,
      step,
      outcome: failure?.kind ?? "done",
      generation: step === "register" ? generations.register : generations.certify,
      durationMs: this.#ports.clock.nowMs() - startedMs,
    });
  }

  release(): void {
    this.#endEarly();
    this.#encoded?.release();
    this.#encoded = null;
  }

  #endEarly(): void {
    this.#early?.registered.reject(new Error("the blob was not registered"));
    this.#early = null;
  }

  #take(step: Step): Promise<Stop | null> {
    switch (step) {
      case "encode":
        return this.#finish(step, this.#encode());
      case "register":
        return this.#finish(step, this.#register());
      case "fan-out":
        return this.#finish(step, this.#fanOut());
      case "certify":
        return this.#finish(step, this.#certify());
      case "record":
        return this.#finish(step, this.#record());
    }
  }

  async #finish<S extends Step>(step: S, work: Promise<StepOutcome<S>>): Promise<Stop | null> {
    const outcome = await work;
    if (!outcome.ok) return outcome.failure;
    const nowMs = this.#ports.clock.nowMs();
    this.#save(finishStep(this.#journal, step, outcome.value, nowMs));
    return null;
  }

  async #encode(): Promise<StepOutcome<"encode">> {
    const system = await this.#system();
    if (!system.ok) return system;
    const { epochs } = this.#journal.request;
    const { maxEpochsAhead, shardCount } = system.value;
    if (epochs > maxEpochsAhead) {
      return err({ kind: "epochs-too-many", asked: epochs, epochsMax: maxEpochsAhead });
    }
    const encoded = await this.#encodedOver(shardCount);
    if (!encoded.ok) return encoded;
    const { blobId, rootHash } = encoded.value.metadata;
    const encodedBytes = encodedBlobBytes(this.#journal.unencodedBytes, shardCount);
    if (!encodedBytes.ok) return err(sizeFailure(encodedBytes.failure));
    const already = await findCertified(this.#ports, this.#journal.request, system.value, blobId);
    if (!already.ok) return already;
    if (epochs === 0 && already.value.alreadyCertified === undefined) {
      return err({ kind: "epochs-none" });
    }
    // Encoding again takes milliseconds; waiting for a transaction with memory in hand, seconds.
    const { encodedTwiceBytesMax = ENCODED_TWICE_BYTES_MAX, hasSpareMemory } = this.#ports;
    const isSmall = this.#journal.unencodedBytes <= encodedTwiceBytesMax;
    if (isSmall && hasSpareMemory?.() !== true) this.release();
    return ok({
      blobId: formatBlobId(blobId),
      rootHash: toBase64(rootHash),
      shardCount,
      encodedBytes: encodedBytes.value,
      ...already.value,
    });
  }

  /** The encoded blob, made once for each run under the isolate's permit of memory. */
  async #encodedOver(shardCount: number): Promise<Result<StagedBlob, UploadFailure | Paused>> {
    if (this.#encoded !== null) return ok(this.#encoded);
    const { unencodedBytes, encoding } = this.#journal;
    const encoded = await encodeStaged(this.#ports, {
      uploadId: this.#journal.request.uploadId,
      unencodedBytes,
      shardCount,
      checkpoint: encoding ?? null,
      note: (checkpoint) => this.#save({ ...this.#journal, encoding: checkpoint }),
    });
    if (encoded.ok) this.#encoded = encoded.value;
    return encoded;
  }

  async #register(): Promise<StepOutcome<"register">> {
    const { blobId, rootHash, encodedBytes } = resultOf(this.#journal, "encode");
    const { epochs, deletable } = this.#journal.request;
    if (this.#journal.walletAddress === null) {
      const system = await this.#system();
      if (!system.ok) return system;
      const orphan = await takeOrphan(this.#ports, this.#journal, blobId, system.value.epoch);
      if (orphan !== null) this.#save(withWallet(this.#journal, orphan.owner));
      if (orphan !== null) return ok(resultOfOrphan(orphan));
    }
    const bound = await this.#bindWallet(encodedBytes);
    if (!bound.ok) return bound;
    await this.#fanOutEarly();
    const done = await payStep(this.#ports, this.#journal, "register", {
      kind: "register",
      id: commandId(this.#journal, "register"),
      blobId: idBytes(blobId),
      rootHash: base64Bytes(rootHash),
      unencodedBytes: this.#journal.unencodedBytes,
      encodedBytes,
      epochs,
      deletable,
      reuseStorage: this.#journal.request.reuseStorage,
      attributes: Object.entries(this.#journal.request.attributes ?? {}),
    });
    if (!done.ok) {
      this.#endEarly();
      return done;
    }
    return ok(registeredResult(done.value));
  }

  /** Chooses the address that pays, once: every later step, in whatever life, stays with it. */
  async #bindWallet(encodedBytes: number): Promise<Result<null, UploadFailure>> {
    if (this.#journal.walletAddress !== null) return ok(null);
    const system = await this.#system();
    if (!system.ok) return system;
    const address = await choosePayer(this.#ports, this.#journal, encodedBytes, system.value);
    if (!address.ok) return address;
    this.#save(withWallet(this.#journal, address.value));
    return ok(null);
  }

  async #fanOut(): Promise<StepOutcome<"fan-out">> {
    const encode = resultOf(this.#journal, "encode");
    const { blobObjectId, registeredEpoch, endEpoch } = resultOf(this.#journal, "register");
    const system = await this.#systemSince(registeredEpoch);
    if (!system.ok) return system;
    if (system.value.epoch >= endEpoch) {
      this.#endEarly();
      return err({ kind: "new-generation", registration: "ended" });
    }
    const { deletable } = this.#journal.request;
    const committee = writeCommittee(system.value);
    const blobId = idBytes(encode.blobId);
    const registered = registrationOf(committee.epoch, blobId, deletable ? blobObjectId : null);
    let fanOut: FanOut;
    if (this.#early?.epoch === committee.epoch) {
      this.#early.registered.resolve(registered);
      ({ fanOut } = this.#early);
      this.#early = null;
    } else {
      this.#endEarly();
      const started = await this.#startFanOut(committee, registered);
      if (!started.ok) return started;
      fanOut = started.value;
    }
    const outcome = await fanOut.outcome;
    if (!outcome.ok) {
      const { failure } = outcome;
      return err(failure.kind === "epoch-moved" ? { kind: "new-generation" } : failure);
    }
    const { message, signature, signersBitmap, weight } = outcome.value;
    return ok({
      epoch: committee.epoch,
      weight,
      message: toBase64(message),
      signature: toBase64(signature),
      signersBitmap: toBase64(signersBitmap),
    });
  }

  /** Lets the nodes buffer the slivers of a small blob while it is being registered. */
  async #fanOutEarly(): Promise<void> {
    const { earlyBytesMax } = this.#ports;
    // After a restart the slivers would have to be made first: the registration does not wait.
    if (earlyBytesMax === undefined || this.#encoded === null) return;
    if (this.#journal.unencodedBytes > earlyBytesMax) return;
    const system = await this.#system();
    if (!system.ok) return;
    const committee = writeCommittee(system.value);
    const registered = Promise.withResolvers<Registered>();
    const started = await this.#startFanOut(committee, registered.promise);
    if (!started.ok) return;
    this.#early = { epoch: committee.epoch, fanOut: started.value, registered };
  }

  async #startFanOut(
    committee: Committee,
    registered: Registered | Promise<Registered>,
  ): Promise<Result<FanOut, UploadFailure | Paused>> {
    const encode = resultOf(this.#journal, "encode");
    const encoded = await this.#encodedOver(encode.shardCount);
    if (!encoded.ok) return encoded;
    const { metadata } = encoded.value;
    this.#metadata = encodeMetadata(metadata);
    await encoded.value.openSlivers();
    const { saveProgress } = this.#ports;
    const progress = new ProgressNotes(this.#ports.clock, committee.members.length, saveProgress);
    const { clock, timer, random, log, lane, pipe, chain } = this.#ports;
    const laggards = await this.#ports.laggards?.read(committee.epoch);
    const fanOut = startFanOut(
      {
        clock,
        timer,
        random,
        log,
        lane,
        pipe,
        readEpoch: epochReader(chain),
        progress: (memberIndex, state) => progress.note(memberIndex, state),
      },
      {
        runId: `${this.#journal.request.uploadId}.${clock.nowMs()}`,
        blobId: metadata.blobId,
        metadata: this.#metadata,
        encodedBytes: encode.encodedBytes,
        slivers: (pairIndices) => encoded.value.slivers(pairIndices),
        committee,
        registered,
        laneCount: this.#ports.laneCount,
        ...(laggards === undefined ? {} : { laggards }),
      },
    );
    this.#handOver(fanOut.settled.finally(() => progress.save()));
    this.#ports.background(noteServed(this.#ports.laggards, fanOut, committee.epoch));
    return ok(fanOut);
  }

  /** The tail of a fan-out needs the slivers longer than the run does. */
  #handOver(settled: Promise<void>): void {
    const encoded = this.#encoded;
    this.#encoded = null;
    const release = () => encoded?.release();
    this.#ports.background(
      settled.then(release, (error: unknown) => {
        release();
        this.#ports.log.error({ event: "fan-out.failed", error: String(error) });
      }),
    );
  }

  async #certify(): Promise<StepOutcome<"certify">> {
    const certificate = resultOf(this.#journal, "fan-out");
    const { blobObjectId } = resultOf(this.#journal, "register");
    const done = await payStep(this.#ports, this.#journal, "certify", {
      kind: "certify",
      id: commandId(this.#journal, "certify"),
      blobObjectId,
      signature: base64Bytes(certificate.signature),
      signersBitmap: base64Bytes(certificate.signersBitmap),
      message: base64Bytes(certificate.message),
      sendObjectTo: this.#journal.request.sendObjectTo ?? undefined,
      share: this.#journal.request.share,
    });
    if (!done.ok) return done;
    return ok(certifiedResult(done.value, certificate.epoch));
  }

  async #record(): Promise<StepOutcome<"record">> {
    const { blobId, shardCount } = resultOf(this.#journal, "encode");
    const registered = resultOf(this.#journal, "register");
    const { owner, txDigest, sharedObjectId } = resultOf(this.#journal, "certify");
    const { unencodedBytes, request } = this.#journal;
    const { deletable, sub = null, attributes } = request;
    const { blobObjectId, storageBytes, startEpoch, endEpoch } = registered;
    const system = await this.#system();
    await recordBlob(
      this.#ports,
      {
        blobObjectId,
        blobId,
        owner,
        sub,
        unencodedBytes,
        storageBytes,
        deletable,
        startEpoch,
        endEpoch,
        ...(txDigest === null ? {} : { certifyTxDigest: txDigest }),
        recordedAtMs: this.#ports.clock.nowMs(),
        ...(sharedObjectId === undefined ? {} : { sharedObjectId }),
        ...(attributes === undefined ? {} : { attributes }),
      },
      {
        blobId,
        unencodedBytes,
        shardCount,
        metadata: this.#metadata,
        endEpoch: deletable ? null : endEpoch,
        timing: system.ok ? system.value.timing : null,
        bytes: () => concatBytes(...this.#ports.stagedRows(unencodedBytes)),
      },
    );
    return ok({});
  }

  /**
   * Read afresh where an earlier certificate or attempt came to nothing, or the blob was registered
   * in a later epoch: what is cached may be of the committee before.
   */
  async #systemSince(registeredEpoch: number): Promise<Result<SystemState, UploadFailure>> {
    const { generations, attemptCount } = this.#journal;
    const system = await this.#system(generations.certify > 0 || attemptCount > 0);
    const isBehind = system.ok && system.value.epoch < registeredEpoch;
    return isBehind ? this.#system(true) : system;
  }

  async #system(fresh = false): Promise<Result<SystemState, UploadFailure>> {
    const system = await this.#ports.chain.readSystem({ fresh });
    return system.ok ? system : err(chainFailure(system.failure));
  }

  #save(journal: Journal): void {
    this.#journal = journal;
    this.#ports.save(journal);
  }
}
