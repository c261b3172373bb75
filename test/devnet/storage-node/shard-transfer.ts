/**
 * The serving side of a shard's move: hands slivers of one shard to the node that gains it (Walrus
 * `walrus-service` `node.rs::sync_shard`, `walrus-core` `messages/sync_shard.rs`), and the layout
 * of its request and answer.
 */
import { readBcs } from "../../../shared/bcs/reader.ts";
import { BcsWriter } from "../../../shared/bcs/writer.ts";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { fromBase64, toHex } from "../../../shared/bytes/text.ts";
import {
  decodeSliver,
  encodeSliver,
  formatBlobId,
  pairIndexOfShard,
  type Sliver,
  type SliverAxis,
} from "../../../shared/codec/index.ts";
import { type Answer, bcsAnswer } from "./answer.ts";
import type { CommitteeView } from "./committee.ts";
import { Refusal } from "./errors.ts";
import { SYNC_SLIVER_COUNT_MAX } from "./limits.ts";
import { blobIdOf, type StorageNode, undecodable } from "./node.ts";
import { INTENT_SYNC_SHARD, messageHeader, type Signer, verifySignature } from "./signer.ts";

const VERSION_1 = 0;
const SIGNATURE_BYTES = 96;

/** What the gaining node asks for: slivers of blobs from `startingBlobId` on, in ID order. */
export interface SyncShardRequest {
  readonly shardIndex: number;
  readonly axis: SliverAxis;
  readonly startingBlobId: Uint8Array;
  readonly sliverCount: number;
  readonly epoch: number;
}

/** One sliver on the move. */
export interface SyncedSliver {
  readonly blobKey: string;
  readonly sliver: Sliver;
}

/** The signed request as it is sent. */
export function signSyncRequest(
  request: SyncShardRequest,
  signer: Signer,
): Uint8Array<ArrayBuffer> {
  const message = new BcsWriter()
    .fixed(messageHeader(INTENT_SYNC_SHARD, request.epoch))
    .uleb(VERSION_1)
    .u16(request.shardIndex)
    .uleb(request.axis === "primary" ? 0 : 1)
    .fixed(request.startingBlobId)
    .u64(BigInt(request.sliverCount))
    .u32(request.epoch)
    .finish();
  return new BcsWriter().bytes(message).fixed(signer.sign(message)).finish();
}

/** Reads the answer; `null` when it is not the layout. */
export function decodeSyncAnswer(bytes: Uint8Array): readonly SyncedSliver[] | null {
  const answer = readBcs("SyncShardResponse", bytes, (reader) => {
    if (reader.uleb() !== VERSION_1) reader.fail("bad-tag");
    const slivers: SyncedSliver[] = [];
    for (let left = reader.length(); left > 0; left--) {
      const blobKey = formatBlobId(reader.fixed(32));
      const tag = reader.uleb();
      if (tag > 1) reader.fail("bad-tag");
      const data = reader.bytes().slice();
      const symbolBytes = reader.u16();
      const axis = tag === 0 ? "primary" : "secondary";
      slivers.push({ blobKey, sliver: { axis, sliverIndex: reader.u16(), symbolBytes, data } });
    }
    return slivers;
  });
  return answer.ok ? answer.value : null;
}

