/**
 * One verified sliver from the node that owns its shard, and what that says of the node.
 *
 * A sliver's pair follows from its index, the pair's shard from the blob ID, the shard's owner
 * from the committee. Source: walrus-sdk `communication/node.rs::retrieve_verified_sliver`.
 */
import {
  pairIndexOfSliver,
  type Sliver,
  sliverBytes,
  type SliverTarget,
  shardIndexOfPair,
  type VerifiedMetadata,
} from "../codec/index.ts";
import { READ_ROW_BYTES_PER_SECOND_MIN, READ_ROW_TIMEOUT_MS } from "../limits.ts";
import { type CommitteeMember, memberOfShard } from "../protocol/committee.ts";
import type { Committees } from "../protocol/epoch.ts";
import { isBlocked, isNotFound } from "./failure.ts";
import type { BlobGeometry } from "./read-geometry.ts";
import { type NodeCause, causeOf } from "./read-failure.ts";
import { type ReadPorts, type Vote, createVote } from "./read-metadata.ts";

/** BCS framing of a sliver: a length, the symbol size and the index. */
const SLIVER_FRAMING_BYTES = 16;

/** Causes kept for the log; a read of 1,000 shards must not collect without end. */
const CAUSES_MAX = 20;

/** One read of one blob: what is fixed, and what it has learned of the nodes. */
export interface BlobReading {
  readonly ports: ReadPorts;
  /** The first is asked first; the next only for what the first does not give. */
  readonly committees: Committees;
  readonly metadata: VerifiedMetadata;
  readonly geometry: BlobGeometry;
  /** Shards that answered 404 or 451 for their sliver. */
  readonly vote: Vote;
  readonly trust: NodeTrust;
  readonly causes: NodeCause[];
}

/** How much a node has earned in this read; nothing outlives it. */
export interface NodeTrust {
  started(nodeId: string): void;
  ended(nodeId: string, outcome: "good" | "bad" | "none"): void;
  hasFailed(nodeId: string): boolean;
  /** Lower is better: proven, untried, being tried, failed. */
  rank(nodeId: string): number;
}

/** Begins a read. */
export function createReading(
  ports: ReadPorts,
  committees: Committees,
  metadata: VerifiedMetadata,
  geometry: BlobGeometry,
): BlobReading {
  return {
    ports,
    committees,
    metadata,
    geometry,
    vote: createVote(committees[0].shardCount),
    trust: createTrust(),
    causes: [],
  };
}

/** The node that stores pair `pairIndex` of the blob: the one to ask first. */
export function ownerOfPair(reading: BlobReading, pairIndex: number): CommitteeMember {
  const { blobId, shardCount } = reading.metadata;
  return memberOfShard(reading.committees[0], shardIndexOfPair(pairIndex, blobId, shardCount));
}

/** Every node that may store the pair, in the order in which they are asked. */
function ownersOfPair({ committees, metadata }: BlobReading, pairIndex: number): CommitteeMember[] {
  const { blobId, shardCount } = metadata;
  const shardIndex = shardIndexOfPair(pairIndex, blobId, shardCount);
  const owners = committees.map((committee) => memberOfShard(committee, shardIndex));
  return owners.filter(
    ({ nodeId }, index) => owners.findIndex((owner) => owner.nodeId === nodeId) === index,
  );
}

/** Whether it is useless to ask for the pair: all its owners have failed in this read. */
export function ownersHaveFailed(reading: BlobReading, pairIndex: number): boolean {
  return ownersOfPair(reading, pairIndex).every(({ nodeId }) => reading.trust.hasFailed(nodeId));
}

/** Fetches primary sliver `sliverIndex` and verifies it; `null` when its owner does not give it. */
export function fetchPrimarySliver(
  reading: BlobReading,
  sliverIndex: number,
  signal: AbortSignal,
): Promise<Sliver | null> {
  return fetchSliver(reading, { axis: "primary", sliverIndex }, signal);
}

