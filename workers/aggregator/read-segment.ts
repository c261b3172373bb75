/**
 * One segment of a read: from a tier, from the nodes by this request alone, or through the Fill
 * object that it shares with others.
 *
 * Alone reads only who reads no more than one segment that nobody else in this isolate is reading.
 * No stream and no promise is shared between requests, only hints of what others are at.
 */
import { freeBytes } from "../../shared/bytes/arrays.ts";
import { toBase64 } from "../../shared/bytes/text.ts";
import { segmentKey } from "../../shared/cache/keys.ts";
import { SEAL_BYTES } from "../../shared/cache/sealed.ts";
import { HeldMemory } from "../../shared/held-memory.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import {
  READ_LANE_ROWS_MAX,
  READ_WINDOW_BYTES_MAX,
  SEGMENT_KEEPERS_MAX,
  SEGMENT_STORE_LOOK_MS,
  SEGMENT_STORE_LOOKS,
} from "../../shared/limits.ts";
import {
  type BlobGeometry,
  bytesOfRows,
  rowsOfSegment,
  type RowSpan,
} from "../../shared/nodes/read-geometry.ts";
import { laneBytes } from "../../shared/nodes/read-lanes.ts";
import { openRows, type PaddingCheck } from "../../shared/nodes/read-rows.ts";
import { type Committees, readCommittees } from "../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { takeInTime } from "./memory-in-time.ts";
import { movedOn } from "./network-view.ts";
import { metadataOf, type OpenBlob } from "./open-blob.ts";
import type { AggregatorServices } from "./services.ts";
import type { Pieces } from "./representation.ts";
import type { TierHit, TierName, TierPart } from "./tiers.ts";
import { SegmentBuffer } from "./segment-buffer.ts";
import {
  checkingEveryDigest,
  evictDamaged,
  keepInPlace,
  openVerified,
  readVerified,
} from "./verified-store.ts";

/** What all segments of one read have in common. */
export interface SegmentRead {
  readonly services: AggregatorServices;
  readonly blob: OpenBlob;
  readonly geometry: BlobGeometry;
  /** Bytes of the blob that are wanted, of all segments. */
  readonly range: ByteRange;
  /** The rows they lie in. */
  readonly rows: RowSpan;
  readonly padding: PaddingCheck;
  /** More than one segment is read. */
  readonly isLong: boolean;
  readonly signal: AbortSignal;
}

/** A segment that is being read. */
export interface SegmentStart {
  /** Where it comes from; `null` for the storage nodes. */
  readonly tier: TierName | null;
  /** Its wanted bytes in order; a failure is the last thing that is yielded. Call once. */
  pieces(): Pieces;
  /** Ends it when its pieces were never taken. */
  end(): void;
}

/** A verified row. */
interface Row {
  readonly bytes: Uint8Array;
  /** Nobody else holds the buffer it lies in. */
  readonly isOwned: boolean;
}

type Rows = AsyncGenerator<Result<Row, AggregatorFailure>>;

/** Where rows are to be put, once there is a buffer for them. */
interface RowTarget {
  segment: SegmentBuffer | null;
}

/** Looks into the tiers and, where they have nothing, begins to read. */
export async function beginSegment(read: SegmentRead, index: number): Promise<SegmentStart> {
  const { services, blob, geometry, padding } = read;
  const segment = rowsOfSegment(geometry, index);
  const key = segmentKey(blob, index);
  const { start, end } = bytesOfRows(geometry, segment);
  const wanted = {
    start: Math.max(0, read.range.start - start),
    end: Math.min(end, read.range.end) - start,
  };
  const lookUp = () => openVerified(services, key, end - start, wanted);
  const hit = (await lookUp()) ?? ((await isStoredSince(services, key)) ? await lookUp() : null);
  if (hit !== null) return cachedSegment(read, index, key, hit, wanted.end - wanted.start);
  const span = intersection(segment, read.rows);
  const isBusy = services.remembered.filling.enter(key);
  const isWhole = span.rowCount === segment.rowCount && padding === "checked";
  const { keeping } = services.remembered;
  // The first may leave before it has all of it.
  const isKeeper = isWhole && keeping.count(key) < SEGMENT_KEEPERS_MAX;
  if (isKeeper) keeping.enter(key);
  let isOver = false;
  const leave = (isDone: boolean) => {
    if (isOver) return;
    isOver = true;
    services.remembered.filling.leave(key, isDone);
    if (isKeeper) keeping.leave(key, true);
  };
  const isShared = padding === "checked" && (read.isLong || isBusy);
  const target: RowTarget = { segment: null };
  const rows = rowsOf(read, index, span, isShared, target);
  const source: SegmentSource = { read, span, rows, target, key, isKeeper, leave };
  return {
    tier: null,
    pieces: () => fromNodes(source),
    end() {
      leave(false);
      // It is ended because nobody wants it: how it ends is nobody's concern.
      rows.return(undefined).catch(() => undefined);
    },
  };
}

