/**
 * What a Fill object does when it is asked again for what it has read already: its callers have put
 * that into the cache, or are about to. Whoever was late in asking finds it there, and the storage
 * nodes are not asked again. The first to ask looks nowhere: it has done so itself.
 */
import { columnKey, type KeyedBlob, segmentKey } from "../../../shared/cache/keys.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { FILL_STORE_LOOK_MS, FILL_STORE_LOOKS } from "../../../shared/limits.ts";
import { columnShape } from "../../../shared/nodes/read-columns.ts";
import {
  type BlobGeometry,
  bytesOfRows,
  rowsOfSegment,
  segmentOfRow,
} from "../../../shared/nodes/read-geometry.ts";
import type { RowReader } from "../../../shared/nodes/read-rows.ts";
import type { Timer } from "../../../shared/ports.ts";
import { ok } from "../../../shared/result.ts";
import { checkingEveryDigest, readVerified, type VerifiedStore } from "../verified-store.ts";
import type { ColumnSpan, FillJob } from "./fill.ts";

/** What looking again needs. */
export type LookPorts = VerifiedStore & { readonly timer: Timer };

/**
 * Rows out of the segment that the cache holds by now, else from `reader`; looked up once, when the
 * first row is wanted. All rows share one buffer.
 *
 * @param isComing All rows of the segment were given to somebody: the cache is waited for a while.
 */
export function rowsAgain(
  ports: LookPorts,
  job: FillJob,
  reader: RowReader,
  isComing: boolean,
): RowReader {
  const { geometry } = reader;
  let looking: Promise<CachedSegment | null> | null = null;
  return {
    geometry,
    async *rows(span, signal) {
      looking ??= cachedSegment(ports, job, geometry, span.firstRow, isComing);
      const cached = await looking;
      if (cached === null) return yield* reader.rows(span, signal);
      for (let index = span.firstRow; index < span.firstRow + span.rowCount; index++) {
        const { start, end } = bytesOfRows(geometry, { firstRow: index, rowCount: 1 });
        yield ok(cached.bytes.subarray(start - cached.start, end - cached.start));
      }
    },
  };
}

/** The columns of `span` where the cache holds all of them by now; `null` where it does not. */
export async function columnsAgain(
  ports: LookPorts,
  job: FillJob,
  { startIndex, endIndex }: ColumnSpan,
): Promise<readonly Uint8Array[] | null> {
  const { unencodedBytes, shardCount } = job.metadata;
  const { columnBytes } = columnShape(unencodedBytes, shardCount);
  const columns: Uint8Array[] = [];
  for (let index = startIndex; index < endIndex; index++) {
    const column = await look(ports, columnKey(keyed(job), index), columnBytes, true);
    if (column === null) return null;
    columns.push(column);
  }
  return columns;
}

interface CachedSegment {
  readonly bytes: Uint8Array;
  /** Where it begins in the blob. */
  readonly start: number;
}

async function cachedSegment(
  ports: LookPorts,
  job: FillJob,
  geometry: BlobGeometry,
  rowIndex: number,
  isComing: boolean,
): Promise<CachedSegment | null> {
  const segmentIndex = segmentOfRow(geometry, rowIndex);
  const { start, end } = bytesOfRows(geometry, rowsOfSegment(geometry, segmentIndex));
  const bytes = await look(ports, segmentKey(keyed(job), segmentIndex), end - start, isComing);
  return bytes === null ? null : { bytes, start };
}

async function look(
  ports: LookPorts,
  key: string,
  byteCount: number,
  isComing: boolean,
): Promise<Uint8Array | null> {
  for (let looks = 1; ; looks++) {
    // Whoever is given it keeps it again.
    const hit = await readVerified(checkingEveryDigest(ports), key, byteCount);
    if (hit !== null) return hit.value;
    if (!isComing || looks >= FILL_STORE_LOOKS) return null;
    await ports.timer.sleep(FILL_STORE_LOOK_MS);
  }
}

function keyed({ metadata, purgeGeneration }: FillJob): KeyedBlob {
  const { blobId, shardCount } = metadata;
  return { id: formatBlobId(blobId), entry: { shardCount, purgeGeneration } };
}
