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
import {
  READ_CAUSES_KEPT_MAX,
  READ_ROW_BYTES_PER_SECOND_MIN,
  READ_ROW_HEDGE_MS,
  READ_ROW_TIMEOUT_MS,
  READ_STALL_MS,
} from "../limits.ts";
import { type CommitteeMember, memberOfShard } from "../protocol/committee.ts";
import type { Committees } from "../protocol/epoch.ts";
import { isBlocked, isNotFound } from "./failure.ts";
import type { NodeHealthHints } from "./node-health.ts";
import type { BlobGeometry } from "./read-geometry.ts";
import { type NodeCause, causeOf } from "./read-failure.ts";
import { type ReadPorts, type Vote, createVote } from "./read-metadata.ts";
import { callAwake } from "./wait-awake.ts";

/** BCS framing of a sliver: a length, the symbol size and the index. */
const SLIVER_FRAMING_BYTES = 16;

/** A sliver this many times slower than usual gets a competitor. */
const HEDGE_TIMES_USUAL = 4;

/** One read of one blob: what is fixed, and what it has learned of the nodes. */
export interface BlobReading {
  readonly ports: ReadPorts;
  /** The first is asked first; the next only for what the first does not give. */
  readonly committees: Committees;
  readonly metadata: VerifiedMetadata;
  readonly geometry: BlobGeometry;
  /** Shards that answered 404 or 451 for their sliver. */
  readonly vote: Vote;
  /** Shards that have had their word. */
  readonly heard: Set<number>;
  /** Rows that were asked for, here or by a lane, and that no owner gave. */
  readonly missed: Set<number>;
  readonly trust: NodeTrust;
  readonly causes: NodeCause[];
}