/** A segment that a tier holds; what it has not read yet, it hands on as it is. */
function cachedSegment(
  read: SegmentRead,
  index: number,
  key: string,
  hit: TierHit | TierPart,
  byteCount: number,
): SegmentStart {
  const { tier } = hit;
  const evict = () => evictDamaged(read.services, key, tier);
  async function* again(): Pieces {
    await evict();
    const services = checkingEveryDigest(read.services);
    const start = await beginSegment({ ...read, services }, index);
    yield* start.pieces();
  }
  return {
    tier,
    async *pieces() {
      if ("body" in hit) yield ok({ body: hit.body, byteCount, tier, evict, again });
      else yield ok({ bytes: hit.value, tier });
    },
    end() {
      // Nobody wants it: how it ends is nobody's concern.
      if ("body" in hit) hit.body.cancel().catch(() => undefined);
    },
  };
}

interface SegmentSource {
  readonly read: SegmentRead;
  readonly span: RowSpan;
  readonly rows: Rows;
  readonly target: RowTarget;
  readonly key: string;
  readonly isKeeper: boolean;
  readonly leave: (isDone: boolean) => void;
}

/** Places the rows, and keeps the segment where this read is the one that does. */
async function* fromNodes(source: SegmentSource): Pieces {
  const { read, span, rows, key, isKeeper, leave } = source;
  const { services, blob, geometry } = read;
  const { start, end } = bytesOfRows(geometry, span);
  // Caching is worth no waiting: where there is no memory for it, nothing is cached.
  const giveBack = isKeeper ? services.workingMemory.tryAcquire(end - start) : null;
  const segment = giveBack === null ? null : new SegmentBuffer(end - start);
  const letGo = segment?.hold();
  source.target.segment = segment;
  let offset = 0;
  let isKept = false;
  try {
    for await (const row of rows) {
      if (!row.ok) {
        yield row;
        return;
      }
      const placed = placedRow(row.value, segment);
      const bytes = cut(placed.bytes, start + offset, read.range);
      offset += placed.bytes.length;
      if (segment?.isWhole === true) {
        isKept = true;
        const letGoOfKept = segment.hold();
        keepWhole(services, blob, key, segment.value, () => {
          giveBack?.();
          letGoOfKept();
          leave(true);
        });
      }
      if (bytes.length > 0) yield ok({ bytes, tier: null, release: placed.release });
      else placed.release();
    }
  } finally {
    letGo?.();
    if (!isKept) {
      giveBack?.();
      leave(offset === end - start);
    }
  }
}

/** The row where it is sent from, and how its memory is given back after that. */
function placedRow(
  { bytes, isOwned }: Row,
  segment: SegmentBuffer | null,
): { readonly bytes: Uint8Array; readonly release: () => void } {
  const free = () => {
    if (isOwned) freeBytes(bytes);
  };
  if (segment === null) return { bytes, release: free };
  const placed = segment.append(bytes);
  if (!segment.holds(bytes)) free();
  return { bytes: placed, release: segment.hold() };
}

/**
 * Whether a segment that was looked for in vain has been put into the cache meanwhile: whoever comes
 * while it is waits for that, a while, rather than have it read again.
 */
async function isStoredSince(
  { remembered: { storing }, timer }: AggregatorServices,
  key: string,
): Promise<boolean> {
  const isStored = storing.isLately(key);
  for (let looks = 0; looks < SEGMENT_STORE_LOOKS && storing.count(key) > 0; looks++) {
    await timer.sleep(SEGMENT_STORE_LOOK_MS);
  }
  return isStored;
}

/**
 * Content is cached as soon as it is whole, so that nobody reads it again meanwhile: it is found only
 * by way of the blob's entry, which waits for Standing.
 */
function keepWhole(
  services: AggregatorServices,
  { known }: OpenBlob,
  key: string,
  value: Uint8Array,
  done: () => void,
): void {
  const keep = async () => {
    const sha256 = await keepInPlace(services, key, value);
    const isWholeBlob = value.length === known.entry.unencodedBytes + SEAL_BYTES;
    if (isWholeBlob) known.learn({ sha256: toBase64(sha256) });
  };
  const { storing } = services.remembered;
  storing.enter(key);
  const stored = keep().finally(() => {
    // Undone, as far as others are told: who looked before it was there looks once more.
    storing.leave(key, false);
    done();
  });
  services.background(stored);
}

/** Rows; what the nodes known of do not give is asked once more where the network has moved on. */
async function* rowsOf(
  read: SegmentRead,
  segmentIndex: number,
  span: RowSpan,
  isShared: boolean,
  target: RowTarget,
): Rows {
  const { services, blob, signal } = read;
  let received = 0;
  let missed: AggregatorFailure | null = null;
  const first = isShared ? sharedRows(read, segmentIndex, span, target) : ownRows(read, span);
  for await (const row of first) {
    if (!row.ok && isMiss(row.failure)) {
      missed = row.failure;
      break;
    }
    yield row;
    received++;
  }
  if (missed === null) return;
  const moved = signal.aborted ? null : await movedOn(services.views, blob.view);
  if (moved === null) return yield err(missed);
  yield* ownRows(read, restOf(span, received), readCommittees(moved));
}

