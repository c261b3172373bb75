/**
 * The bytes of an open blob, from the tiers or the storage nodes, verified and in order.
 *
 * The cached unit is the segment: consecutive whole rows. A segment is cached only after all of its
 * rows were verified, so what is found in a tier was checked against the blob ID once.
 */
import { segmentKey } from "../../shared/cache/keys.ts";
import {
  type BlobGeometry,
  blobGeometry,
  bytesOfRows,
  rowsOfBytes,
  rowsOfSegment,
  segmentOfRow,
  type RowSpan,
} from "../../shared/nodes/read-geometry.ts";
import { openRows, type PaddingCheck, type RowReader } from "../../shared/nodes/read-rows.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { metadataOf, type OpenBlob } from "./open-blob.ts";
import type { AggregatorServices } from "./services.ts";
import type { Piece, Pieces } from "./representation.ts";
import { keepVerified, readVerified } from "./verified-store.ts";

/**
 * Yields the bytes of `range` in order; a failure is the last thing it yields.
 *
 * @param padding `ignored` reads what a blob with flawed padding holds; nothing of such a read is
 *   cached, because a cached segment stands for the stricter check.
 */
export async function* blobBytes(
  services: AggregatorServices,
  blob: OpenBlob,
  range: ByteRange,
  signal: AbortSignal,
  padding: PaddingCheck = "checked",
): Pieces {
  const geometry = blobGeometry(blob.entry.unencodedBytes, blob.entry.shardCount);
  const rows = rowsOfBytes(geometry, range.start, range.end);
  if (rows.rowCount === 0) return;
  const lastSegment = segmentOfRow(geometry, rows.firstRow + rows.rowCount - 1);
  let reader: RowReader | null = null;
  for (let index = segmentOfRow(geometry, rows.firstRow); index <= lastSegment; index++) {
    const segment = rowsOfSegment(geometry, index);
    const key = segmentKey(blob, index);
    const hit = await readVerified(services, key, sizeOf(geometry, segment));
    if (hit !== null) {
      const held = bytesOfRows(geometry, segment);
      yield ok({ bytes: cut(hit.value, held.start, range), tier: hit.tier });
      continue;
    }
    if (reader === null) {
      const opened = await openReader(services, blob, padding, signal);
      if (!opened.ok) {
        yield opened;
        return;
      }
      reader = opened.value;
    }
    const needed = intersection(segment, rows);
    const isKept = needed.rowCount === segment.rowCount && padding === "checked";
    const keep = isKept ? (bytes: Uint8Array) => keepSettled(services, blob, key, bytes) : null;
    const failed = yield* segmentFromNodes(reader, needed, range, keep, signal);
    if (failed) return;
  }
}

/** Streams rows and, where they make up the whole segment, caches it at the end. */
async function* segmentFromNodes(
  reader: RowReader,
  rows: RowSpan,
  range: ByteRange,
  keep: ((bytes: Uint8Array) => void) | null,
  signal: AbortSignal,
): AsyncGenerator<Result<Piece, AggregatorFailure>, boolean> {
  const { start } = bytesOfRows(reader.geometry, rows);
  const segment = keep === null ? null : new Uint8Array(sizeOf(reader.geometry, rows));
  let offset = 0;
  for await (const row of reader.rows(rows, signal)) {
    if (!row.ok) {
      yield row;
      return true;
    }
    segment?.set(row.value, offset);
    const bytes = cut(row.value, start + offset, range);
    offset += row.value.length;
    if (segment !== null && offset === segment.length) keep?.(segment);
    if (bytes.length > 0) yield ok({ bytes, tier: null });
  }
  return false;
}

/** Content is cached once the blob's Standing is known; no answer waits for either. */
function keepSettled(
  services: AggregatorServices,
  { known }: OpenBlob,
  key: string,
  bytes: Uint8Array,
): void {
  services.background(known.settled.then(() => keepVerified(services, key, bytes)));
}

async function openReader(
  services: AggregatorServices,
  blob: OpenBlob,
  padding: PaddingCheck,
  signal: AbortSignal,
): Promise<Result<RowReader, AggregatorFailure>> {
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return metadata;
  return openRows(services, blob.committees, metadata.value, padding);
}

/** The part of `bytes`, which begin at `start` of the blob, that lies in `range`. */
function cut(bytes: Uint8Array, start: number, range: ByteRange): Uint8Array {
  const from = Math.max(0, range.start - start);
  return bytes.subarray(from, Math.max(from, Math.min(bytes.length, range.end - start)));
}

function sizeOf(geometry: BlobGeometry, rows: RowSpan): number {
  const { start, end } = bytesOfRows(geometry, rows);
  return end - start;
}

function intersection(left: RowSpan, right: RowSpan): RowSpan {
  const firstRow = Math.max(left.firstRow, right.firstRow);
  const end = Math.min(left.firstRow + left.rowCount, right.firstRow + right.rowCount);
  return { firstRow, rowCount: Math.max(0, end - firstRow) };
}