/** How much a node has earned in this read; nothing outlives it. */
export interface NodeTrust {
  started(nodeId: string): void;
  ended(nodeId: string, outcome: "good" | "bad" | "none"): void;
  hasFailed(nodeId: string): boolean;
  /** Lower is better: proven, untried, being tried, suspected from before, failed. */
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
    heard: new Set(),
    missed: new Set(),
    trust: createTrust(ports.health),
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

/** Whether row `rowIndex` must be rebuilt, as far as is known. */
export function isMissing(reading: BlobReading, rowIndex: number): boolean {
  return reading.missed.has(rowIndex) || ownersHaveFailed(reading, rowIndex);
}

/** Whether it is useless to ask for the pair: all its owners have failed in this read. */
export function ownersHaveFailed(reading: BlobReading, pairIndex: number): boolean {
  return ownersOfPair(reading, pairIndex).every(({ nodeId }) => reading.trust.hasFailed(nodeId));
}

/**
 * Why there is no sliver: its owners do not have it, must not give it, or are silent or lie; `lost`
 * when they were never asked, because the lane that was to do so is gone.
 */
export type SliverWord = "not-found" | "blocked" | "failed" | "lost";

/** A sliver that was asked for. Neither promise rejects. */
export interface RowTicket {
  readonly answer: Promise<Sliver | SliverWord>;
  /** Resolves when the owner takes so long that a competitor should start; perhaps never. */
  readonly slow: Promise<void>;
}

/** Asks for primary sliver `sliverIndex`. */
export function fetchPrimarySliver(
  reading: BlobReading,
  sliverIndex: number,
  signal: AbortSignal,
): RowTicket {
  const slow = Promise.withResolvers<void>();
  const target = { axis: "primary", sliverIndex } as const;
  return { answer: fetchSliver(reading, target, signal, slow.resolve), slow: slow.promise };
}

/**
 * Fetches one sliver and verifies it.
 *
 * @param onSlow Called when the owner asked first is suspect, or has been silent for long.
 */
export async function fetchSliver(
  reading: BlobReading,
  target: SliverTarget,
  signal: AbortSignal,
  onSlow?: () => void,
): Promise<Sliver | SliverWord> {
  const { trust, geometry, ports } = reading;
  const pairIndex = pairIndexOfSliver(target.axis, target.sliverIndex, geometry.shardCount);
  const owners = ownersOfPair(reading, pairIndex).filter(({ nodeId }) => !trust.hasFailed(nodeId));
  const isSuspect = owners[0] !== undefined && ports.health?.isSuspect(owners[0].nodeId) === true;
  // Whoever is told to be patient is so with a suspect, too.
  if (isSuspect && (ports.patienceMs ?? 0) === 0) onSlow?.();
  let word: SliverWord = "failed";
  for (const owner of owners) {
    const answer = await fetchFrom(reading, owner, target, signal, onSlow);
    if (typeof answer === "object") return answer;
    if (signal.aborted) return "failed";
    if (answer !== "failed") word = answer;
  }
  if (target.axis === "primary") reading.missed.add(target.sliverIndex);
  countWord(reading, word, [shardOfPair(reading, pairIndex)]);
  return word;
}

/** One shard, one word, however often its nodes are asked. */
export function countWord(
  { vote, heard }: BlobReading,
  word: SliverWord,
  shardIndices: readonly number[],
): void {
  if (word !== "not-found" && word !== "blocked") return;
  for (const shardIndex of shardIndices) {
    if (heard.has(shardIndex)) continue;
    heard.add(shardIndex);
    if (word === "not-found") vote.notFound(1);
    else vote.blocked(1);
  }
}

/** The shard that pair `pairIndex` belongs to. */
export function shardOfPair({ metadata }: BlobReading, pairIndex: number): number {
  return shardIndexOfPair(pairIndex, metadata.blobId, metadata.shardCount);
}

/** The sliver from one node, or what the node says instead. */
async function fetchFrom(
  reading: BlobReading,
  owner: CommitteeMember,
  { axis, sliverIndex }: SliverTarget,
  signal: AbortSignal,
  onSlow: (() => void) | undefined,
): Promise<Sliver | SliverWord> {
  const { ports, metadata, geometry, trust } = reading;
  const pairIndex = pairIndexOfSliver(axis, sliverIndex, geometry.shardCount);
  const bytes = sliverBytes(axis, geometry.symbolBytes, geometry.shardCount);
  const hedge = createHedge(ports, sliverHedgeMs(bytes, ports), onSlow);
  trust.started(owner.nodeId);
  const answer = await ports.client.getSliver(
    owner,
    metadata.blobId,
    pairIndex,
    axis,
    bytes + SLIVER_FRAMING_BYTES,
    {
      timeoutMs: sliverTimeoutMs(bytes, ports),
      stallMs: Math.max(READ_STALL_MS, ports.patienceMs ?? 0),
      signal,
      onSent: () => hedge.start(),
    },
  );
  hedge.stop();
  if (!answer.ok) {
    const { failure } = answer;
    const silent = failure.kind === "aborted" || failure.kind === "refused";
    trust.ended(owner.nodeId, silent ? "none" : "bad");
    if (failure.kind !== "aborted") noteCause(reading, causeOf(owner.nodeId, failure));
    if (isNotFound(failure)) return "not-found";
    return isBlocked(failure) ? "blocked" : "failed";
  }
  const sliver = answer.value;
  const verified = ports.codec.verifySliver(sliver, metadata);
  const flaw = !verified.ok
    ? verified.failure.kind
    : sliver.sliverIndex !== sliverIndex
      ? "other-sliver"
      : null;
  trust.ended(owner.nodeId, flaw === null ? "good" : "bad");
  if (flaw === null) hedge.answered();
  if (flaw === null) return sliver;
  noteCause(reading, { nodeId: owner.nodeId, kind: flaw });
  return "failed";
}

/** Tells once that an answer takes long, counted from when the request was sent. */
function createHedge(
  { timer, health }: ReadPorts,
  afterMs: number,
  onSlow: (() => void) | undefined,
): { start(): void; stop(): void; answered(): void } {
  let noteTime: (() => void) | undefined;
  let callOff: (() => void) | undefined;
  return {
    start() {
      noteTime = health?.stopwatch();
      if (onSlow !== undefined) callOff = callAwake(timer, health, afterMs, onSlow);
    },
    stop: () => callOff?.(),
    answered: () => noteTime?.(),
  };
}

/**
 * Silence after which a sliver's owner gets a competitor: more for what takes longer to send, and
 * where all are slow (so that a competitor would be, too).
 */
function sliverHedgeMs(sliverBytes: number, { health, patienceMs = 0 }: ReadPorts): number {
  const sendingMs = Math.ceil((sliverBytes / READ_ROW_BYTES_PER_SECOND_MIN) * 500);
  const usualMs = HEDGE_TIMES_USUAL * (health?.usualMs() ?? 0);
  return Math.max(READ_ROW_HEDGE_MS + sendingMs, usualMs, patienceMs);
}

/** Time for one sliver: a fixed part, or what patience asks for, and what the slowest tolerated rate needs. */
export function sliverTimeoutMs(sliverBytes: number, { patienceMs = 0 }: ReadPorts): number {
  const sendingMs = Math.ceil((sliverBytes / READ_ROW_BYTES_PER_SECOND_MIN) * 1_000);
  return Math.max(READ_ROW_TIMEOUT_MS, patienceMs) + sendingMs;
}

/** Keeps a cause for the log, within bounds. */
export function noteCause(reading: BlobReading, cause: NodeCause): void {
  if (reading.causes.length < READ_CAUSES_KEPT_MAX) reading.causes.push(cause);
}

function createTrust(health: NodeHealthHints | undefined): NodeTrust {
  const failed = new Set<string>();
  const proven = new Set<string>();
  const running = new Map<string, number>();
  return {
    started: (nodeId) => void running.set(nodeId, (running.get(nodeId) ?? 0) + 1),
    ended(nodeId, outcome) {
      running.set(nodeId, (running.get(nodeId) ?? 1) - 1);
      if (outcome === "good") {
        proven.add(nodeId);
        health?.clear(nodeId);
      }
      if (outcome === "bad") {
        failed.add(nodeId);
        health?.suspect(nodeId);
      }
    },
    hasFailed: (nodeId) => failed.has(nodeId),
    rank(nodeId) {
      if (failed.has(nodeId)) return 3;
      if (health?.isSuspect(nodeId) === true) return 2.5;
      if (proven.has(nodeId)) return 0;
      return (running.get(nodeId) ?? 0) > 0 ? 2 : 1;
    },
  };
}
