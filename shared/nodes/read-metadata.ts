/**
 * Finds a blob's metadata at any storage node and ties it to the blob ID.
 *
 * Metadata is self-certifying, so the first one that hashes to the ID is the right one. One node
 * is asked at first; a silent one gets competitors, and once a node has failed or does not know the
 * blob, many are asked. Source: walrus-sdk `node_client.rs::retrieve_metadata` (the vote on 404).
 */
import type { Codec, VerifiedMetadata } from "../codec/index.ts";
import {
  NODE_METADATA_TIMEOUT_MS,
  READ_HEDGE_MS,
  READ_METADATA_DEADLINE_MS,
  REQUESTS_IN_FLIGHT_MAX,
} from "../limits.ts";
import type { Random, Timer } from "../ports.ts";
import type { Committee, CommitteeMember } from "../protocol/committee.ts";
import type { Committees } from "../protocol/epoch.ts";
import { isQuorum } from "../protocol/quorum.ts";
import { err, ok, type Result } from "../result.ts";
import type { WorkingMemory } from "../working-memory.ts";
import type { NodeClient } from "./client.ts";
import { isBlocked, isNotFound, type NodeFailure } from "./failure.ts";
import type { NodeHealthHints } from "./node-health.ts";
import { type NodeCause, type ReadFailure, causeOf } from "./read-failure.ts";
import { race } from "./read-race.ts";
import { waitAwake } from "./wait-awake.ts";

/** What reading needs of the world. */
export interface ReadPorts {
  readonly client: NodeClient;
  readonly codec: Codec;
  readonly timer: Timer;
  readonly random: Random;
  /** What decoding a whole blob asks for. */
  readonly workingMemory: WorkingMemory;
  /** What earlier reads have learned of nodes. */
  readonly health?: NodeHealthHints;
  /** A node is silent for at least so long before it gets a competitor, ms; 0 unless given. */
  readonly patienceMs?: number;
}

/** Reads and verifies the metadata of `blobId` (32 bytes). Takes at most the deadline. */
export async function readMetadata(
  ports: ReadPorts,
  committees: Committees,
  blobId: Uint8Array,
  signal?: AbortSignal,
): Promise<Result<VerifiedMetadata, ReadFailure>> {
  // The last is asked first.
  const candidates = suspectsFirst(shuffled(membersOf(committees), ports.random), ports.health);
  const { shardCount } = committees[0];
  const causes: NodeCause[] = [];
  const votes = committees.map((committee) => createVote(committee.shardCount));
  const count = (member: CommitteeMember, word: "notFound" | "blocked") =>
    votes.forEach((vote, index) => vote[word](weightIn(committees[index], member)));
  const verdict = () => agreedVerdict(votes);
  const { patienceMs = 0 } = ports;
  const silenceMs = Math.max(READ_HEDGE_MS, patienceMs);
  const timeoutMs = Math.max(NODE_METADATA_TIMEOUT_MS, patienceMs);
  let found: VerifiedMetadata | null = null;
  let width = 1;

  async function ask(member: CommitteeMember, stop: AbortSignal): Promise<boolean> {
    const answer = await ports.client.getMetadata(member, blobId, { timeoutMs, signal: stop });
    if (!answer.ok) {
      if (isNotFound(answer.failure)) count(member, "notFound");
      if (isBlocked(answer.failure)) count(member, "blocked");
      if (isFault(answer.failure)) ports.health?.suspect(member.nodeId);
      causes.push(causeOf(member.nodeId, answer.failure));
    } else {
      const verified = ports.codec.verifyMetadata(answer.value.metadata, blobId);
      if (verified.ok && verified.value.shardCount === shardCount) {
        found = verified.value;
        ports.health?.clear(member.nodeId);
        return true;
      }
      ports.health?.suspect(member.nodeId);
      causes.push({
        nodeId: member.nodeId,
        kind: verified.ok ? "shard-count-mismatch" : verified.failure.kind,
      });
    }
    width = REQUESTS_IN_FLIGHT_MAX;
    return verdict() !== null;
  }

  await race({
    next: () => {
      const member = candidates.pop();
      return member === undefined ? null : (stop) => ask(member, stop);
    },
    width: () => width,
    hedge: {
      silence: (over) => waitAwake(ports.timer, ports.health, silenceMs, over),
      onSilence: () => {
        width = Math.min(width + 1, REQUESTS_IN_FLIGHT_MAX);
      },
    },
    deadlineMs: Math.max(READ_METADATA_DEADLINE_MS, patienceMs),
    timer: ports.timer,
    signal,
  });
  if (found !== null) return ok(found);
  return err(
    verdict() ?? {
      kind: "metadata-unavailable",
      notFoundWeight: Math.min(...votes.map((vote) => vote.notFoundWeight())),
      causes,
    },
  );
}

/** The members of all committees, each once: with the address it has in the first that has it. */
export function membersOf(committees: Committees): CommitteeMember[] {
  const members = new Map<string, CommitteeMember>();
  for (const committee of committees) {
    for (const member of committee.members) {
      if (!members.has(member.nodeId)) members.set(member.nodeId, member);
    }
  }
  return [...members.values()];
}

/** Whether the node is at fault; a refusal is an answer, and an abort is ours. */
function isFault({ kind }: NodeFailure): boolean {
  return kind !== "aborted" && kind !== "refused";
}

function suspectsFirst(
  members: readonly CommitteeMember[],
  health: NodeHealthHints | undefined,
): CommitteeMember[] {
  const isSuspect = ({ nodeId }: CommitteeMember) => health?.isSuspect(nodeId) === true;
  return [...members.filter(isSuspect), ...members.filter((member) => !isSuspect(member))];
}

function weightIn(committee: Committee | undefined, { nodeId }: CommitteeMember): number {
  const member = committee?.members.find((each) => each.nodeId === nodeId);
  return member?.shardIndices.length ?? 0;
}

/** What every committee's vote says; blocked by one is blocked. */
function agreedVerdict(votes: readonly Vote[]): ReadFailure | null {
  const verdicts = votes.map((vote) => vote.verdict());
  if (verdicts.includes(null)) return null;
  return verdicts.find((verdict) => verdict?.kind === "blob-blocked") ?? verdicts[0] ?? null;
}

/** Counts the shards whose nodes have no such blob or must not give it. */
export interface Vote {
  notFound(weight: number): void;
  blocked(weight: number): void;
  notFoundWeight(): number;
  /** The failure once a quorum (more than two thirds) agrees that there is nothing to get. */
  verdict(): ReadFailure | null;
}

/** A vote over `shardCount` shards. */
export function createVote(shardCount: number): Vote {
  let notFoundWeight = 0;
  let blockedWeight = 0;
  return {
    notFound: (weight) => void (notFoundWeight += weight),
    blocked: (weight) => void (blockedWeight += weight),
    notFoundWeight: () => notFoundWeight,
    verdict() {
      if (!isQuorum(notFoundWeight + blockedWeight, shardCount)) return null;
      return { kind: notFoundWeight > blockedWeight ? "blob-not-found" : "blob-blocked" };
    },
  };
}

/** A copy of `items` in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.unit() * (last + 1));
    const kept = order[last] as T;
    order[last] = order[other] as T;
    order[other] = kept;
  }
  return order;
}
