/**
 * What a lane does: metadata to each of its nodes, the slivers it is fed, then the confirmation.
 *
 * Nodes do not wait for each other: the upload feeds a node only after its `ready` and only as fast
 * as its frames are `taken`, so one slow node holds a few frames and no more. It verifies nothing:
 * the upload judges confirmations. Source of the order: `walrus-sdk
 * communication/node.rs::store_metadata_and_pairs_without_confirmation`.
 */
import { freeBytes } from "../../../shared/bytes/arrays.ts";
import { SLIVER_STATUS_CHECK_BYTES_MIN } from "../../../shared/limits.ts";
import type {
  ConfirmationTarget,
  NodeClient,
  PutOptions,
  PutOutcome,
  SignedMessage,
} from "../../../shared/nodes/client.ts";
import type { NodeFailure } from "../../../shared/nodes/failure.ts";
import { type RetryPorts, withRetry } from "../../../shared/nodes/retry.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { type LaneFrame, readFrames } from "./frame.ts";
import type { LaneJob, LaneNode, LaneReport, Registration } from "./lane.ts";

/** What a lane needs of the world. */
export interface LanePorts extends RetryPorts {
  readonly client: NodeClient;
}

interface NodeProgress {
  readonly node: LaneNode;
  sliversLeft: number;
  failed: boolean;
  /** The node had the metadata before: it may have slivers too. */
  mayHaveSlivers: boolean;
}

/** Runs one lane; see `Lane.push`. Never rejects for what a node does. */
export async function runLane(
  ports: LanePorts,
  job: LaneJob,
  frames: ReadableStream<Uint8Array>,
  report: (report: LaneReport) => void,
  registered?: Registration,
): Promise<void> {
  const lane = new LaneRun(ports, job, report, registered);
  await lane.run(frames);
}

class LaneRun {
  readonly #ports: LanePorts;
  readonly #job: LaneJob;
  readonly #report: (report: LaneReport) => void;
  readonly #nodes: ReadonlyMap<number, NodeProgress>;
  readonly #stop = new AbortController();
  readonly #registered: Registration | undefined;
  /** `null` until the blob is registered. */
  #target: ConfirmationTarget | null;
  #awaited: Promise<ConfirmationTarget> | null = null;

