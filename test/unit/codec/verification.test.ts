/** What the codec refuses, and by which failure: slivers, metadata, symbols, proofs, sizes. */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BlobMetadata,
  type Codec,
  decodeMetadata,
  decodeMetadataWithId,
  decodeSliver,
  encodeMetadata,
  encodeMetadataWithId,
  encodeSliver,
  orientSymbol,
  type Sliver,
  type SliverPair,
  unencodedBytesMax,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import {
  IN_MEMORY_BLOB_BYTES_MAX,
  IN_MEMORY_METADATA_BLOB_BYTES_MAX,
  SHARDS_MAX,
  SLIVER_BAND_BYTES_MAX,
} from "../../../shared/limits.ts";
import { countingBytes } from "../../support/bytes.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { failureOf, valueOf } from "../../support/results.ts";

const SHARDS = 10;
const BLOB = countingBytes(500, 3);

let codec: Codec;
let metadata: VerifiedMetadata;
let pairs: SliverPair[];

beforeAll(async () => {
  codec = await loadCodec();
  const encoded = valueOf(codec.encode(BLOB, SHARDS));
  metadata = encoded.metadata;
  pairs = [...encoded.slivers(Array.from({ length: SHARDS }, (_, index) => index))];
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at % bytes.length]! ^= 1 << (at % 8);
  return changed;
}

describe("verifySliver", () => {
  const kindOf = (sliver: Sliver) => failureOf(codec.verifySliver(sliver, metadata)).kind;

  test("accepts every sliver of the blob", () => {
    for (const { primary, secondary } of pairs) {
      expect(codec.verifySliver(primary, metadata).ok).toBe(true);
      expect(codec.verifySliver(secondary, metadata).ok).toBe(true);
    }
  });

  test("refuses any flipped bit", () => {
    fc.assert(
      fc.property(fc.nat(SHARDS - 1), fc.boolean(), fc.nat(), (pairIndex, isPrimary, at) => {
        const sliver = pairs[pairIndex]![isPrimary ? "primary" : "secondary"];
        expect(kindOf({ ...sliver, data: flip(sliver.data, at) })).toBe("sliver-hash-mismatch");
      }),
    );
  });

  test("refuses swapped, truncated, extended, mislabelled and misplaced slivers, each by name", () => {
    const [{ primary, secondary }, next] = [pairs[0]!, pairs[1]!];
    expect(kindOf({ ...primary, data: next.primary.data })).toBe("sliver-hash-mismatch");
    expect(kindOf({ ...primary, sliverIndex: 1 })).toBe("sliver-hash-mismatch");
    expect(kindOf({ ...primary, data: primary.data.slice(2) })).toBe("sliver-length-mismatch");
    expect(kindOf({ ...primary, data: new Uint8Array(primary.data.length + 2) })).toBe(
      "sliver-length-mismatch",
    );
    expect(kindOf({ ...primary, axis: "secondary" })).toBe("sliver-length-mismatch");
    expect(kindOf({ ...secondary, symbolBytes: primary.symbolBytes + 2 })).toBe(
      "symbol-size-mismatch",
    );
    for (const sliverIndex of [SHARDS, -1, 1.5, 65_535]) {
      expect(kindOf({ ...primary, sliverIndex })).toBe("sliver-index-out-of-range");
    }
  });

  test("a symbol size the protocol has not is refused before anything is expanded", () => {
    for (const symbolBytes of [0, 3, -2, 65_536]) {
      const data = new Uint8Array(Math.max(0, symbolBytes) * 7);
      const sliver: Sliver = { axis: "primary", sliverIndex: 0, symbolBytes, data };
      expect(failureOf(codec.expandSliver(sliver, SHARDS)).kind).toBe("symbol-size-mismatch");
    }
  });

  test("takes the largest sliver of the protocol", () => {
    const largest = {
      ...metadata,
      shardCount: SHARDS_MAX,
      unencodedBytes: unencodedBytesMax(1000),
    };
    const data = new Uint8Array(667 * 65_534);
    const sliver: Sliver = { axis: "primary", sliverIndex: 5, symbolBytes: 65_534, data };
    const sliverHashes = new Uint8Array(64_000);
    expect(failureOf(codec.verifySliver(sliver, { ...largest, sliverHashes })).kind).toBe(
      "sliver-hash-mismatch",
    );
  });
});