/** Fetches one sliver and verifies it; `null` when no owner of its shard gives it. */
export async function fetchSliver(
  reading: BlobReading,
  target: SliverTarget,
  signal: AbortSignal,
): Promise<Sliver | null> {
  const pairIndex = pairIndexOfSliver(target.axis, target.sliverIndex, reading.geometry.shardCount);
  let word: "not-found" | "blocked" | null = null;
  for (const owner of ownersOfPair(reading, pairIndex)) {
    if (reading.trust.hasFailed(owner.nodeId)) continue;
    const answer = await fetchFrom(reading, owner, target, signal);
    if (answer !== null && typeof answer === "object") return answer;
    if (signal.aborted) return null;
    word = answer ?? word;
  }
  // One shard, one word, however many nodes were asked for it.
  if (word === "not-found") reading.vote.notFound(1);
  if (word === "blocked") reading.vote.blocked(1);
  return null;
}

/** The sliver from one node, or what the node says instead; `null` for silence and lies. */
async function fetchFrom(
  reading: BlobReading,
  owner: CommitteeMember,
  { axis, sliverIndex }: SliverTarget,
  signal: AbortSignal,
): Promise<Sliver | "not-found" | "blocked" | null> {
  const { ports, metadata, geometry, trust } = reading;
  const pairIndex = pairIndexOfSliver(axis, sliverIndex, geometry.shardCount);
  const bytes = sliverBytes(axis, geometry.symbolBytes, geometry.shardCount);
  trust.started(owner.nodeId);
  const answer = await ports.client.getSliver(
    owner,
    metadata.blobId,
    pairIndex,
    axis,
    bytes + SLIVER_FRAMING_BYTES,
    { timeoutMs: sliverTimeoutMs(bytes), signal },
  );
  if (!answer.ok) {
    const { failure } = answer;
    const silent = failure.kind === "aborted" || failure.kind === "refused";
    trust.ended(owner.nodeId, silent ? "none" : "bad");
    if (failure.kind !== "aborted") noteCause(reading, causeOf(owner.nodeId, failure));
    if (isNotFound(failure)) return "not-found";
    return isBlocked(failure) ? "blocked" : null;
  }
  const sliver = answer.value;
  const verified = ports.codec.verifySliver(sliver, metadata);
  const flaw = !verified.ok
    ? verified.failure.kind
    : sliver.sliverIndex !== sliverIndex
      ? "other-sliver"
      : null;
  trust.ended(owner.nodeId, flaw === null ? "good" : "bad");
  if (flaw === null) return sliver;
  noteCause(reading, { nodeId: owner.nodeId, kind: flaw });
  return null;
}

/** Time for one sliver: a fixed part and what the slowest tolerated rate needs. */
export function sliverTimeoutMs(sliverBytes: number): number {
  return READ_ROW_TIMEOUT_MS + Math.ceil((sliverBytes / READ_ROW_BYTES_PER_SECOND_MIN) * 1_000);
}

/** Keeps a cause for the log, within bounds. */
export function noteCause(reading: BlobReading, cause: NodeCause): void {
  if (reading.causes.length < CAUSES_MAX) reading.causes.push(cause);
}

function createTrust(): NodeTrust {
  const failed = new Set<string>();
  const proven = new Set<string>();
  const running = new Map<string, number>();
  return {
    started: (nodeId) => void running.set(nodeId, (running.get(nodeId) ?? 0) + 1),
    ended(nodeId, outcome) {
      running.set(nodeId, (running.get(nodeId) ?? 1) - 1);
      if (outcome === "good") proven.add(nodeId);
      if (outcome === "bad") failed.add(nodeId);
    },
    hasFailed: (nodeId) => failed.has(nodeId),
    rank(nodeId) {
      if (failed.has(nodeId)) return 3;
      if (proven.has(nodeId)) return 0;
      return (running.get(nodeId) ?? 0) > 0 ? 2 : 1;
    },
  };
}