/** Whether other nodes may have what these did not give. */
function isMiss({ kind }: AggregatorFailure): boolean {
  return kind === "slivers-unavailable" || kind === "blob-not-found";
}

function restOf(span: RowSpan, received: number): RowSpan {
  return { firstRow: span.firstRow + received, rowCount: span.rowCount - received };
}

/** Rows through the Fill object; what it still owes when it is lost is read alone. */
async function* sharedRows(
  read: SegmentRead,
  segmentIndex: number,
  span: RowSpan,
  target: RowTarget,
): Rows {
  const { services, blob, signal } = read;
  const { fills } = services;
  if (fills === null) return yield* ownRows(read, span);
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return yield metadata;
  // Metadata takes a while: the reads that were under way may be over, and the segment cached.
  const cached = await cachedRows(read, segmentIndex, span);
  if (cached !== null) return yield* cached;
  const { id, committees } = blob;
  const place = (byteCount: number) => target.segment?.room(byteCount) ?? null;
  const { purgeGeneration } = blob.entry;
  const job = { metadata: metadata.value, committees, purgeGeneration };
  const wanted = { id, job, segmentIndex, span, place };
  let received = 0;
  try {
    for await (const row of fills.rows(wanted)) {
      yield row.ok ? ok({ bytes: row.value, isOwned: true }) : row;
      received++;
      if (signal.aborted) return;
    }
  } catch (error) {
    if (signal.aborted) return;
    const cause = error instanceof Error ? error.message : String(error);
    services.log.warn({ event: "fill.lost", blobId: id, error: cause });
  }
  if (received === span.rowCount) return;
  yield* ownRows(read, restOf(span, received));
}

/** Rows of a segment that a tier holds whole; `null` where none does. */
async function cachedRows(
  { services, blob, geometry }: SegmentRead,
  segmentIndex: number,
  span: RowSpan,
): Promise<Result<Row, never>[] | null> {
  const segment = bytesOfRows(geometry, rowsOfSegment(geometry, segmentIndex));
  const key = segmentKey(blob, segmentIndex);
  // They may be put together and kept again.
  const store = checkingEveryDigest(services);
  const hit = await readVerified(store, key, segment.end - segment.start);
  if (hit === null) return null;
  return Array.from({ length: span.rowCount }, (_, index) => {
    const { start, end } = bytesOfRows(geometry, { firstRow: span.firstRow + index, rowCount: 1 });
    const bytes = hit.value.subarray(start - segment.start, end - segment.start);
    return ok({ bytes, isOwned: false });
  });
}

/** Rows by this request alone, within the isolate's memory. */
async function* ownRows(
  read: SegmentRead,
  span: RowSpan,
  committees: Committees = read.blob.committees,
): Rows {
  const { services, blob, geometry, padding, signal } = read;
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return yield metadata;
  const held = new HeldMemory(services.workingMemory, ownBytes(geometry, span));
  if (!(await takeInTime(services, held, signal))) return yield err({ kind: "overloaded" });
  try {
    const reader = openRows(services, committees, metadata.value, {
      padding,
      lane: services.lane,
      withoutMemory: (work) => held.without(work, signal),
    });
    if (!reader.ok) return yield reader;
    for await (const row of reader.value.rows(span, signal)) {
      // The reader may keep it to rebuild others from.
      yield row.ok ? ok({ bytes: row.value, isOwned: false }) : row;
    }
  } finally {
    held.release();
  }
}

/** What such a read holds: a window of rows, or all of them where lanes fetch them. */
function ownBytes(geometry: BlobGeometry, { rowCount }: RowSpan): number {
  const all = rowCount * geometry.rowBytes;
  if (rowCount > READ_LANE_ROWS_MAX) return all + laneBytes(geometry, rowCount);
  return Math.min(all, Math.max(READ_WINDOW_BYTES_MAX, geometry.rowBytes));
}

function intersection(left: RowSpan, right: RowSpan): RowSpan {
  const firstRow = Math.max(left.firstRow, right.firstRow);
  const end = Math.min(left.firstRow + left.rowCount, right.firstRow + right.rowCount);
  return { firstRow, rowCount: Math.max(0, end - firstRow) };
}

/** The part of `bytes`, which begin at `start` of the blob, that lies in `range`. */
function cut(bytes: Uint8Array, start: number, range: ByteRange): Uint8Array {
  const from = Math.max(0, range.start - start);
  return bytes.subarray(from, Math.max(from, Math.min(bytes.length, range.end - start)));
}
