/**
 * The bytes of an open blob, from the tiers or the storage nodes, verified and in order.
 *
 * The cached unit is the segment: consecutive whole rows. A segment is cached only after all of its
 * rows were verified, so what is found in a tier was checked against the blob ID once. While a cold
 * segment is read the next ones are looked up in the tiers.
 */
import type { ByteRange } from "../../shared/http/range.ts";
import { READ_SEGMENTS_AHEAD } from "../../shared/limits.ts";
import { blobGeometry, rowsOfBytes, segmentOfRow } from "../../shared/nodes/read-geometry.ts";
import type { PaddingCheck } from "../../shared/nodes/read-rows.ts";
import type { OpenBlob } from "./open-blob.ts";
import type { Pieces } from "./representation.ts";
import { beginSegment, type SegmentRead, type SegmentStart } from "./read-segment.ts";
import type { AggregatorServices } from "./services.ts";

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
  const firstSegment = segmentOfRow(geometry, rows.firstRow);
  const lastSegment = segmentOfRow(geometry, rows.firstRow + rows.rowCount - 1);
  const read: SegmentRead = {
    services,
    blob,
    geometry,
    range,
    rows,
    padding,
    isLong: lastSegment > firstSegment,
    signal,
  };
  const begun = new Map<number, Promise<SegmentStart>>();
  const begin = (index: number) => {
    const start = begun.get(index) ?? beginSegment(read, index);
    // Whoever takes it is told; what was begun in vain is ended below.
    start.catch(() => undefined);
    begun.set(index, start);
    return start;
  };
  try {
    for (let index = firstSegment; index <= lastSegment; index++) {
      const start = await begin(index);
      if (start.tier === null) {
        for (let next = index + 1; next < index + READ_SEGMENTS_AHEAD; next++) {
          if (next <= lastSegment && read.isLong) void begin(next);
        }
      }
      begun.delete(index);
      for await (const piece of start.pieces()) {
        yield piece;
        if (!piece.ok) return;
      }
    }
  } finally {
    for (const start of begun.values()) start.then((each) => each.end()).catch(() => undefined);
  }
}