describe("metadata", () => {
  test("survives its layouts", () => {
    const bare = { shardCount: SHARDS, unencodedBytes: 500, sliverHashes: metadata.sliverHashes };
    expect(valueOf(decodeMetadata(encodeMetadata(metadata)))).toEqual(bare);
    const withId = valueOf(decodeMetadataWithId(encodeMetadataWithId(metadata, metadata.blobId)));
    expect(withId).toEqual({ blobId: metadata.blobId, metadata: bare });
    expect(valueOf(codec.verifyMetadata(bare, metadata.blobId))).toEqual(metadata);
  });

  test("refuses any flipped bit of its bytes", () => {
    const bytes = encodeMetadataWithId(metadata, metadata.blobId);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = bytes.slice();
        changed[at]! ^= 1 << bit;
        const read = decodeMetadataWithId(changed);
        if (!read.ok) return;
        const verified = codec.verifyMetadata(read.value.metadata, read.value.blobId);
        expect(["blob-id-mismatch", "blob-exceeds-protocol"]).toContain(failureOf(verified).kind);
      }),
      { numRuns: 500 },
    );
  });

  test("names what it cannot read", () => {
    const bytes = encodeMetadata(metadata);
    const changed = (at: number, value: number) => {
      const copy = bytes.slice();
      copy[at] = value;
      return failureOf(decodeMetadata(copy));
    };
    expect(changed(0, 1)).toMatchObject({ kind: "malformed-bcs", offset: 0, reason: "bad-tag" });
    expect(changed(1, 0)).toEqual({ kind: "unsupported-encoding-type", encodingType: 0 });
    expect(changed(10, 9)).toMatchObject({ kind: "malformed-bcs", reason: "too-long" });
    expect(changed(10, 11)).toMatchObject({ kind: "malformed-bcs", reason: "too-short" });
    expect(changed(10, 3)).toMatchObject({ kind: "unsupported-shard-count", shardCount: 3 });
    expect(changed(11, 2)).toMatchObject({ kind: "malformed-bcs", offset: 11, reason: "bad-tag" });
    expect(failureOf(decodeMetadata(bytes.slice(0, 40))).kind).toBe("malformed-bcs");
  });

  test("refuses an empty sliver hash", () => {
    const bytes = encodeMetadata(metadata);
    const withEmpty = Uint8Array.from([...bytes.slice(0, 11), 0, ...bytes.slice(44)]);
    expect(failureOf(decodeMetadata(withEmpty))).toEqual({
      kind: "empty-sliver-hash",
      pairIndex: 0,
    });
  });

  test("refuses a length above the protocol's maximum, at the bound", () => {
    const max = unencodedBytesMax(SHARDS);
    const at = (unencodedBytes: number): BlobMetadata => ({ ...metadata, unencodedBytes });
    const verify = (bytes: number) => failureOf(codec.verifyMetadata(at(bytes), metadata.blobId));
    expect(verify(max).kind).toBe("blob-id-mismatch");
    expect(verify(max + 1)).toMatchObject({ kind: "blob-exceeds-protocol" });
    const claimed = encodeMetadata(metadata);
    claimed.fill(0xff, 2, 10);
    const largest = valueOf(decodeMetadata(claimed));
    expect(failureOf(codec.verifyMetadata(largest, metadata.blobId)).kind).toBe(
      "blob-exceeds-protocol",
    );
  });
});

