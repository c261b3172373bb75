/**
 * Reads a blob row by row from the storage nodes: verified, in order, within a window of memory.
 *
 * Only the rows asked for are fetched, each from the owner of its shard; rows of padding never. A
 * row its owner does not give is rebuilt. No byte leaves here before its row's hash matched, and
 * the last row's padding was seen to be zero. Source: walrus-sdk `node_client/streaming.rs`.
 */
import { checkRowPadding, type Sliver, type VerifiedMetadata } from "../codec/index.ts";
import {
  IN_MEMORY_BLOB_BYTES_MAX,
  READ_KEPT_BYTES_MAX,
  READ_WINDOW_BYTES_MAX,
  READ_WINDOW_ROWS_MAX,
} from "../limits.ts";
import type { Committees } from "../protocol/epoch.ts";
import { err, ok, type Result } from "../result.ts";
import type { ReadFailure } from "./read-failure.ts";
import { type BlobGeometry, blobGeometry, bytesOfRows, type RowSpan } from "./read-geometry.ts";
import type { ReadPorts } from "./read-metadata.ts";
import { decodeFromRows, recoverRow } from "./read-rebuild.ts";
import {
  type BlobReading,
  createReading,
  fetchPrimarySliver,
  ownersHaveFailed,
} from "./read-sliver.ts";

/** A blob being read. What one call learns (bad nodes, a decoded blob) serves the next. */
export interface RowReader {
  readonly geometry: BlobGeometry;
  /**
   * Yields the bytes of the rows of `span` in order, the last content row cut at the blob's end;
   * a failure is the last thing it yields.
   */
  rows(span: RowSpan, signal?: AbortSignal): AsyncGenerator<Result<Uint8Array, ReadFailure>>;
}

/**
 * Whether what lies past the blob's end must be zero. `ignored` leaves what each delivered row's
 * hash says: the official `skip_consistency_check`.
 */
export type PaddingCheck = "checked" | "ignored";

/**
 * Opens a blob of verified metadata for reading from `committees`.
 *
 * @returns `blob-inconsistent` when the rows past the blob's end are not the zeros they must be.
 */
export function openRows(
  ports: ReadPorts,
  committees: Committees,
  metadata: VerifiedMetadata,
  padding: PaddingCheck = "checked",
): Result<RowReader, ReadFailure> {
  const geometry = blobGeometry(metadata.unencodedBytes, metadata.shardCount);
  const reading = createReading(ports, committees, metadata, geometry);
  const flaw = padding === "checked" ? paddingFlaw(reading) : null;
  if (flaw !== null) return err(flaw);
  const source = createRowSource(reading);
  return ok({
    geometry,
    rows: (span, signal) => streamRows(reading, source, span, padding, signal),
  });
}

/** Where rows come from: their owners, or a rebuilt blob. */
interface RowSource {
  /** The row from its owner, or `null` at once or later. */
  fetch(rowIndex: number, signal: AbortSignal): Promise<Sliver | null>;
  /** The row by other means. */
  rebuild(rowIndex: number, signal?: AbortSignal): Promise<Result<Sliver, ReadFailure>>;
}

function createRowSource(reading: BlobReading): RowSource {
  const { geometry, metadata, ports } = reading;
  const kept = new Map<number, Sliver>();
  const keeps = geometry.contentRowCount * geometry.rowBytes <= READ_KEPT_BYTES_MAX;
  let decoded: Uint8Array | null = null;

  function rowOf(blob: Uint8Array, rowIndex: number): Result<Sliver, ReadFailure> {
    const { rowBytes, symbolBytes } = geometry;
    const data = new Uint8Array(rowBytes);
    data.set(blob.subarray(rowIndex * rowBytes, (rowIndex + 1) * rowBytes));
    const sliver: Sliver = { axis: "primary", sliverIndex: rowIndex, symbolBytes, data };
    const matches = ports.codec.verifySliver(sliver, metadata).ok;
    return matches ? ok(sliver) : err({ kind: "blob-inconsistent", what: "row", rowIndex });
  }

  return {
    async fetch(rowIndex, signal) {
      const known = kept.get(rowIndex);
      if (known !== undefined) return known;
      if (decoded !== null || ownersHaveFailed(reading, rowIndex)) return null;
      const sliver = await fetchPrimarySliver(reading, rowIndex, signal);
      if (sliver !== null && keeps) kept.set(rowIndex, sliver);
      return sliver;
    },
    async rebuild(rowIndex, signal) {
      if (geometry.unencodedBytes > IN_MEMORY_BLOB_BYTES_MAX) {
        return recoverRow(reading, rowIndex, signal);
      }
      if (decoded === null) {
        const blob = await decodeFromRows(reading, kept, rowIndex, signal);
        if (!blob.ok) return blob;
        decoded = blob.value;
        kept.clear();
      }
      return rowOf(decoded, rowIndex);
    },
  };
}

