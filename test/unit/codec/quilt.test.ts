/** Quilts: what may be put into one, and hostile bytes on the way out. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import {
  decodeQuiltIndex,
  decodeQuiltPatch,
  encodeQuilt,
  formatPatchId,
  parsePatchId,
  partsOfRows,
  placePart,
  planQuilt,
  type QuiltPatchInput,
} from "../../../shared/codec/index.ts";
import { checkQuiltIdentifier } from "../../../shared/codec/quilt/identifier.ts";
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../../shared/limits.ts";
import { bytesOfHex, countingBytes } from "../../support/bytes.ts";
import { quiltColumn } from "../../support/quilt-column.ts";
import { failureOf, valueOf } from "../../support/results.ts";

const patch = (identifier: string, byteCount = 3) => ({
  identifier,
  data: countingBytes(byteCount, 1),
});

describe("identifiers", () => {
  test.each(["a", "with space", "dir/file.txt", "日本語", ".hidden", "a".repeat(65_531)])(
    "%.40s is accepted",
    (identifier) => {
      expect(checkQuiltIdentifier(identifier).ok).toBe(true);
    },
  );

  test.each([
    ["", "empty"],
    ["trailing ", "trailing-whitespace"],
    ["trailing\t", "trailing-whitespace"],
    ["trailing\n", "trailing-whitespace"],
    ["trailing\u3000", "trailing-whitespace"],
    ["test\x01", "control-character"],
    ["test\x1F", "control-character"],
    ["te\x7Fst", "control-character"],
    ["test\u0080", "control-character"],
    ["test\u009F", "control-character"],
    ["lone \uD800 surrogate", "not-unicode"],
    ["a".repeat(65_532), "too-long"],
  ])("%.40j is refused as %s", (identifier, reason) => {
    expect(failureOf(checkQuiltIdentifier(identifier))).toMatchObject({ reason });
  });
});

/** The quilt put together a few rows at a time. */
function inBands(patches: readonly QuiltPatchInput[], shardCount: number, rowsTogether: number) {
  const shapes = patches.map((patch) => ({ ...patch, byteCount: patch.data.length }));
  const plan = valueOf(planQuilt(shapes, shardCount));
  const bands: Uint8Array[] = [];
  const rowCount = plan.quiltBytes / plan.rowBytes;
  for (let row = 0; row < rowCount; row += rowsTogether) {
    const count = Math.min(rowsTogether, rowCount - row);
    const band = new Uint8Array(count * plan.rowBytes);
    for (const part of partsOfRows(plan, row, count)) {
      const { dataOffset, dataBytes, head } = part;
      const data = part.patch === null ? undefined : patches[part.patch]?.data;
      placePart(plan, band, part, head, 0);
      if (data === undefined) continue;
      const range = data.subarray(dataOffset, dataOffset + dataBytes);
      placePart(plan, band, part, range, head.length);
    }
    bands.push(band);
  }
  return concatBytes(...bands);
}

describe("encodeQuilt", () => {
  test("any patches come back out, in the order of their names' bytes", () => {
    const identifiers = fc.uniqueArray(
      fc
        .string({ unit: "binary", minLength: 1, maxLength: 12 })
        .filter((identifier) => checkQuiltIdentifier(identifier).ok),
      { minLength: 1, maxLength: 5 },
    );
    const tags = fc.dictionary(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(
        identifiers,
        fc.infiniteStream(fc.tuple(fc.uint8Array({ maxLength: 400 }), tags)),
        fc.integer({ min: 8, max: 40 }),
        (names, contents, shardCount) => {
          const patches = names.map((identifier) => {
            const [data, entries] = contents.next().value as [Uint8Array, Record<string, string>];
            return { identifier, data, tags: new Map(Object.entries(entries)) };
          });
          const quilt = valueOf(encodeQuilt(patches, shardCount));
          const column = (index: number) => quiltColumn(quilt.blob, shardCount, index);
          const range = (start: number, end: number) =>
            Array.from({ length: end - start }, (_, index) => column(start + index));
          const index = valueOf(decodeQuiltIndex(range(0, quilt.index.columnCount)));
          expect(index).toEqual(quilt.index);
          const stored = index.patches.map((entry) => Buffer.from(entry.identifier));
          expect(stored).toEqual(stored.toSorted(Buffer.compare));
          for (const entry of index.patches) {
            const read = valueOf(decodeQuiltPatch(range(entry.startIndex, entry.endIndex)));
            const input = patches.find((candidate) => candidate.identifier === entry.identifier)!;
            expect([...read.data]).toEqual([...input.data]);
            expect(new Map(read.tags)).toEqual(input.tags);
          }
          expect(Buffer.compare(inBands(patches, shardCount, 3), quilt.blob)).toBe(0);
        },
      ),
    );
  });

  test("refuses what no quilt can hold, each by name", () => {
    const kindOf = (...args: Parameters<typeof encodeQuilt>) => failureOf(encodeQuilt(...args));
    expect(kindOf([], 10).kind).toBe("quilt-empty");
    const seven = Array.from({ length: 7 }, (_, index) => patch(`p${index}`));
    expect(kindOf(seven, 10)).toMatchObject({ kind: "quilt-too-many-patches", patchCountMax: 6 });
    expect(encodeQuilt(seven.slice(1), 10).ok).toBe(true);
    expect(kindOf([patch("a"), patch("a")], 10).kind).toBe("quilt-identifier-duplicate");
    expect(kindOf([patch("a ")], 10).kind).toBe("quilt-identifier-invalid");
    const tags = new Map([["key", "x".repeat(65_535)]]);
    expect(kindOf([{ ...patch("a"), tags }], 10)).toMatchObject({
      kind: "quilt-tags-too-large",
      tagsBytesMax: 65_535,
    });
    expect(kindOf([patch("a", 2_000_000)], 10).kind).toBe("quilt-too-large");
    expect(kindOf([patch("a", IN_MEMORY_BLOB_BYTES_MAX)], 1000)).toMatchObject({
      kind: "quilt-exceeds-memory",
    });
  });
});