describe("slivers on the wire", () => {
  test("survive their layout, and no truncation of it", () => {
    for (const sliver of [pairs[2]!.primary, pairs[2]!.secondary]) {
      const bytes = encodeSliver(sliver);
      expect(valueOf(decodeSliver(sliver.axis, bytes))).toEqual(sliver);
      for (const length of [0, 1, bytes.length - 1]) {
        expect(failureOf(decodeSliver(sliver.axis, bytes.slice(0, length))).kind).toBe(
          "malformed-bcs",
        );
      }
    }
  });
});

describe("sizes in memory", () => {
  test("metadata alone goes up to a limit of its own, in chunks", () => {
    const byteCount = IN_MEMORY_METADATA_BLOB_BYTES_MAX;
    const chunk = new Uint8Array(1024 * 1024).fill(7);
    const chunks = Array.from({ length: byteCount / chunk.length }, () => chunk);
    const { unencodedBytes } = valueOf(codec.metadata({ chunks, unencodedBytes: byteCount }, 100));
    expect(unencodedBytes).toBe(byteCount);
    expect(failureOf(codec.metadata({ chunks, unencodedBytes: byteCount + 1 }, 100))).toEqual({
      kind: "blob-exceeds-memory",
      unencodedBytes: byteCount + 1,
      unencodedBytesMax: byteCount,
    });
  });

  test("metadata is the same whether row parity is held as a whole or in halves", () => {
    // Above 12 MiB in halves, except where slivers are kept.
    for (const shardCount of [100, 101, 1000]) {
      const blob = seededBytes(13_000_001, shardCount);
      const encoded = valueOf(codec.encode(blob, shardCount));
      expect(valueOf(codec.metadata(blob, shardCount))).toEqual(encoded.metadata);
      encoded.release();
    }
  });

  test("a blob of the limit is taken and one byte more is refused by name", () => {
    const blob = new Uint8Array(IN_MEMORY_BLOB_BYTES_MAX + 1);
    const refused = {
      kind: "blob-exceeds-memory",
      unencodedBytes: IN_MEMORY_BLOB_BYTES_MAX + 1,
      unencodedBytesMax: IN_MEMORY_BLOB_BYTES_MAX,
    };
    expect(failureOf(codec.encode(blob, 100))).toEqual(refused);
    const encoded = valueOf(codec.encode(blob.subarray(1), 100));
    const [pair] = encoded.slivers([99]);
    expect(codec.verifySliver(pair!.primary, encoded.metadata).ok).toBe(true);
    encoded.release();
  });

  test("a blob above the protocol's maximum is refused as such", () => {
    expect(failureOf(codec.metadata(new Uint8Array(393_205), 4))).toMatchObject({
      kind: "blob-exceeds-protocol",
      unencodedBytesMax: 393_204,
    });
    expect(codec.metadata(new Uint8Array(393_204), 4).ok).toBe(true);
  });

  test("a released blob hands out nothing", () => {
    const encoded = valueOf(codec.encode(BLOB, SHARDS));
    encoded.release();
    expect(() => encoded.sliver("primary", 0)).toThrow(/released/);
    expect(() => [...encoded.slivers([0])]).toThrow(/released/);
  });

  test("indices out of range are bugs of the caller", () => {
    const encoded = valueOf(codec.encode(BLOB, SHARDS));
    expect(() => encoded.sliver("secondary", SHARDS)).toThrow(RangeError);
    expect(() => [...encoded.slivers([0, -1])]).toThrow(RangeError);
    expect(() => codec.metadata(BLOB, 3)).toThrow(RangeError);
    expect(() => codec.metadata(BLOB, 1001)).toThrow(RangeError);
  });
});

describe("encode", () => {
  test("hands out single slivers, repeated pairs and interleaved iterators alike", () => {
    const encoded = valueOf(codec.encode(BLOB, SHARDS));
    const [first, second] = [encoded.slivers([9, 0, 9]), encoded.slivers([5])];
    const iterator = first[Symbol.iterator]();
    expect(iterator.next().value).toEqual(pairs[9]);
    expect([...second]).toEqual([pairs[5]]);
    expect(iterator.next().value).toEqual(pairs[0]);
    expect(iterator.next().value).toEqual(pairs[9]);
    for (const { primary, secondary } of pairs) {
      expect(encoded.sliver("primary", primary.sliverIndex)).toEqual(primary);
      expect(encoded.sliver("secondary", secondary.sliverIndex)).toEqual(secondary);
    }
  });
});

