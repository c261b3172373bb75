/**
 * Where the bytes of a blob lie in its rows and segments. Pure arithmetic.
 *
 * The blob fills a matrix of P rows row by row, so row i (systematic primary sliver i) holds bytes
 * i·R to (i+1)·R with R = S·B; what lies past the blob's length L is zero. Source: walrus-core
 * `encoding/blob_encoding.rs`; range arithmetic as in walrus-sdk `byte_range_read_client.rs`, but
 * cut at L in every row.
 */
import { encodingParameters, sliverBytes, symbolBytesFor } from "../codec/index.ts";
import { SEGMENT_BYTES_MAX } from "../limits.ts";

/** The rows of one blob. */
export interface BlobGeometry {
  readonly shardCount: number;
  /** L */
  readonly unencodedBytes: number;
  /** B */
  readonly symbolBytes: number;
  /** R = S·B: bytes of one row. */
  readonly rowBytes: number;
  /** P: rows of the matrix, padding included. */
  readonly rowCount: number;
  /** Rows that hold at least one byte of the blob. */
  readonly contentRowCount: number;
  /** Whole rows that one segment holds; the last segment may hold fewer. */
  readonly segmentRowCount: number;
  readonly segmentCount: number;
}

/** Consecutive rows: `first` and how many. */
export interface RowSpan {
  readonly firstRow: number;
  readonly rowCount: number;
}

/**
 * The geometry of a blob of verified metadata.
 *
 * @throws {RangeError} When the length cannot be encoded at this shard count.
 */
export function blobGeometry(unencodedBytes: number, shardCount: number): BlobGeometry {
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (!symbolBytes.ok) {
    throw new RangeError(
      `Cannot place blob: expected an encodable length, got ${unencodedBytes} bytes`,
    );
  }
  const rowBytes = sliverBytes("primary", symbolBytes.value, shardCount);
  const contentRowCount = Math.ceil(unencodedBytes / rowBytes);
  const segmentRowCount = Math.max(1, Math.floor(SEGMENT_BYTES_MAX / rowBytes));
  return {
    shardCount,
    unencodedBytes,
    symbolBytes: symbolBytes.value,
    rowBytes,
    rowCount: encodingParameters(shardCount).primaryCount,
    contentRowCount,
    segmentRowCount,
    segmentCount: Math.ceil(contentRowCount / segmentRowCount),
  };
}

/** The rows that hold bytes `start` to `end` (excluded, at most L). */
export function rowsOfBytes(geometry: BlobGeometry, start: number, end: number): RowSpan {
  if (end <= start) return { firstRow: 0, rowCount: 0 };
  const firstRow = Math.floor(start / geometry.rowBytes);
  return { firstRow, rowCount: Math.ceil(end / geometry.rowBytes) - firstRow };
}

/** Bytes `start` to `end` of the blob that rows `span` hold. */
export function bytesOfRows(
  geometry: BlobGeometry,
  span: RowSpan,
): { readonly start: number; readonly end: number } {
  const start = span.firstRow * geometry.rowBytes;
  const end = (span.firstRow + span.rowCount) * geometry.rowBytes;
  return { start, end: Math.min(end, geometry.unencodedBytes) };
}

/** The rows of segment `segmentIndex`. */
export function rowsOfSegment(geometry: BlobGeometry, segmentIndex: number): RowSpan {
  const firstRow = segmentIndex * geometry.segmentRowCount;
  const rowCount = Math.min(geometry.segmentRowCount, geometry.contentRowCount - firstRow);
  if (!Number.isInteger(segmentIndex) || segmentIndex < 0 || rowCount <= 0) {
    throw new RangeError(
      `Cannot place segment: expected 0 to ${geometry.segmentCount - 1}, got ${segmentIndex}`,
    );
  }
  return { firstRow, rowCount };
}

/** The segment that row `rowIndex` belongs to. */
export function segmentOfRow(geometry: BlobGeometry, rowIndex: number): number {
  return Math.floor(rowIndex / geometry.segmentRowCount);
}