describe("hostile columns", () => {
  const column = (hex: string, byteCount = 32) => {
    const bytes = new Uint8Array(byteCount);
    bytes.set(bytesOfHex(hex));
    return bytes;
  };

  test.each([
    ["another version", "02 01000000 00", "quilt-version-unsupported"],
    ["an index beyond ten columns", "01 3c010000", "quilt-malformed"],
    ["an index over more columns than given", "01 28000000", "quilt-columns-missing"],
    ["a lying patch count", "01 01000000 7f", "quilt-malformed"],
    ["leftover bytes", "01 02000000 0000", "quilt-malformed"],
    ["an end before its start", "01 06000000 01 0100 0161 00", "quilt-malformed"],
    ["a name that is not UTF-8", "01 06000000 01 0300 01ff 00", "quilt-malformed"],
  ])("index: %s", (_, hex, kind) => {
    expect(failureOf(decodeQuiltIndex([column(hex)])).kind).toBe(kind);
  });

  test("the index says how many columns it needs", () => {
    expect(failureOf(decodeQuiltIndex([column("01 28000000")]))).toEqual({
      kind: "quilt-columns-missing",
      columnCount: 2,
      givenCount: 1,
    });
    expect(failureOf(decodeQuiltIndex([])).kind).toBe("quilt-columns-missing");
    expect(failureOf(decodeQuiltIndex([new Uint8Array(4)])).kind).toBe("quilt-malformed");
  });

  test.each([
    ["another version", "02 04000000 00 0200 0161", "quilt-version-unsupported"],
    ["no length", "01 00000000 00", "quilt-malformed"],
    ["a length below the identifier's", "01 03000000 00 0200 0161", "quilt-malformed"],
    ["an identifier beyond its size", "01 05000000 00 0100 0161 00", "quilt-malformed"],
    ["missing tags", "01 04000000 01 0200 0161", "quilt-malformed"],
    ["unsorted tags", "01 0f000000 01 0200 0161 0900 02 0162 00 0161 00 0000", "quilt-malformed"],
    ["a length beyond the columns", "01 ff000000 00 0200 0161", "quilt-columns-missing"],
  ])("patch: %s", (_, hex, kind) => {
    expect(failureOf(decodeQuiltPatch([column(hex)])).kind).toBe(kind);
  });

  test("columns of different size are refused", () => {
    expect(failureOf(decodeQuiltPatch([column("01"), column("01", 30)]))).toEqual({
      kind: "quilt-column-size-mismatch",
      columnIndex: 1,
    });
  });

  test("random bytes never escape as exceptions", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        bytes[0] = 1;
        expect(typeof decodeQuiltIndex([bytes]).ok).toBe("boolean");
        expect(typeof decodeQuiltPatch([bytes]).ok).toBe("boolean");
      }),
    );
  });
});

test("patch IDs refuse empty ranges and other versions", () => {
  const quiltId = countingBytes(32, 9);
  const id = formatPatchId({ quiltId, startIndex: 1, endIndex: 3 });
  expect(id).toHaveLength(50);
  expect(parsePatchId(id)).toEqual({ quiltId, startIndex: 1, endIndex: 3 });
  expect(() => formatPatchId({ quiltId, startIndex: 3, endIndex: 3 })).toThrow(TypeError);
  const raw = Buffer.from(id, "base64url");
  raw[32] = 2;
  expect(parsePatchId(raw.toString("base64url"))).toBeNull();
  raw[32] = 1;
  raw[35] = 1;
  expect(parsePatchId(raw.toString("base64url"))).toBeNull();
  expect(parsePatchId(id.slice(1))).toBeNull();
});