/** `POST /v1/migrate/sync_shard`. */
export function serveSyncShard(
  node: StorageNode,
  committee: CommitteeView,
  authorization: string | undefined,
  body: Uint8Array,
): Answer {
  const publicKey = authorization === undefined ? null : fromBase64(authorization);
  const requester = committee.members.find(
    (member) => publicKey !== null && equalBytes(member.publicKey, publicKey),
  );
  if (requester === undefined) throw unauthorized();
  const request = openRequest(requester.publicKey, body);
  if (request.epoch !== committee.epoch) {
    throw new Refusal(
      "INVALID_EPOCH",
      `the request's epoch must be the same as the server's epoch: ${committee.epoch}`,
      { request_epoch: String(request.epoch), server_epoch: String(committee.epoch) },
    );
  }
  if (!requester.shardIndices.includes(request.shardIndex)) throw unauthorized();
  if (request.sliverCount > SYNC_SLIVER_COUNT_MAX) {
    throw new Refusal(
      "SLIVER_COUNT_EXCEEDS_LIMIT",
      `the requested sliver count ${request.sliverCount} exceeds the limit of ${SYNC_SLIVER_COUNT_MAX}`,
    );
  }
  if (!node.owned.has(request.shardIndex) && !node.locked.has(request.shardIndex)) {
    throw new Refusal(
      "SHARD_NOT_ASSIGNED",
      `shard ${request.shardIndex} is not assigned to this node in epoch ${committee.epoch}`,
      { shard: String(request.shardIndex), epoch: String(committee.epoch) },
    );
  }
  return bcsAnswer(encodeAnswer(collect(node, request)));
}

function openRequest(publicKey: Uint8Array, body: Uint8Array): SyncShardRequest {
  const signed = readBcs("SignedMessage", body, (reader) => ({
    message: reader.bytes(),
    signature: reader.fixed(SIGNATURE_BYTES),
  }));
  if (!signed.ok) throw undecodable();
  const { message, signature } = signed.value;
  const request = readBcs("SyncShardMessage", message, (reader) => {
    const [type, version, appId] = reader.fixed(3);
    if (type !== INTENT_SYNC_SHARD || version !== 0 || appId !== 3) reader.fail("bad-tag");
    reader.u32();
    if (reader.uleb() !== VERSION_1) reader.fail("bad-tag");
    const shardIndex = reader.u16();
    const axis: SliverAxis = reader.uleb() === 0 ? "primary" : "secondary";
    const startingBlobId = reader.fixed(32).slice();
    return {
      shardIndex,
      axis,
      startingBlobId,
      sliverCount: Number(reader.u64()),
      epoch: reader.u32(),
    };
  });
  if (!request.ok || !verifySignature(publicKey, message, signature)) {
    throw new Refusal(
      "MESSAGE_VERIFICATION_FAILED",
      "verification of the request to start the sync failed",
    );
  }
  return request.value;
}

function collect(node: StorageNode, request: SyncShardRequest): SyncedSliver[] {
  const { log, chain, shardCount } = node.parts;
  const first = toHex(request.startingBlobId);
  const inOrder = [...log.blobKeys()]
    .filter((blobKey) => chain.isCertified(blobKey))
    .map((blobKey) => ({ blobKey, order: toHex(blobIdOf(blobKey)) }))
    .filter(({ order }) => order >= first)
    .sort((left, right) => (left.order < right.order ? -1 : 1));
  const slivers: SyncedSliver[] = [];
  for (const { blobKey } of inOrder) {
    if (slivers.length >= request.sliverCount) break;
    const pairIndex = pairIndexOfShard(request.shardIndex, blobIdOf(blobKey), shardCount);
    const bytes = log.readSliver(blobKey, pairIndex, request.axis);
    const sliver = bytes === null ? null : decodeSliver(request.axis, bytes);
    if (sliver?.ok === true) slivers.push({ blobKey, sliver: sliver.value });
  }
  return slivers;
}

function encodeAnswer(slivers: readonly SyncedSliver[]): Uint8Array {
  const writer = new BcsWriter().uleb(VERSION_1).uleb(slivers.length);
  for (const { blobKey, sliver } of slivers) {
    writer
      .fixed(blobIdOf(blobKey))
      .uleb(sliver.axis === "primary" ? 0 : 1)
      .fixed(encodeSliver(sliver));
  }
  return writer.finish();
}

function unauthorized(): Refusal {
  return new Refusal(
    "REQUEST_UNAUTHORIZED",
    "the client is not authorized to perform the sync shard operation as it is not a storage " +
      "node in the current committee",
  );
}
