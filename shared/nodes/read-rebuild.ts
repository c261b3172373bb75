/**
 * Rebuilds what the owners of systematic rows do not give.
 *
 * A blob that fits memory can be decoded as a whole from any P verified primary slivers, which
 * stands as many as 2f missing shards; rows of padding are known without asking and count. Any blob
 * gets single rows from recovery symbols, each proven, so that a liar costs nothing but time.
 * Source: walrus-sdk `node_client.rs::request_slivers_and_decode`; walrus-core
 * `encoding/slivers.rs::recover_sliver`.
 */
import type { DecodingSymbol, Sliver, SliverTarget } from "../codec/index.ts";
import { decodingWorkingBytes, encodingParameters, orientSymbol } from "../codec/index.ts";
import {
  READ_MEMORY_WAIT_MS,
  READ_REBUILD_DEADLINE_MS,
  REQUESTS_IN_FLIGHT_MAX,
} from "../limits.ts";
import type { CommitteeMember } from "../protocol/committee.ts";
import { err, ok, type Result } from "../result.ts";
import { isBlocked, isNotFound } from "./failure.ts";
import { type ReadFailure, causeOf } from "./read-failure.ts";
import { membersOf, shuffled } from "./read-metadata.ts";
import { race } from "./read-race.ts";
import {
  type BlobReading,
  countWord,
  fetchPrimarySliver,
  noteCause,
  ownerOfPair,
  sliverTimeoutMs,
} from "./read-sliver.ts";

/** Worse than any owner's rank. */
const MISSED_RANK = 4;

/**
 * Decodes the whole blob from any P primary slivers, within the memory that this isolate spares.
 *
 * @param known Verified primary slivers by index; grows by what is fetched.
 * @param rowIndex The row that was missing, for the failure.
 * @returns L bytes. Each row must still be checked against its hash: a dishonest writer may have
 *   encoded parity that belongs to other rows.
 */
export async function decodeFromRows(
  reading: BlobReading,
  known: Map<number, Sliver>,
  rowIndex: number,
  signal?: AbortSignal,
): Promise<Result<Uint8Array, ReadFailure>> {
  const giveBack = await takeMemory(reading, signal);
  if (giveBack === null) {
    return err(shortOf(reading, rowIndex, known.size, reading.geometry.rowCount));
  }
  try {
    return await collectAndDecode(reading, known, rowIndex, signal);
  } finally {
    giveBack();
  }
}

/** Waits for what decoding will hold; `null` when it is not to be had in time. */
async function takeMemory(
  { ports, metadata }: BlobReading,
  signal: AbortSignal | undefined,
): Promise<(() => void) | null> {
  let giveBack: (() => void) | null = null;
  let isAsked = false;
  async function take(stop: AbortSignal): Promise<boolean> {
    try {
      const byteCount = decodingWorkingBytes(metadata.unencodedBytes);
      const taken = await ports.workingMemory.acquire(byteCount, stop);
      if (stop.aborted) taken();
      else giveBack = taken;
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    return giveBack !== null;
  }
  await race({
    next: () => {
      if (isAsked) return null;
      isAsked = true;
      return take;
    },
    width: () => 1,
    deadlineMs: READ_MEMORY_WAIT_MS,
    timer: ports.timer,
    signal,
  });
  return giveBack;
}

async function collectAndDecode(
  reading: BlobReading,
  known: Map<number, Sliver>,
  rowIndex: number,
  signal: AbortSignal | undefined,
): Promise<Result<Uint8Array, ReadFailure>> {
  const { metadata, geometry, ports } = reading;
  for (const row of paddingRows(reading)) known.set(row.sliverIndex, row);
  if (known.size < geometry.rowCount) await collectRows(reading, known, rowIndex, signal);
  const required = geometry.rowCount;
  const decoded = known.size < required ? null : ports.codec.decode([...known.values()], metadata);
  if (decoded?.ok === true) return ok(decoded.value);
  return err(reading.vote.verdict() ?? shortOf(reading, rowIndex, known.size, required));
}

/** Fetches rows into `known` until they are as many as decoding needs, or there are no more. */
async function collectRows(
  reading: BlobReading,
  known: Map<number, Sliver>,
  rowIndex: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { geometry, ports } = reading;
  const required = geometry.rowCount;
  const nextCandidate = candidateRows(reading, known, rowIndex);
  // No more rows are asked for than are needed; one that is slow to come gets a competitor.
  let slowCount = 0;
  let nextSlow = Promise.withResolvers<void>();

  async function collect(index: number, stop: AbortSignal): Promise<boolean> {
    const { answer, slow } = fetchPrimarySliver(reading, index, stop);
    void slow.then(() => {
      slowCount++;
      nextSlow.resolve();
      nextSlow = Promise.withResolvers();
    });
    const sliver = await answer;
    if (typeof sliver === "object") known.set(index, sliver);
    return known.size >= required || reading.vote.verdict() !== null;
  }

  await race({
    next: () => {
      const index = nextCandidate();
      return index === null ? null : (stop) => collect(index, stop);
    },
    width: () => Math.min(required - known.size + slowCount, REQUESTS_IN_FLIGHT_MAX),
    hedge: { silence: () => nextSlow.promise, onSilence: () => undefined },
    deadlineMs: READ_REBUILD_DEADLINE_MS,
    timer: ports.timer,
    signal,
  });
}

/** Rows to ask for, best first: systematic ones of equally trusted owners need no arithmetic. */
function candidateRows(
  reading: BlobReading,
  known: ReadonlyMap<number, Sliver>,
  rowIndex: number,
): () => number | null {
  const { geometry, ports, trust, missed } = reading;
  const indices = Array.from({ length: geometry.shardCount }, (_, index) => index);
  const others = indices.filter((index) => !known.has(index) && index !== rowIndex);
  const candidates = new Set(shuffled(others, ports.random));
  return () => {
    let best: number | null = null;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const index of candidates) {
      const isParity = index >= geometry.rowCount;
      const ownerRank = trust.rank(ownerOfPair(reading, index).nodeId);
      // What was asked for in vain is asked for again when there is nothing else.
      const rank = (missed.has(index) ? MISSED_RANK : ownerRank) * 2 + (isParity ? 1 : 0);
      if (rank < bestRank) [best, bestRank] = [index, rank];
      if (bestRank === 0) break;
    }
    if (best !== null) candidates.delete(best);
    return best;
  };
}