describe("a blob in chunks", () => {
  test("gives what encode gives, and refuses chunks that do not add up", () => {
    const chunks = [BLOB.subarray(0, 1), BLOB.subarray(1, 1), BLOB.subarray(1)];
    const encoded = valueOf(codec.encode({ chunks, unencodedBytes: BLOB.length }, SHARDS));
    expect(encoded.metadata).toEqual(valueOf(codec.metadata(BLOB, SHARDS)));
    expect([...encoded.slivers([3])]).toEqual([pairs[3]]);
    expect(encoded.memoryBytes).toBeGreaterThan(BLOB.length);
    encoded.release();
    expect(encoded.memoryBytes).toBe(0);
    for (const length of [BLOB.length - 1, BLOB.length + 1]) {
      expect(() => codec.encode({ chunks, unencodedBytes: length }, SHARDS)).toThrow(/bytes, got/);
    }
  });
});

describe("bands of slivers", () => {
  test("the parity rows of a blob with zero columns are whole", () => {
    const encoded = valueOf(codec.encode(Uint8Array.of(1, 2, 3), 100));
    for (const { primary } of encoded.slivers(Array.from({ length: 100 }, (_, index) => index))) {
      expect(codec.verifySliver(primary, encoded.metadata).ok).toBe(true);
    }
  });

  test("a blob of several bands hands out every pair, in order and sound", () => {
    const encoded = valueOf(codec.encode(countingBytes(13 * 1024 * 1024, 5), 100));
    const { primaryCount, secondaryCount, shardCount } = encoded.parameters;
    const parityBytes = (shardCount - primaryCount) * secondaryCount * encoded.symbolBytes;
    expect(parityBytes).toBeGreaterThan(SLIVER_BAND_BYTES_MAX);
    const order = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    const handedOut: number[] = [];
    for (const { pairIndex, primary, secondary } of encoded.slivers(order)) {
      handedOut.push(pairIndex);
      expect(codec.verifySliver(primary, encoded.metadata)).toEqual({ ok: true, value: undefined });
      expect(codec.verifySliver(secondary, encoded.metadata).ok).toBe(true);
    }
    expect(handedOut).toEqual(order);
    encoded.release();
  });
});

describe("decode", () => {
  test("passes over duplicates and misshapen slivers and says what is left", () => {
    const primaries = pairs.slice(0, 4).map((pair) => pair.primary);
    const [first] = primaries;
    const odd = [
      { ...first!, sliverIndex: 77 },
      { ...first!, sliverIndex: 8, data: first!.data.slice(2) },
      { ...first!, sliverIndex: 9, symbolBytes: 2 },
    ];
    const given = [first!, ...odd, ...primaries.slice(0, 3), pairs[9]!.secondary];
    expect(failureOf(codec.decode(given, metadata))).toEqual({
      kind: "not-enough-slivers",
      primaryUsable: 3,
      primaryRequired: 4,
      secondaryUsable: 1,
      secondaryRequired: 7,
    });
    expect(valueOf(codec.decode([...given, primaries[3]!], metadata))).toEqual(BLOB);
  });

  test("ignores surplus slivers", () => {
    const everything = pairs.flatMap(({ primary, secondary }) => [secondary, primary]);
    expect(valueOf(codec.decode(everything, metadata))).toEqual(BLOB);
  });

  test("refuses metadata of a blob too large for memory", () => {
    const large = { ...metadata, shardCount: 1000, unencodedBytes: IN_MEMORY_BLOB_BYTES_MAX + 1 };
    expect(failureOf(codec.decode([], large)).kind).toBe("blob-exceeds-memory");
  });
});

