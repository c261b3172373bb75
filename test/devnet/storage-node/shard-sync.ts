/**
 * The gaining side of a shard's move: copies the slivers from the former owner and rebuilds from
 * other nodes' symbols what it does not hand over (Walrus `walrus-service` `node/shard_sync.rs`,
 * `node/blob_sync.rs`). Every byte is verified before it is stored.
 */
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import {
  decodeMetadataWithId,
  decodeRecoverySymbols,
  decodeSliver,
  encodeMetadata,
  encodeSliver,
  encodingParameters,
  pairIndexOfSliver,
  type RecoverySymbol,
  shardIndexOfPair,
  type Sliver,
  type SliverAxis,
  sliverIndexOfPair,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { type CommitteeView, type MemberView, ownerOf } from "./committee.ts";
import { SYNC_SLIVER_COUNT_MAX } from "./limits.ts";
import { blobIdOf, type StorageNode } from "./node.ts";
import { decodeSyncAnswer, signSyncRequest } from "./shard-transfer.ts";

/** How long a node waits for another before it turns to the next. */
const PEER_TIMEOUT_MS = 5_000;

/** Above so many missing slivers of a blob, encoding it again is cheaper than symbols for each. */
const SYMBOL_RECOVERY_COUNT_MAX = 4;

/** What a sync did. */
export interface SyncReport {
  /** Slivers copied from former owners. */
  readonly transferred: number;
  /** Slivers rebuilt from symbols. */
  readonly recovered: number;
  /** Slivers that could not be had. */
  readonly missing: number;
}

/** Brings a node up to its shards in `committee`. Never throws: what fails is counted. */
export async function syncShards(
  node: StorageNode,
  committee: CommitteeView,
  gained: readonly number[],
): Promise<SyncReport> {
  let transferred = 0;
  for (const shardIndex of gained) {
    const source = ownerOf(committee.previous, shardIndex);
    if (source === null || source.nodeId === node.parts.nodeId) continue;
    for (const axis of ["primary", "secondary"] as const) {
      transferred += await copyShard(node, committee, source, shardIndex, axis).catch(() => 0);
    }
  }
  const certified = node.parts.chain.certifiedBlobs();
  // The own node is among the peers: what it has counts towards what it lacks.
  const { recovered, missing } = await recoverMissing(node, committee.previous, certified);
  return { transferred, recovered, missing };
}

async function copyShard(
  node: StorageNode,
  committee: CommitteeView,
  source: MemberView,
  shardIndex: number,
  axis: SliverAxis,
): Promise<number> {
  const { signer } = node.parts;
  let startingBlobId: Uint8Array | null = new Uint8Array(32);
  let count = 0;
  while (startingBlobId !== null) {
    const body = signSyncRequest(
      {
        shardIndex,
        axis,
        startingBlobId,
        sliverCount: SYNC_SLIVER_COUNT_MAX,
        epoch: committee.epoch,
      },
      signer,
    );
    const answer = await ask(`${source.url}/v1/migrate/sync_shard`, {
      method: "POST",
      body,
      headers: {
        authorization: toBase64(signer.publicKey),
        "content-type": "application/octet-stream",
      },
    });
    const slivers = answer === null ? null : decodeSyncAnswer(answer);
    if (slivers === null) return count;
    for (const { blobKey, sliver } of slivers) {
      const metadata = await obtainMetadata(node, blobKey, [source, ...committee.previous]);
      if (metadata === null || !node.parts.codec.verifySliver(sliver, metadata).ok) continue;
      const pairIndex = pairIndexOfSliver(axis, sliver.sliverIndex, node.parts.shardCount);
      if (node.parts.log.hasSliver(blobKey, pairIndex, axis)) continue;
      node.parts.log.writeSliver(blobKey, pairIndex, axis, encodeSliver(sliver));
      count += 1;
    }
    const last = slivers.at(-1);
    startingBlobId =
      slivers.length < SYNC_SLIVER_COUNT_MAX || last === undefined
        ? null
        : successor(blobIdOf(last.blobKey));
  }
  return count;
}

/**
 * Rebuilds what a node lacks of certified blobs: few slivers from symbols, many by reading the
 * blob and encoding it again, which costs one encoding however many are missing.
 */
export async function recoverMissing(
  node: StorageNode,
  peers: readonly MemberView[],
  blobKeys: readonly string[],
): Promise<{ readonly recovered: number; readonly missing: number }> {
  let recovered = 0;
  let missing = 0;
  for (const blobKey of blobKeys) {
    const before = node.missingPairs(blobKey);
    if (before.length === 0) continue;
    const metadata = await obtainMetadata(node, blobKey, peers);
    if (metadata !== null) {
      if (before.length > SYMBOL_RECOVERY_COUNT_MAX) {
        await rebuildFromBlob(node, blobKey, metadata, peers);
      }
      for (const { pairIndex, axis } of node.missingPairs(blobKey)) {
        await recover(node, blobKey, metadata, pairIndex, axis, peers);
      }
    }
    const left = node.missingPairs(blobKey).length;
    recovered += before.length - left;
    missing += left;
  }
  return { recovered, missing };
}

/** Reads the blob from its primary slivers, encodes it and keeps what was missing. */
async function rebuildFromBlob(
  node: StorageNode,
  blobKey: string,
  metadata: VerifiedMetadata,
  peers: readonly MemberView[],
): Promise<void> {
  const { codec, shardCount, log } = node.parts;
  const slivers = await primarySlivers(node, blobKey, metadata, peers);
  const blob = codec.decode(slivers, metadata);
  const encoded = blob.ok ? codec.encode(blob.value, shardCount) : null;
  if (encoded?.ok !== true) return;
  // A blob whose encoding has another ID was encoded wrongly: its slivers cannot be had this way.
  if (equalBytes(encoded.value.metadata.blobId, metadata.blobId)) {
    for (const { pairIndex, axis } of node.missingPairs(blobKey)) {
      const sliver = encoded.value.sliver(axis, sliverIndexOfPair(axis, pairIndex, shardCount));
      log.writeSliver(blobKey, pairIndex, axis, encodeSliver(sliver));
    }
  }
  encoded.value.release();
}

/** Verified primary slivers, systematic ones first, until there are enough to decode. */
async function primarySlivers(
  node: StorageNode,
  blobKey: string,
  metadata: VerifiedMetadata,
  peers: readonly MemberView[],
): Promise<Sliver[]> {
  const { codec, shardCount } = node.parts;
  const { primaryCount } = encodingParameters(shardCount);
  const slivers: Sliver[] = [];
  for (let pairIndex = 0; pairIndex < shardCount; pairIndex++) {
    if (slivers.length === primaryCount) break;
    const owner = ownerOf(peers, shardIndexOfPair(pairIndex, metadata.blobId, shardCount));
    if (owner === null) continue;
    const bytes = await ask(`${owner.url}/v1/blobs/${blobKey}/slivers/${pairIndex}/primary`);
    const sliver = bytes === null ? null : decodeSliver("primary", bytes);
    if (sliver?.ok === true && codec.verifySliver(sliver.value, metadata).ok) {
      slivers.push(sliver.value);
    }
  }
  return slivers;
}

/** Rebuilds one sliver from proven symbols. */
async function recover(
  node: StorageNode,
  blobKey: string,
  metadata: VerifiedMetadata,
  pairIndex: number,
  axis: SliverAxis,
  peers: readonly MemberView[],
): Promise<boolean> {
  const { codec, shardCount, log } = node.parts;
  const target = { axis, sliverIndex: sliverIndexOfPair(axis, pairIndex, shardCount) };
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const required = axis === "primary" ? secondaryCount : primaryCount;
  const symbols = new Map<number, RecoverySymbol>();
  const query = `targetSliver=${target.sliverIndex}&targetType=${axis}`;
  for (const peer of peers) {
    if (symbols.size >= required) break;
    const bytes = await ask(`${peer.url}/v1/blobs/${blobKey}/recoverySymbols?${query}`);
    const decoded = bytes === null ? null : decodeRecoverySymbols(bytes);
    if (decoded?.ok !== true) continue;
    for (const symbol of decoded.value) {
      if (symbol.targetAxis !== axis) continue;
      if (!codec.verifyRecoverySymbol(symbol, target, metadata).ok) continue;
      symbols.set(symbol.sourceIndex, symbol);
    }
  }
  const sliver = codec.recoverSliver(target, [...symbols.values()], metadata);
  if (!sliver.ok) return false;
  log.writeSliver(blobKey, pairIndex, axis, encodeSliver(sliver.value));
  return true;
}

/** Metadata from the own store, else from the first peer whose answer verifies. */
async function obtainMetadata(
  node: StorageNode,
  blobKey: string,
  peers: readonly MemberView[],
): Promise<VerifiedMetadata | null> {
  const stored = node.storedMetadata(blobKey);
  if (stored !== null) return stored;
  for (const peer of peers) {
    const bytes = await ask(`${peer.url}/v1/blobs/${blobKey}/metadata`);
    const decoded = bytes === null ? null : decodeMetadataWithId(bytes);
    if (decoded?.ok !== true) continue;
    const body = encodeMetadata(decoded.value.metadata);
    const verified = node.parts.pool.verify(blobKey, body);
    if (!verified.ok) continue;
    node.parts.log.writeMetadata(blobKey, body);
    return verified.value;
  }
  return null;
}

/** The body of a 200 answer; `null` for anything else, late answers included. */
async function ask(url: string, init: RequestInit = {}): Promise<Uint8Array | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PEER_TIMEOUT_MS) });
    const body = new Uint8Array(await response.arrayBuffer());
    return response.status === 200 ? body : null;
  } catch {
    return null;
  }
}

/** The next blob ID in byte order; `null` after the last. */
function successor(blobId: Uint8Array): Uint8Array | null {
  const next = blobId.slice();
  for (let index = next.length - 1; index >= 0; index--) {
    const byte = ((next[index] ?? 0) + 1) & 0xff;
    next[index] = byte;
    if (byte !== 0) return next;
  }
  return null;
}
