/**
 * `Upload`: the Durable Object that carries one upload, whatever happens to its client.
 *
 * This file composes the ports; what is done is in `carrier.ts`, what is decided in the pure modules
 * beside it.
 */
import { DurableObject } from "cloudflare:workers";
import { ENCODING_BYTES_MAX } from "../../../shared/limits.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import type { Result } from "../../../shared/result.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import { publisherCodec } from "../codec.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import type { Lane } from "../lane/lane.ts";
import { LEASE_BOOK_NAME } from "../lease-book/leases.ts";
import { UploadCarrier, type UploadRecord, type UploadRpc } from "./carrier.ts";
import type { UploadFailure } from "./failure.ts";
import type { Journal, UploadRequest } from "./journal.ts";
import type { RunPorts } from "./run.ts";
import type { BodyBounds } from "./stage.ts";
import { UploadStore } from "./store.ts";
import { WorkingMemory } from "./working-memory.ts";

export type { UploadRecord, UploadRpc } from "./carrier.ts";

/** Shared by all uploads of this isolate on purpose: so is its memory. */
const isolateMemory = new WorkingMemory(ENCODING_BYTES_MAX);

const log = consoleLog("publisher");

export class Upload extends DurableObject<PublisherEnv> implements UploadRpc {
  readonly #store: UploadStore;
  readonly #carrier: UploadCarrier;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, env);
    this.#store = new UploadStore(ctx.storage.sql);
    this.#carrier = new UploadCarrier({
      store: this.#store,
      storage: ctx.storage,
      clock: systemClock,
      log,
      run: () => this.#ports(),
    });
  }

  store(
    request: UploadRequest,
    bounds: BodyBounds,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<Journal, UploadFailure>> {
    return this.#carrier.store(request, bounds, body);
  }

  resume(): Promise<Journal | null> {
    return this.#carrier.resume();
  }

  view(): Promise<UploadRecord | null> {
    return this.#carrier.view();
  }

  override alarm(): Promise<void> {
    return this.#carrier.alarm();
  }

  #ports(): RunPorts {
    const { env } = this;
    const config = publisherConfig(env);
    const chain = createChain({
      ...config.network,
      fetch: platformPermit().fetch,
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
      leaseBook: env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME),
      lane: loopbackLane(this.ctx),
      laneCount: config.laneCount,
      memory: isolateMemory,
      stagedBytes: (byteCount) => this.#store.stagedBytes(byteCount),
      save: (journal) => this.#store.save(journal),
      saveProgress: (progress) => this.#store.saveProgress(progress),
      background: (work) => this.ctx.waitUntil(work),
    };
  }
}

/** This Worker's own `SliverLane`: every call is an invocation with its own six requests. */
function loopbackLane(ctx: DurableObjectState): Lane {
  return (ctx.exports as unknown as { readonly SliverLane: Lane }).SliverLane;
}