async function* streamRows(
  reading: BlobReading,
  source: RowSource,
  span: RowSpan,
  padding: PaddingCheck,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result<Uint8Array, ReadFailure>> {
  const { geometry } = reading;
  const end = Math.min(span.firstRow + span.rowCount, geometry.contentRowCount);
  const ahead = createLookahead(source, windowRows(geometry), end, signal);
  try {
    for (let rowIndex = span.firstRow; rowIndex < end; rowIndex++) {
      let sliver = await ahead.take(rowIndex);
      if (sliver === null) {
        // Requests ahead may hold every slot on silent nodes; rebuilding needs the slots.
        ahead.drop();
        const rebuilt = await source.rebuild(rowIndex, signal);
        if (!rebuilt.ok) {
          yield rebuilt;
          return;
        }
        sliver = rebuilt.value;
      }
      const content = contentOf(geometry, rowIndex, sliver, padding);
      yield content;
      if (!content.ok) return;
    }
  } finally {
    ahead.drop();
  }
}

/** Rows asked for before they are needed. */
interface Lookahead {
  take(rowIndex: number): Promise<Sliver | null>;
  /** Gives up what is under way; later rows are asked for anew. */
  drop(): void;
}

function createLookahead(
  source: RowSource,
  width: number,
  end: number,
  signal: AbortSignal | undefined,
): Lookahead {
  const pending = new Map<number, Promise<Sliver | null>>();
  let stop = new AbortController();
  const abort = () => stop.abort(new DOMException("The rows are not needed", "AbortError"));
  return {
    take(rowIndex) {
      if (signal?.aborted === true) return Promise.resolve(null);
      for (let next = rowIndex; next < Math.min(rowIndex + width, end); next++) {
        if (!pending.has(next)) pending.set(next, source.fetch(next, stop.signal));
      }
      const row = pending.get(rowIndex) ?? Promise.resolve(null);
      pending.delete(rowIndex);
      return row;
    },
    drop() {
      abort();
      pending.clear();
      stop = new AbortController();
    },
  };
}

function windowRows(geometry: BlobGeometry): number {
  const fitting = Math.floor(READ_WINDOW_BYTES_MAX / geometry.rowBytes);
  return Math.max(1, Math.min(READ_WINDOW_ROWS_MAX, fitting));
}

/** The blob's bytes of a verified row; what follows them must be zero where that is checked. */
function contentOf(
  geometry: BlobGeometry,
  rowIndex: number,
  sliver: Sliver,
  padding: PaddingCheck,
): Result<Uint8Array, ReadFailure> {
  const { start, end } = bytesOfRows(geometry, { firstRow: rowIndex, rowCount: 1 });
  if (
    padding === "checked" &&
    !checkRowPadding(sliver.data, rowIndex, geometry.unencodedBytes).ok
  ) {
    return err(paddingAt(rowIndex));
  }
  return ok(sliver.data.subarray(0, end - start));
}

/** The rows past the blob's end are checked by their hashes; they are never fetched. */
function paddingFlaw(reading: BlobReading): ReadFailure | null {
  const checked = reading.ports.codec.checkPaddingRows(reading.metadata);
  if (checked.ok) return null;
  // Metadata was verified, so its length is encodable: what is left is the writer's doing.
  const { failure } = checked;
  return paddingAt("rowIndex" in failure ? failure.rowIndex : 0);
}

function paddingAt(rowIndex: number): ReadFailure {
  return { kind: "blob-inconsistent", what: "padding", rowIndex };
}
