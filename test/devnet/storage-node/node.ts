/**
 * One storage node: what it stores, and every check it makes before it stores, serves or signs, in
 * the order of Walrus `walrus-service` `node.rs`. Knows nothing of HTTP.
 */
import {
  type Codec,
  decodeSliver,
  encodeMetadataWithId,
  pairIndexOfShard,
  pairIndexOfSliver,
  parseBlobId,
  shardIndexOfPair,
  type SliverAxis,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { bcsAnswer, jsonAnswer, type Answer } from "./answer.ts";
import type { ChainView } from "./chain-view.ts";
import { Refusal } from "./errors.ts";
import { CONFIRMATION_WAIT_MS_MAX } from "./limits.ts";
import type { MetadataPool } from "./metadata-pool.ts";
import { PENDING_LIMITS, PendingCache, type PendingLimits } from "./pending-cache.ts";
import type { SliverPath } from "./routes.ts";
import { confirmationMessage, type Signer } from "./signer.ts";
import type { SliverLog } from "./sliver-log.ts";

const AXES = ["primary", "secondary"] as const;

/** What a node is made of. */
export interface NodeParts {
  readonly nodeId: string;
  readonly shardCount: number;
  readonly signer: Signer;
  readonly codec: Codec;
  readonly chain: ChainView;
  readonly pool: MetadataPool;
  readonly log: SliverLog;
  /** Blobs the node refuses to serve, in base64url. */
  readonly denied: ReadonlySet<string>;
  readonly pendingLimits?: PendingLimits | undefined;
  readonly nowMs: () => number;
}

/** A storage node. Methods answer or throw a `Refusal`. */
export class StorageNode {
  readonly parts: NodeParts;
  readonly #pending: PendingCache;
  /** Shards of the current committee. */
  #owned: ReadonlySet<number> = new Set();
  /** Shards it lost in a change that has not finished: still served, no longer written. */
  #locked: ReadonlySet<number> = new Set();

  constructor(parts: NodeParts) {
    this.parts = parts;
    this.#pending = new PendingCache(parts.pendingLimits ?? PENDING_LIMITS, parts.nowMs);
  }

  get epoch(): number {
    return this.parts.chain.epoch;
  }

  get owned(): ReadonlySet<number> {
    return this.#owned;
  }

  get locked(): ReadonlySet<number> {
    return this.#locked;
  }

  /** Takes its shards in the current committee and, while a change is running, the former ones. */
  assign(owned: readonly number[], former: readonly number[]): void {
    this.#owned = new Set(owned);
    this.#locked = new Set(former.filter((shardIndex) => !this.#owned.has(shardIndex)));
  }

  /** Drops the slivers of shards it no longer has, and blobs nobody pays for any more. */
  collectGarbage(): void {
    const { chain, log } = this.parts;
    for (const blobKey of log.blobKeys()) {
      if (!chain.isRegistered(blobKey)) {
        log.drop(blobKey);
        continue;
      }
      for (const { pairIndex, axis } of log.slivers(blobKey)) {
        if (!this.#serves(this.#shardOf(blobKey, pairIndex)))
          log.dropSliver(blobKey, pairIndex, axis);
      }
    }
  }

  getMetadata(blobKey: string): Answer {
    return bcsAnswer(encodeMetadataWithId(this.readableMetadata(blobKey), blobIdOf(blobKey)));
  }

  /** Metadata of a blob that may be read now. */
  readableMetadata(blobKey: string): VerifiedMetadata {
    this.#checkAccess(blobKey, "METADATA_NOT_FOUND", "the requested metadata is unavailable");
    const metadata = this.storedMetadata(blobKey);
    if (metadata === null) {
      throw new Refusal("METADATA_NOT_FOUND", "the requested metadata is unavailable");
    }
    return metadata;
  }

  putMetadata(blobKey: string, body: Uint8Array, pending: boolean): Answer {
    const { chain, log } = this.parts;
    if (chain.isInvalid(blobKey)) {
      throw new Refusal("INVALID_BLOB", "the blob for this metadata is invalid");
    }
    if (log.hasMetadata(blobKey) || this.#pending.metadata(blobKey) !== null) {
      return jsonAnswer("metadata already stored");
    }
    const verified = this.#verifyMetadata(blobKey, body);
    if (chain.isRegistered(blobKey)) log.writeMetadata(blobKey, body);
    else if (!pending) throw notRegistered();
    else if (!this.#pending.addMetadata(blobKey, verified, body)) throw cacheSaturated();
    return pending
      ? jsonAnswer("metadata buffered pending registration", 202)
      : jsonAnswer("metadata successfully stored", 201);
  }

  metadataStatus(blobKey: string): Answer {
    return jsonAnswer(this.parts.log.hasMetadata(blobKey) ? "stored" : "nonexistent");
  }

  getSliver({ blobKey, pairIndex, axis }: SliverPath): Answer {
    this.#checkIndex(pairIndex);
    this.#checkAccess(blobKey, "SLIVER_NOT_FOUND", "the requested sliver is unavailable");
    return bcsAnswer(this.storedSliver(blobKey, pairIndex, axis));
  }

  /** A stored sliver as `SliverData`, whatever the state of its blob. */
  storedSliver(blobKey: string, pairIndex: number, axis: SliverAxis): Uint8Array {
    this.#checkServed(blobKey, pairIndex);
    const bytes = this.parts.log.readSliver(blobKey, pairIndex, axis);
    if (bytes === null) {
      throw new Refusal("SLIVER_NOT_FOUND", "the requested sliver is unavailable");
    }
    return bytes;
  }

  putSliver(path: SliverPath, body: Uint8Array, pending: boolean): Answer {
    const { blobKey, pairIndex, axis } = path;
    const { log, shardCount } = this.parts;
    const sliver = decodeSliver(axis, body);
    if (!sliver.ok) throw undecodable();
    this.#checkIndex(pairIndex);
    const { sliverIndex } = sliver.value;
    if (
      sliverIndex >= shardCount ||
      pairIndexOfSliver(axis, sliverIndex, shardCount) !== pairIndex
    ) {
      throw new Refusal(
        "SLIVER_INDEX_MISMATCH",
        `sliver index ${sliverIndex} is inconsistent with sliver pair index ${pairIndex}`,
      );
    }
    const stored = this.storedMetadata(blobKey);
    const metadata = stored ?? this.#pending.metadata(blobKey);
    if (metadata === null) {
      throw this.parts.chain.isRegistered(blobKey) || pending
        ? new Refusal("METADATA_REQUIRED", "blob metadata is required but missing")
        : notRegistered();
    }
    const shardIndex = this.#shardOf(blobKey, pairIndex);
    if (!this.#owned.has(shardIndex)) throw this.#notAssigned(shardIndex);
    if (
      log.hasSliver(blobKey, pairIndex, axis) ||
      this.#pending.hasSliver(blobKey, pairIndex, axis)
    ) {
      return jsonAnswer("sliver already stored");
    }
    const verified = this.parts.codec.verifySliver(sliver.value, metadata);
    if (!verified.ok) {
      throw new Refusal(
        "INVALID_SLIVER",
        `the provided sliver is invalid: ${verified.failure.kind}`,
      );
    }
    if (stored !== null) log.writeSliver(blobKey, pairIndex, axis, body);
    else if (!this.#pending.addSliver(blobKey, { pairIndex, axis, bytes: body })) {
      throw cacheSaturated();
    } else if (this.parts.chain.isRegistered(blobKey)) this.flushPending(blobKey);
    return pending
      ? jsonAnswer("sliver buffered pending registration", 202)
      : jsonAnswer("sliver stored successfully", 201);
  }

  sliverStatus({ blobKey, pairIndex, axis }: SliverPath): Answer {
    this.#checkIndex(pairIndex);
    this.#checkServed(blobKey, pairIndex);
    if (this.parts.log.hasSliver(blobKey, pairIndex, axis)) return jsonAnswer("stored");
    const buffered = this.#pending.hasSliver(blobKey, pairIndex, axis);
    return jsonAnswer(buffered ? "buffered" : "nonexistent");
  }

  /** Waits for the registration if asked to, then signs. */
  async confirm(blobKey: string, objectId: string | null, waitMs: number): Promise<Answer> {
    if (waitMs > 0 && !this.parts.chain.isRegistered(blobKey)) {
      await this.parts.chain.waitForRegistration(
        blobKey,
        Math.min(waitMs, CONFIRMATION_WAIT_MS_MAX),
      );
    }
    return jsonAnswer({
      signed: this.parts.signer.signJson(this.#confirmation(blobKey, objectId)),
    });
  }

  blobStatus(blobKey: string): Answer {
    return jsonAnswer(this.parts.chain.status(blobKey));
  }

  /** Stores what was buffered for a blob whose registration has been seen. */
  flushPending(blobKey: string): void {
    const { metadata, metadataBytes, slivers } = this.#pending.take(blobKey);
    const { log } = this.parts;
    if (metadata !== null && metadataBytes !== null && !log.hasMetadata(blobKey)) {
      log.writeMetadata(blobKey, metadataBytes);
    }
    for (const { pairIndex, axis, bytes } of slivers) {
      if (log.hasSliver(blobKey, pairIndex, axis)) continue;
      if (this.#owned.has(this.#shardOf(blobKey, pairIndex))) {
        log.writeSliver(blobKey, pairIndex, axis, bytes);
      }
    }
  }

  /** Verified metadata it has stored, `null` when it has none. */
  storedMetadata(blobKey: string): VerifiedMetadata | null {
    const { log, pool } = this.parts;
    if (!log.hasMetadata(blobKey)) return null;
    // A sliver of a 1 MiB blob is 4 KB, the metadata it is checked against 66 KB.
    const known = pool.known(blobKey);
    if (known !== null) return known;
    const bytes = log.readMetadata(blobKey);
    if (bytes === null) return null;
    const verified = pool.verify(blobKey, bytes);
    if (!verified.ok) throw new Error(`Cannot read stored metadata: ${verified.failure.kind}`);
    return verified.value;
  }

  /** Pairs of a blob that its current shards need and it does not have. */
  missingPairs(blobKey: string): { readonly pairIndex: number; readonly axis: SliverAxis }[] {
    return [...this.#owned].flatMap((shardIndex) => {
      const pairIndex = pairIndexOfShard(shardIndex, blobIdOf(blobKey), this.parts.shardCount);
      return AXES.filter((axis) => !this.parts.log.hasSliver(blobKey, pairIndex, axis)).map(
        (axis) => ({ pairIndex, axis }),
      );
    });
  }

  /** 451 for denied blobs, `reason` for those not registered now. */
  checkAccess(blobKey: string): void {
    this.#checkAccess(blobKey, "SLIVER_NOT_FOUND", "the requested sliver is unavailable");
  }

  #confirmation(blobKey: string, objectId: string | null): Uint8Array {
    const { chain } = this.parts;
    if (!chain.isRegistered(blobKey)) throw notRegistered();
    this.flushPending(blobKey);
    if (this.missingPairs(blobKey).length > 0) {
      throw new Refusal("MISSING_SLIVERS", "the required slivers are not all stored");
    }
    if (objectId !== null && !chain.isObjectRegistered(blobKey, objectId)) throw notRegistered();
    return confirmationMessage(this.epoch, blobIdOf(blobKey), objectId);
  }

  #verifyMetadata(blobKey: string, body: Uint8Array): VerifiedMetadata {
    const verified = this.parts.pool.verify(blobKey, body);
    if (verified.ok) return verified.value;
    const { failure } = verified;
    if (failure.kind === "malformed-bcs") throw undecodable();
    if (failure.kind === "unsupported-encoding-type") {
      throw new Refusal(
        "UNSUPPORTED_ENCODING_TYPE",
        `unsupported encoding type ${failure.encodingType}`,
      );
    }
    throw new Refusal(
      "INVALID_METADATA",
      `the provided metadata failed to verify: ${failure.kind}`,
    );
  }

  #checkAccess(
    blobKey: string,
    unavailable: "METADATA_NOT_FOUND" | "SLIVER_NOT_FOUND",
    message: string,
  ): void {
    if (this.parts.denied.has(blobKey)) {
      const what =
        unavailable === "METADATA_NOT_FOUND" ? "metadata is blocked" : "sliver is forbidden";
      throw new Refusal("FORBIDDEN_BLOB", `the requested ${what}`);
    }
    if (!this.parts.chain.isRegistered(blobKey)) throw new Refusal(unavailable, message);
  }

  #checkIndex(index: number): void {
    const { shardCount } = this.parts;
    if (index < shardCount) return;
    throw new Refusal("INDEX_OUT_OF_RANGE", `requires 0 <= index (${index}) < ${shardCount}`);
  }

  #checkServed(blobKey: string, pairIndex: number): void {
    const shardIndex = this.#shardOf(blobKey, pairIndex);
    if (!this.#serves(shardIndex)) throw this.#notAssigned(shardIndex);
  }

  #serves(shardIndex: number): boolean {
    return this.#owned.has(shardIndex) || this.#locked.has(shardIndex);
  }

  #shardOf(blobKey: string, pairIndex: number): number {
    return shardIndexOfPair(pairIndex, blobIdOf(blobKey), this.parts.shardCount);
  }

  #notAssigned(shardIndex: number): Refusal {
    return new Refusal(
      "SHARD_NOT_ASSIGNED",
      `shard ${shardIndex} is not assigned to this node in epoch ${this.epoch}`,
      { shard: String(shardIndex), epoch: String(this.epoch) },
    );
  }
}

/** The 32 bytes of a blob key. */
export function blobIdOf(blobKey: string): Uint8Array {
  const blobId = parseBlobId(blobKey);
  if (blobId === null) throw new TypeError(`Cannot read blob key: got ${blobKey}`);
  return blobId;
}

function notRegistered(): Refusal {
  return new Refusal("NOT_REGISTERED", "the blob has not been registered or has already expired");
}

function cacheSaturated(): Refusal {
  return new Refusal(
    "CACHE_SATURATED",
    "pending upload cache is saturated; retry once the node catches up",
  );
}

/** The answer to bytes that are not the BCS they should be. */
export function undecodable(): Refusal {
  return new Refusal("INVALID_CONTENT_TYPE", "unable to decode request body as BCS");
}
