/** The checks of a reader: what each accepts, what each refuses, what each trusts. */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  checkRowPadding,
  type Codec,
  encodingParameters,
  symbolBytesFor,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { sliverHash } from "../../../shared/codec/metadata-layout.ts";
import { ZERO_ROW_HASHES_KEPT_MAX } from "../../../shared/limits.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { failureOf, valueOf } from "../../support/results.ts";

let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

const NOTHING: ReadonlySet<number> = new Set();

const blobs = fc.record({
  shardCount: fc.integer({ min: 4, max: 60 }),
  byteCount: fc.integer({ min: 1, max: 12_000 }),
  seed: fc.nat(),
});

/** The blob with one byte changed, and the row that byte lies in. */
function changed(blob: Uint8Array, shardCount: number, at: number) {
  const copy = blob.slice();
  const position = at % blob.length;
  copy[position] = (copy[position] ?? 0) ^ 0x10;
  const symbolBytes = valueOf(symbolBytesFor(blob.length, shardCount));
  const rowBytes = encodingParameters(shardCount).secondaryCount * symbolBytes;
  return { copy, rowIndex: Math.floor(position / rowBytes) };
}

/** Metadata with another hash at primary sliver `rowIndex`; its blob ID is not recomputed. */
function withRowHash(metadata: VerifiedMetadata, rowIndex: number): VerifiedMetadata {
  const copy = { ...metadata, sliverHashes: metadata.sliverHashes.slice() };
  sliverHash(copy, "primary", rowIndex).fill(7);
  return copy;
}

describe("the default check", () => {
  test("accepts the blob, whatever was fetched", () => {
    fc.assert(
      fc.property(blobs, fc.array(fc.nat(30)), ({ shardCount, byteCount, seed }, fetched) => {
        const blob = seededBytes(byteCount, seed);
        const metadata = valueOf(codec.metadata(blob, shardCount));
        expect(codec.checkRows(blob, metadata, new Set(fetched)).ok).toBe(true);
      }),
    );
  });

  test("names the row of any changed byte, and trusts rows that were fetched", () => {
    fc.assert(
      fc.property(blobs, fc.nat(), ({ shardCount, byteCount, seed }, at) => {
        const blob = seededBytes(byteCount, seed);
        const metadata = valueOf(codec.metadata(blob, shardCount));
        const { copy, rowIndex } = changed(blob, shardCount, at);
        expect(failureOf(codec.checkRows(copy, metadata, NOTHING))).toEqual({
          kind: "row-inconsistent",
          rowIndex,
        });
        expect(codec.checkRows(copy, metadata, new Set([rowIndex])).ok).toBe(true);
      }),
    );
  });

  test("holds at 1,000 shards, two-byte and longer symbols", () => {
    for (const byteCount of [100_000, 700_000]) {
      const blob = seededBytes(byteCount, 2);
      const metadata = valueOf(codec.metadata(blob, 1000));
      expect(codec.checkRows(blob, metadata, NOTHING).ok).toBe(true);
      const { copy, rowIndex } = changed(blob, 1000, byteCount - 1);
      expect(failureOf(codec.checkRows(copy, metadata, NOTHING))).toEqual({
        kind: "row-inconsistent",
        rowIndex,
      });
    }
  });

  test("takes no blob of another length", () => {
    const metadata = valueOf(codec.metadata(seededBytes(10, 1), 10));
    expect(() => codec.checkRows(new Uint8Array(9), metadata, NOTHING)).toThrow(TypeError);
  });
});

describe("the strict check", () => {
  test("accepts the blob and refuses any changed byte", () => {
    fc.assert(
      fc.property(blobs, fc.nat(), ({ shardCount, byteCount, seed }, at) => {
        const blob = seededBytes(byteCount, seed);
        const metadata = valueOf(codec.metadata(blob, shardCount));
        expect(codec.checkBlobId(blob, metadata).ok).toBe(true);
        const { copy } = changed(blob, shardCount, at);
        expect(failureOf(codec.checkBlobId(copy, metadata)).kind).toBe("blob-id-mismatch");
      }),
    );
  });

  test("refuses parity that belongs to another blob, which the default check does not see", () => {
    const blob = seededBytes(300, 4);
    const honest = valueOf(codec.metadata(blob, 10));
    const unsealed = withRowHash(honest, 9);
    const refused = failureOf(codec.verifyMetadata(unsealed, honest.blobId));
    if (refused.kind !== "blob-id-mismatch") throw new Error(refused.kind);
    const sealed = valueOf(codec.verifyMetadata(unsealed, refused.actualBlobId));
    expect(codec.checkRows(blob, sealed, NOTHING).ok).toBe(true);
    expect(failureOf(codec.checkBlobId(blob, sealed)).kind).toBe("blob-id-mismatch");
  });
});

describe("padding", () => {
  test("rows past the end must have the hash of zeros", () => {
    const blob = seededBytes(20, 3);
    const metadata = valueOf(codec.metadata(blob, 10));
    expect(codec.checkPaddingRows(metadata).ok).toBe(true);
    // Rows of 14 bytes: two hold content, two are padding.
    expect(codec.checkPaddingRows(withRowHash(metadata, 1)).ok).toBe(true);
    for (const rowIndex of [2, 3]) {
      const expected = { kind: "padding-not-zero", rowIndex };
      const flawed = withRowHash(metadata, rowIndex);
      expect(failureOf(codec.checkPaddingRows(flawed))).toEqual(expected);
      expect(failureOf(codec.checkRows(blob, flawed, NOTHING))).toEqual(expected);
    }
  });

  test("bytes of a row past the end must be zeros", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(3), fc.nat(13), (byteCount, rowIndex, at) => {
        const row = new Uint8Array(14);
        expect(checkRowPadding(row, rowIndex, byteCount).ok).toBe(true);
        row[at] = 1;
        const isContent = rowIndex * 14 + at < byteCount;
        expect(checkRowPadding(row, rowIndex, byteCount).ok).toBe(isContent);
      }),
    );
  });
});

describe("the hash of a row of zeros", () => {
  test("is that of every row and column of a blob of zeros", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 120 }), fc.integer({ min: 1, max: 80 }), (n, half) => {
        const { primaryCount, secondaryCount } = encodingParameters(n);
        const zeros = new Uint8Array(primaryCount * secondaryCount * half * 2);
        const metadata = valueOf(codec.metadata(zeros, n));
        const hash = codec.zeroRowHash(n, half * 2);
        expect(sliverHash(metadata, "primary", 0)).toEqual(hash);
        expect(sliverHash(metadata, "primary", n - 1)).toEqual(hash);
        expect(sliverHash(metadata, "secondary", n - 1)).toEqual(hash);
      }),
      { numRuns: 40 },
    );
  });

  test("is the same when it was forgotten, and no caller can change what is kept", () => {
    const first = codec.zeroRowHash(10, 2);
    codec.zeroRowHash(10, 2).fill(0);
    for (let half = 1; half <= ZERO_ROW_HASHES_KEPT_MAX + 1; half++) {
      codec.zeroRowHash(11, half * 2);
    }
    expect(codec.zeroRowHash(10, 2)).toEqual(first);
    expect(codec.zeroRowHash(10, 2)).toEqual(first);
  });

  test("exists for legal shapes only", () => {
    for (const symbolBytes of [0, 3, -2, 65_536, Number.NaN]) {
      expect(() => codec.zeroRowHash(10, symbolBytes)).toThrow(RangeError);
    }
    expect(() => codec.zeroRowHash(3, 2)).toThrow(RangeError);
    expect(codec.zeroRowHash(1000, 65_534)).toHaveLength(32);
  });
});
