/**
 * What is done at a desk: a body is held, and measured, spread or laid out as a quilt.
 *
 * Nothing here is paid and nothing outlives the request: whatever stops a desk, its client asks
 * again with the bytes at another one, and what is left here goes with the alarm that was set before
 * the first byte. Storage, clock and the platform's streams are ports.
 */
import { formatBlobId } from "../../../shared/codec/index.ts";
import { DESK_KEPT_MS, UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import type { Clock } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import type { BytePipe } from "../../../shared/platform-streams.ts";
import type { RelayQuery } from "../relay/query.ts";
import { type RelayPorts, spreadForRelay } from "../relay/spread-for-relay.ts";
import type { UploadStorage } from "../upload/carrier.ts";
import { type EncodePorts, measureStaged } from "../upload/encode.ts";
import type { UploadFailure } from "../upload/failure.ts";
import { type BodyBounds, stageBody } from "../upload/stage.ts";
import type { UploadStore } from "../upload/store.ts";
import type { DeskRpc, FormJob, LaidOut } from "./desk.ts";
import { LaidOutForm } from "./laid-out-form.ts";

/** What a desk is made of. */
export interface DeskPorts {
  /** Of the desk: names its runs and its holder of memory. */
  readonly name: string;
  readonly store: UploadStore;
  readonly storage: Pick<UploadStorage, "setAlarm" | "deleteAll">;
  readonly clock: Clock;
  /** Made for each use. */
  readonly encode: () => EncodePorts;
  readonly relay: () => Omit<RelayPorts, "encode">;
  /** SHA-256 of what a stream of bytes says, as it comes. */
  readonly sha256: (chunks: AsyncIterable<Uint8Array>) => Promise<Uint8Array>;
  readonly pipe: () => BytePipe;
  /** Work that goes on behind the answer; it never rejects. */
  readonly background: (work: Promise<void>) => void;
}

/** One desk. See `DeskRpc` for the surface. */
export class DeskEngine implements DeskRpc {
  readonly #ports: DeskPorts;
  #form: LaidOutForm | null = null;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
  }

  async measure(
    { bounds, shardCount }: { readonly bounds: BodyBounds; readonly shardCount: number },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<{ readonly byteCount: number; readonly blobId: string }, PublisherFailure>> {
    try {
      const held = await this.#hold(bounds, body);
      if (!held.ok) return held;
      const metadata = await measureStaged(this.#ports.encode(), {
        uploadId: this.#ports.name,
        unencodedBytes: held.value,
        shardCount,
        checkpoint: null,
        note: () => undefined,
      });
      if (metadata.ok) {
        return ok({ byteCount: held.value, blobId: formatBlobId(metadata.value.blobId) });
      }
      const { failure } = metadata;
      return err(failure.kind === "paused" ? { kind: "interrupted" } : failure);
    } finally {
      await this.clear();
    }
  }

  async relay(
    { bounds, query }: { readonly bounds: BodyBounds; readonly query: RelayQuery },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<
    Result<{ readonly byteCount: number; readonly certificate: Certificate }, PublisherFailure>
  > {
    const held = await this.#hold(bounds, body);
    if (!held.ok) {
      await this.clear();
      return held;
    }
    const byteCount = held.value;
    const { name, encode, relay, background } = this.#ports;
    const { certificate, settled } = await spreadForRelay(
      { ...relay(), encode: encode() },
      {
        query,
        runId: `relay.${name}`,
        byteCount,
        digest: () => this.#ports.sha256(this.#held(byteCount)),
      },
    );
    // The last nodes are served behind the answer.
    background(settled.then(() => this.clear()));
    return certificate.ok ? ok({ byteCount, certificate: certificate.value }) : certificate;
  }

  async takeForm(
    job: FormJob,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<LaidOut, PublisherFailure>> {
    const held = await this.#hold(job.bounds, body);
    if (!held.ok) {
      return held.failure.kind === "body-too-large"
        ? err({ kind: "quilt-refused", refusal: { ...held.failure, kind: "form-too-large" } })
        : held;
    }
    const form = await LaidOutForm.plan(this.#ports.store.source, held.value, job);
    if (!form.ok) return err({ kind: "quilt-refused", refusal: form.failure });
    this.#form = form.value;
    return ok(form.value.laidOut);
  }

  async quilt(): Promise<ReadableStream<Uint8Array>> {
    if (this.#form === null) throw new TypeError("Cannot read the quilt: this desk has no form");
    const { name, encode, pipe, background } = this.#ports;
    const { memory, life } = encode();
    const giveBack = await memory.acquireAs({ name, life }, this.#form.workingBytes);
    const { readable, writable } = pipe();
    // Whoever reads hears of a failure from the stream.
    const written = this.#form.writeTo(writable).catch(() => undefined);
    background(written.then(giveBack));
    return readable;
  }

  async clear(): Promise<void> {
    this.#form = null;
    // Nobody works at a desk that has died, so nobody would give back what that life held.
    const { memory, life } = this.#ports.encode();
    memory.endEarlierLife({ name: this.#ports.name, life });
    await this.#ports.storage.deleteAll();
    this.#ports.store.reset();
  }

  /** Left behind by whoever worked here. */
  alarm(): Promise<void> {
    return this.clear();
  }

  async #hold(
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<number, UploadFailure>> {
    const { storage, clock, store } = this.#ports;
    await storage.setAlarm(clock.nowMs() + DESK_KEPT_MS);
    if (body === null) return ok(0);
    return stageBody(body, bounds, (rowIndex, bytes) => store.stage(rowIndex, bytes));
  }

  /** What is held, row by row. */
  async *#held(byteCount: number): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < byteCount; offset += UPLOAD_ROW_BYTES_MAX) {
      const rowBytes = Math.min(UPLOAD_ROW_BYTES_MAX, byteCount - offset);
      yield await this.#ports.store.source.read(offset, rowBytes);
    }
  }
}
