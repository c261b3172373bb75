/**
 * `Desk`: the Durable Object that holds the body of one request while it is worked on.
 *
 * It composes the ports. Its tables are those of an upload (`upload/store.ts`), of which it keeps no
 * journal: a desk that was left behind is cleared by its alarm.
 */
import { DurableObject } from "cloudflare:workers";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { DESK_KEPT_MS, UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { createPaymentReader } from "../../../shared/sui/read-payment.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import { isolateSystem } from "../isolate-memory.ts";
import { loopbackLane } from "../lane/loopback.ts";
import { platformPipe } from "../lane/streams.ts";
import { type RelayPorts, spreadForRelay } from "../relay/spread-for-relay.ts";
import type { RelayQuery } from "../relay/query.ts";
import { measureStaged } from "../upload/encode.ts";
import { encodePortsOf } from "../upload/encode-ports.ts";
import type { UploadFailure } from "../upload/failure.ts";
import { type BodyBounds, stageBody } from "../upload/stage.ts";
import { UploadStore } from "../upload/store.ts";
import type { DeskRpc, FormJob, LaidOut } from "./desk.ts";
import { LaidOutForm } from "./laid-out-form.ts";

const log = consoleLog("publisher");

export class Desk extends DurableObject<PublisherEnv> implements DeskRpc {
  readonly #store: UploadStore;
  #form: LaidOutForm | null = null;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, env);
    this.#store = new UploadStore(ctx.storage.sql);
  }

  async measure(
    { bounds, shardCount }: { readonly bounds: BodyBounds; readonly shardCount: number },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<{ readonly byteCount: number; readonly blobId: string }, PublisherFailure>> {
    try {
      const held = await this.#hold(bounds, body);
      if (!held.ok) return held;
      const metadata = await measureStaged(this.#encodePorts(), {
        uploadId: this.#name,
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
    const { certificate, settled } = await spreadForRelay(this.#relayPorts(), {
      query,
      runId: `relay.${this.#name}`,
      byteCount,
      digest: () => this.#digest(byteCount),
    });
    // The last nodes are served behind the answer.
    this.ctx.waitUntil(settled.then(() => this.clear()));
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
    const form = await LaidOutForm.plan(this.#store.source, held.value, job);
    if (!form.ok) return err({ kind: "quilt-refused", refusal: form.failure });
    this.#form = form.value;
    return ok(form.value.laidOut);
  }

  async quilt(): Promise<ReadableStream<Uint8Array>> {
    if (this.#form === null) throw new TypeError("Cannot read the quilt: this desk has no form");
    const { memory } = this.#encodePorts();
    const holder = { name: this.#name, life: this };
    const giveBack = await memory.acquireAs(holder, this.#form.workingBytes);
    const { readable, writable } = platformPipe();
    // Whoever reads hears of a failure from the stream.
    const written = this.#form.writeTo(writable).catch(() => undefined);
    this.ctx.waitUntil(written.then(giveBack));
    return readable;
  }

  async clear(): Promise<void> {
    this.#form = null;
    await this.ctx.storage.deleteAll();
    this.#store.reset();
  }

  /** Left behind by whoever worked here. */
  override alarm(): Promise<void> {
    return this.clear();
  }

  get #name(): string {
    return this.ctx.id.toString();
  }

  async #hold(
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<number, UploadFailure>> {
    await this.ctx.storage.setAlarm(systemClock.nowMs() + DESK_KEPT_MS);
    if (body === null) return ok(0);
    return stageBody(body, bounds, (rowIndex, bytes) => this.#store.stage(rowIndex, bytes));
  }

  /** SHA-256 of what is held. */
  async #digest(byteCount: number): Promise<Uint8Array> {
    const stream = new crypto.DigestStream("SHA-256");
    const writer = stream.getWriter();
    for (let offset = 0; offset < byteCount; offset += UPLOAD_ROW_BYTES_MAX) {
      const rowBytes = Math.min(UPLOAD_ROW_BYTES_MAX, byteCount - offset);
      await writer.write(await this.#store.source.read(offset, rowBytes));
    }
    await writer.close();
    return new Uint8Array(await stream.digest);
  }

  #encodePorts() {
    // Nobody would go on: what is begun here is done in one invocation.
    return encodePortsOf(this.#store, this, Number.POSITIVE_INFINITY);
  }

  #relayPorts(): RelayPorts {
    const config = publisherConfig(this.env);
    const permit = platformPermit();
    const rpc = { fetch: permit.fetch, timer: systemTimer };
    return {
      clock: systemClock,
      log,
      encode: this.#encodePorts(),
      chain: createChain({
        ...config.network,
        ...rpc,
        clock: systemClock,
        cache: isolateSystem,
      }),
      readPayment: createPaymentReader({ ...rpc, url: config.network.suiRpcUrl }),
      tip: config.relayTip,
      lane: loopbackLane(this.ctx),
      laneCount: config.laneCount,
      pipe: platformPipe,
    };
  }
}