  constructor(
    ports: LanePorts,
    job: LaneJob,
    report: (report: LaneReport) => void,
    registered: Registration | undefined,
  ) {
    this.#ports = ports;
    this.#job = job;
    this.#report = report;
    this.#registered = registered;
    this.#target = job.target;
    this.#nodes = new Map(
      job.nodes.map((node) => [
        node.memberIndex,
        { node, sliversLeft: node.sliverCount, failed: false, mayHaveSlivers: false },
      ]),
    );
  }

  async run(frames: ReadableStream<Uint8Array>): Promise<void> {
    // Looked for at once, so that what is put after the registration is put for good.
    if (this.#target === null) this.#registration().catch(() => undefined);
    const prepared = Promise.all([...this.#nodes.values()].map((node) => this.#prepare(node)));
    const stores: Promise<void>[] = [];
    try {
      for await (const frame of readFrames(frames)) stores.push(this.#store(frame));
    } finally {
      this.#stop.abort(new Error("the upload has ended the lane"));
      await Promise.all([prepared, ...stores]);
    }
  }

  async #prepare(progress: NodeProgress): Promise<void> {
    const { client, timer } = this.#ports;
    const { blobId, metadata, registrationDelayMs } = this.#job;
    try {
      if (this.#job.target !== null && registrationDelayMs > 0)
        await timer.sleep(registrationDelayMs, this.#stop.signal);
    } catch {
      return;
    }
    const put = await this.#put((options) =>
      client.putMetadata(progress.node, blobId, metadata, options),
    );
    if (!put.ok) return this.#fail(progress, put.failure);
    progress.mayHaveSlivers = put.value === "already-there";
    this.#report({ kind: "ready", memberIndex: progress.node.memberIndex });
    if (progress.sliversLeft === 0) await this.#confirm(progress);
  }

  async #store(frame: LaneFrame): Promise<void> {
    const progress = this.#nodes.get(frame.memberIndex);
    if (progress === undefined) {
      throw new RangeError(`Cannot store sliver: member ${frame.memberIndex} is not in this lane`);
    }
    const put = progress.failed ? null : await this.#putUnlessThere(progress, frame);
    const { memberIndex } = frame;
    this.#report({ kind: "taken", memberIndex, bodyBytes: frame.body.length });
    freeBytes(frame.body);
    if (put === null || progress.failed) return;
    if (!put.ok) return this.#fail(progress, put.failure);
    progress.sliversLeft--;
    if (progress.sliversLeft === 0) await this.#confirm(progress);
  }

  async #putUnlessThere(
    progress: NodeProgress,
    { pairIndex, axis, body }: LaneFrame,
  ): Promise<Result<PutOutcome, NodeFailure>> {
    const { client } = this.#ports;
    const { blobId } = this.#job;
    const options = { signal: this.#stop.signal };
    if (progress.mayHaveSlivers && body.length >= SLIVER_STATUS_CHECK_BYTES_MIN) {
      const status = await client.getSliverStatus(progress.node, blobId, pairIndex, axis, options);
      if (status.ok && status.value !== "nonexistent") return ok("already-there");
    }
    return this.#put((intent) =>
      client.putSliver(progress.node, blobId, pairIndex, axis, body, intent),
    );
  }

  /** Puts for good, or, before the registration, into the buffer of a node that has room there. */
  async #put(
    attempt: (options: PutOptions) => Promise<Result<PutOutcome, NodeFailure>>,
  ): Promise<Result<PutOutcome, NodeFailure>> {
    const { signal } = this.#stop;
    const isEarly = this.#target === null;
    const first = await this.#retried(() => attempt({ signal, pending: this.#target === null }));
    const isRefused = !first.ok && first.failure.kind === "refused";
    if (!isEarly || !isRefused || first.failure.reason !== "CACHE_SATURATED") return first;
    try {
      await this.#registration();
    } catch {
      return first;
    }
    return this.#retried(() => attempt({ signal }));
  }

  /** Waits for the registration, once for all; rejects when it fails or the lane is stopped. */
  #registration(): Promise<ConfirmationTarget> {
    if (this.#target !== null) return Promise.resolve(this.#target);
    this.#awaited ??= this.#awaitRegistration();
    return this.#awaited;
  }

  async #awaitRegistration(): Promise<ConfirmationTarget> {
    const { signal } = this.#stop;
    if (this.#registered === undefined) throw new TypeError("Cannot wait: nobody registers");
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    const target = await Promise.race([this.#registered(), stopped]);
    this.#target = target;
    await this.#ports.timer.sleep(this.#job.registrationDelayMs, signal);
    return target;
  }

  async #confirm(progress: NodeProgress): Promise<void> {
    const { client } = this.#ports;
    const { blobId } = this.#job;
    let target: ConfirmationTarget;
    try {
      target = await this.#registration();
    } catch {
      // The lane is being stopped, which says nothing of the node.
      return;
    }
    const signed: Result<SignedMessage, NodeFailure> = await this.#retried(() =>
      client.getConfirmation(progress.node, blobId, target, { signal: this.#stop.signal }),
    );
    if (!signed.ok) return this.#fail(progress, signed.failure);
    this.#report({
      kind: "confirmed",
      memberIndex: progress.node.memberIndex,
      message: signed.value.message,
      signature: signed.value.signature,
    });
  }

  #fail(progress: NodeProgress, failure: NodeFailure): void {
    if (progress.failed) return;
    progress.failed = true;
    this.#report({ kind: "failed", memberIndex: progress.node.memberIndex, failure });
  }

  #retried<T>(attempt: () => Promise<Result<T, NodeFailure>>): Promise<Result<T, NodeFailure>> {
    return withRetry(this.#ports, attempt, this.#stop.signal);
  }
}