describe("recovery", () => {
  const target = { axis: "primary", sliverIndex: 6 } as const;
  const expand = (sliver: Sliver) => valueOf(codec.expandSliver(sliver, SHARDS));
  const symbolFrom = (columnIndex: number) =>
    expand(pairs[SHARDS - 1 - columnIndex]!.secondary).recoverySymbol(6);
  const verify = (symbol: ReturnType<typeof symbolFrom>, to = target) =>
    codec.verifyRecoverySymbol(symbol, to, metadata);

  test("rebuilds every sliver from any symbols of slivers across", () => {
    for (const { pairIndex } of pairs) {
      const wanted = { axis: "primary", sliverIndex: pairIndex } as const;
      const symbols = [9, 8, 1, 7, 2, 5, 3].map((column) =>
        expand(pairs[9 - column]!.secondary).decodingSymbol(pairIndex),
      );
      expect(valueOf(codec.recoverSliver(wanted, symbols, metadata))).toEqual(
        pairs[pairIndex]!.primary,
      );
      const across = { axis: "secondary", sliverIndex: pairIndex } as const;
      const cells = [9, 2, 6, 0].map((row) =>
        expand(pairs[row]!.primary).decodingSymbol(pairIndex),
      );
      expect(valueOf(codec.recoverSliver(across, cells, metadata))).toEqual(
        pairs[9 - pairIndex]!.secondary,
      );
    }
  });

  test("says when symbols are too few or one of them lies", () => {
    const symbols = [0, 1, 2, 3, 4, 5, 6].map(symbolFrom);
    expect(failureOf(codec.recoverSliver(target, symbols.slice(1), metadata))).toEqual({
      kind: "not-enough-symbols",
      usable: 6,
      required: 7,
    });
    const lying = [{ ...symbols[0]!, data: flip(symbols[0]!.data, 5) }, ...symbols.slice(1)];
    expect(failureOf(codec.recoverSliver(target, lying, metadata))).toEqual({
      kind: "sliver-hash-mismatch",
      axis: "primary",
      sliverIndex: 6,
    });
    const outside = { axis: "primary", sliverIndex: 10 } as const;
    expect(failureOf(codec.recoverSliver(outside, symbols, metadata)).kind).toBe(
      "sliver-index-out-of-range",
    );
  });

  test("accepts proofs of both directions and refuses each lie by name", () => {
    const symbol = symbolFrom(4);
    expect(verify(symbol).ok).toBe(true);
    const other = expand(pairs[6]!.primary).recoverySymbol(2);
    expect(verify(other).ok).toBe(true);
    expect(orientSymbol(other, target)).toEqual({
      targetAxis: "primary",
      sourceIndex: 2,
      data: other.data,
    });
    const kindOf = (changed: Partial<typeof symbol>) =>
      failureOf(verify({ ...symbol, ...changed })).kind;
    expect(kindOf({ data: flip(symbol.data, 1) })).toBe("proof-mismatch");
    expect(kindOf({ sourceIndex: 5 })).toBe("proof-mismatch");
    expect(kindOf({ sourceIndex: 10 })).toBe("symbol-index-out-of-range");
    expect(kindOf({ targetIndex: 10 })).toBe("symbol-index-out-of-range");
    expect(kindOf({ targetIndex: 7 })).toBe("symbol-not-usable");
    expect(kindOf({ data: symbol.data.slice(2) })).toBe("symbol-length-mismatch");
    expect(kindOf({ proof: symbol.proof.slice(1) })).toBe("proof-length-mismatch");
    expect(kindOf({ proof: [...symbol.proof, null] })).toBe("proof-length-mismatch");
    expect(kindOf({ proof: symbol.proof.map(() => null) })).toBe("proof-mismatch");
    expect(kindOf({ proof: symbol.proof.map((node) => node?.slice(1) ?? null) })).toBe(
      "proof-mismatch",
    );
  });
});
