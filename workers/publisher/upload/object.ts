/**
 * `Upload`: the Durable Object that carries one upload, whatever happens to its client.
 *
 * This file composes the ports; what is done is in `carrier.ts`, what is decided in the pure modules
 * beside it.
 */
import { DurableObject } from "cloudflare:workers";
import {
  EARLY_BLOB_BYTES_MAX,
  EARLY_SPARE_BYTES_MIN,
  UPLOAD_SLICE_BYTES_MAX,
} from "../../../shared/limits.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { verifiedBlobStatus } from "../../../shared/nodes/verified-status.ts";
import type { Result } from "../../../shared/result.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../../shared/system.ts";
import { tokenShard } from "../auth/token-guard.ts";
import { isolateMemory } from "../../../shared/working-memory.ts";
import { createKeyValue } from "../../../shared/cache/kv.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import { GATE_NAME } from "../gate/gate.ts";
import { loopbackLane } from "../lane/loopback.ts";
import { isolateLaggards, isolateSystem } from "../isolate-memory.ts";
import { platformPipe } from "../../../shared/platform-streams.ts";
import { LEASE_BOOK_NAME } from "../lease-book/leases.ts";
import { METRICS_NAME } from "../metrics/object.ts";
import { uploadIncrements } from "../metrics/upload-sample.ts";
import { recentShard } from "../recent/recent.ts";
import { type CancelOutcome, UploadCarrier, type UploadRecord, type UploadRpc } from "./carrier.ts";
import { encodePortsOf } from "./encode-ports.ts";
import type { UploadFailure } from "./failure.ts";
import type { Journal, UploadRequest } from "./journal.ts";
import { walletDirectory } from "../wallet/wallets.ts";
import type { RunPorts } from "./run.ts";
import type { BodyBounds } from "./stage.ts";
import { UploadStore } from "./store.ts";
import { createLaggardHints } from "./laggards.ts";
import { createWarmer } from "./warm.ts";

export type { UploadRecord, UploadRpc } from "./carrier.ts";

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
      reportEnd: (journal) => ctx.waitUntil(this.#reportEnd(journal)),
      recordOrphan: (orphan) => this.#leaseBook().recordOrphan(orphan),
      releaseToken: (token, uploadId) =>
        env.TOKENS.getByName(tokenShard(token)).release(token, uploadId),
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

  cancel(): Promise<CancelOutcome | null> {
    return this.#carrier.cancel();
  }

  override alarm(): Promise<void> {
    return this.#carrier.alarm();
  }

  /** A stub of its own for each call: one that has failed stays broken. */
  #leaseBook() {
    return this.env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME);
  }

  async #reportEnd(journal: Journal): Promise<void> {
    try {
      const increments = uploadIncrements(journal, systemClock.nowMs());
      await this.env.METRICS.getByName(METRICS_NAME).add(increments);
    } catch (error) {
      const { uploadId } = journal.request;
      log.warn({ event: "upload.uncounted", uploadId, error: String(error) });
    }
  }

  #ports(): RunPorts {
    const { env } = this;
    const config = publisherConfig(env);
    const permit = platformPermit();
    const client = createNodeClient({ permit, timer: systemTimer, lane: "status" });
    const chain = createChain({
      ...config.network,
      fetch: permit.fetch,
      clock: systemClock,
      timer: systemTimer,
      cache: isolateSystem,
    });
    return {
      ...encodePortsOf(this.#store, this, UPLOAD_SLICE_BYTES_MAX),
      clock: systemClock,
      random: systemRandom,
      log,
      chain,
      wallets: walletDirectory(env.WALLETS, config.walletAddresses, config.walletKeys),
      leaseBook: { record: (lease) => this.#leaseBook().record(lease) },
      leasesOfBlob: (blobId) => this.#leaseBook().ofBlob(blobId),
      claimOrphan: (wish) => this.#leaseBook().claimOrphan(wish),
      recordOrphan: (orphan) => this.#leaseBook().recordOrphan(orphan),
      noteCertified: (blobId) => env.RECENTS.getByName(recentShard(blobId)).note(blobId),
      warm: createWarmer({
        kv: createKeyValue(env.BLOBS),
        clock: systemClock,
        timer: systemTimer,
        log,
        gateRules: () => env.GATES.getByName(GATE_NAME).rules(null),
        recordedTypes: async (blobId) =>
          (await this.#leaseBook().ofBlob(blobId)).flatMap(({ contentType }) => contentType ?? []),
        warmBytesMax: config.warmBytesMax,
      }),
      lane: loopbackLane(this.ctx),
      laneCount: config.laneCount,
      earlyBytesMax: EARLY_BLOB_BYTES_MAX,
      hasSpareMemory: () => isolateMemory.hasSpare(EARLY_SPARE_BYTES_MIN),
      laggards: createLaggardHints(isolateLaggards, {
        kv: createKeyValue(env.BLOBS),
        clock: systemClock,
        timer: systemTimer,
        log,
      }),
      pipe: platformPipe,
      blobStatus: (committee, blobId) =>
        verifiedBlobStatus({ client, timer: systemTimer }, committee, blobId),
      save: (journal) => this.#store.save(journal),
      saveProgress: (progress) => this.#store.saveProgress(progress),
      background: (work) => this.ctx.waitUntil(work),
    };
  }
}
