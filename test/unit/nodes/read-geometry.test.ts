import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SEGMENT_BYTES_MAX } from "../../../shared/limits.ts";
import {
  blobGeometry,
  bytesOfRows,
  rowsOfBytes,
  rowsOfSegment,
  segmentOfRow,
} from "../../../shared/nodes/read-geometry.ts";

test("segments are whole rows, follow each other, and cover the blob once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 1_000 }),
      fc.integer({ min: 0, max: 200_000_000 }),
      (shardCount, share) => {
        const length = Math.min(share, shardCount * shardCount * 200);
        const geometry = blobGeometry(length, shardCount);
        let at = 0;
        for (let index = 0; index < geometry.segmentCount; index++) {
          const span = rowsOfSegment(geometry, index);
          const { start, end } = bytesOfRows(geometry, span);
          expect(start).toBe(at);
          expect(end - start <= SEGMENT_BYTES_MAX || span.rowCount === 1).toBe(true);
          expect(segmentOfRow(geometry, span.firstRow)).toBe(index);
          at = end;
        }
        expect(at).toBe(length);
      },
    ),
  );
});

test("the rows of a range are the fewest that hold it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), fc.nat(), (length, left, right) => {
      const geometry = blobGeometry(length, 10);
      const [start = 0, last = 0] = [left % length, right % length].toSorted((a, b) => a - b);
      const span = rowsOfBytes(geometry, start, last + 1);
      const held = bytesOfRows(geometry, span);
      expect(held.start <= start && held.end >= last + 1).toBe(true);
      expect(held.start + geometry.rowBytes > start).toBe(true);
      expect((span.firstRow + span.rowCount - 1) * geometry.rowBytes <= last).toBe(true);
    }),
  );
});

test("mainnet's smallest rows are 1,334 bytes and an empty blob has none", () => {
  expect(blobGeometry(1, 1_000)).toMatchObject({ rowBytes: 1_334, rowCount: 334 });
  expect(blobGeometry(0, 1_000)).toMatchObject({ contentRowCount: 0, segmentCount: 0 });
});

test("a segment that does not exist is a bug of the caller", () => {
  const geometry = blobGeometry(10, 10);
  expect(() => rowsOfSegment(geometry, 1)).toThrow(RangeError);
});