/** Recovers systematic row `rowIndex` from symbols of S secondary slivers, each with its proof. */
export function recoverRow(
  reading: BlobReading,
  rowIndex: number,
  signal?: AbortSignal,
): Promise<Result<Sliver, ReadFailure>> {
  return recoverSliver(reading, { axis: "primary", sliverIndex: rowIndex }, signal);
}

/** Recovers a sliver from proven symbols of slivers across: S for a row, P for a column. */
export async function recoverSliver(
  reading: BlobReading,
  target: SliverTarget,
  signal?: AbortSignal,
): Promise<Result<Sliver, ReadFailure>> {
  const { metadata, geometry, ports } = reading;
  const { primaryCount, secondaryCount } = encodingParameters(geometry.shardCount);
  const required = target.axis === "primary" ? secondaryCount : primaryCount;
  const symbols = new Map<number, DecodingSymbol>();
  const order = shuffled(membersOf(reading.committees), ports.random).sort(
    (left, right) => reading.trust.rank(right.nodeId) - reading.trust.rank(left.nodeId),
  );

  async function ask(member: CommitteeMember, stop: AbortSignal): Promise<boolean> {
    const answer = await ports.client.getRecoverySymbols(
      member,
      metadata.blobId,
      target.axis,
      target.sliverIndex,
      { timeoutMs: sliverTimeoutMs(geometry.rowBytes, ports), signal: stop },
    );
    if (!answer.ok) {
      if (isNotFound(answer.failure)) countWord(reading, "not-found", member.shardIndices);
      if (isBlocked(answer.failure)) countWord(reading, "blocked", member.shardIndices);
      noteCause(reading, causeOf(member.nodeId, answer.failure));
      return reading.vote.verdict() !== null;
    }
    for (const symbol of answer.value) {
      const verified = ports.codec.verifyRecoverySymbol(symbol, target, metadata);
      // A node also offers cells of the sliver itself: those lie the other way round.
      const oriented = verified.ok ? orientSymbol(symbol, target) : null;
      if (oriented !== null) symbols.set(oriented.sourceIndex, oriented);
      if (!verified.ok) noteCause(reading, causeOf(member.nodeId, verified.failure));
    }
    return symbols.size >= required;
  }

  await race({
    next: () => {
      const member = order.pop();
      return member === undefined ? null : (stop) => ask(member, stop);
    },
    width: () => REQUESTS_IN_FLIGHT_MAX,
    deadlineMs: READ_REBUILD_DEADLINE_MS,
    timer: ports.timer,
    signal,
  });
  if (symbols.size < required) {
    return err(reading.vote.verdict() ?? shortOfTarget(reading, target, symbols.size, required));
  }
  const recovered = ports.codec.recoverSliver(target, [...symbols.values()], metadata);
  // Every symbol was proven, so a wrong sliver is the writer's doing.
  return recovered.ok ? recovered : err(inconsistentAt(target));
}

/**
 * The rows past the blob's end where they are the zeros they must be: known without asking. A read
 * that ignores padding may meet a blob whose are not; then they are fetched like any other.
 */
function paddingRows({ geometry, metadata, ports }: BlobReading): Sliver[] {
  if (!ports.codec.checkPaddingRows(metadata).ok) return [];
  const data = new Uint8Array(geometry.rowBytes);
  return Array.from({ length: geometry.rowCount - geometry.contentRowCount }, (_, offset) => ({
    axis: "primary",
    sliverIndex: geometry.contentRowCount + offset,
    symbolBytes: geometry.symbolBytes,
    data,
  }));
}

function shortOf(
  reading: BlobReading,
  rowIndex: number,
  verified: number,
  required: number,
): ReadFailure {
  return { kind: "slivers-unavailable", rowIndex, verified, required, causes: reading.causes };
}

function shortOfTarget(
  reading: BlobReading,
  { axis, sliverIndex }: SliverTarget,
  verified: number,
  required: number,
): ReadFailure {
  if (axis === "primary") return shortOf(reading, sliverIndex, verified, required);
  const { causes } = reading;
  return { kind: "column-unavailable", columnIndex: sliverIndex, verified, required, causes };
}

function inconsistentAt({ axis, sliverIndex }: SliverTarget): ReadFailure {
  return axis === "primary"
    ? { kind: "blob-inconsistent", what: "row", rowIndex: sliverIndex }
    : { kind: "blob-inconsistent", what: "column", columnIndex: sliverIndex };
}
