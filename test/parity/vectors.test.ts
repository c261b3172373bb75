/** Every fixed vector of `test/vectors`, against the shipped codec and the naive reference. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  blobIdFromU256,
  blobIdToU256,
  type Codec,
  decodeQuiltIndex,
  decodeQuiltPatch,
  encodedBlobBytes,
  encodeMetadata,
  encodeQuilt,
  encodeSliver,
  formatBlobId,
  formatPatchId,
  pairIndexOfShard,
  parseBlobId,
  parsePatchId,
  shardIndexOfPair,
  symbolBytesFor,
} from "../../shared/codec/index.ts";
import { quiltSymbolBytes } from "../../shared/codec/quilt/symbol-size.ts";
import { exp, log, multiply, skew } from "../reference/field.ts";
import * as reference from "../reference/red-stuff.ts";
import { expandSymbols } from "../reference/reed-solomon.ts";
import { bytesOfHex, countingBytes, hexOf, sha256Hex } from "../support/bytes.ts";
import { loadCodec } from "../support/codec.ts";
import { quiltColumn } from "../support/quilt-column.ts";
import { failureOf, valueOf } from "../support/results.ts";
import blobs from "../vectors/blobs.json" with { type: "json" };
import merkle from "../vectors/merkle.json" with { type: "json" };
import { patchIdVectors, quiltVectors, symbolSizeVectors } from "../vectors/quilts.ts";
import codes from "../vectors/reed-solomon.json" with { type: "json" };

let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

const text = (value: string) => new TextEncoder().encode(value);

/** A blob by its name in the tables. */
function namedBlob(name: string): Uint8Array {
  const counting = /^tb\((\d+),(\d+)\)$/.exec(name);
  if (counting !== null) return countingBytes(Number(counting[1]), Number(counting[2]));
  if (name === "empty") return new Uint8Array(0);
  if (name === "[42]") return Uint8Array.of(42);
  if (name === "1000 × 00") return new Uint8Array(1000);
  if (name === "1000 × ff") return new Uint8Array(1000).fill(0xff);
  return text(name.replaceAll('"', ""));
}

describe("the field", () => {
  const bytesOf = (table: Uint16Array) => new Uint8Array(table.buffer);

  test("has the tables of the format", () => {
    expect(sha256Hex(bytesOf(exp))).toBe(
      "2016ee0982f33f3b6d46fc5731540a073e73b2e7d093ba82e1998364d9dafcd5",
    );
    expect(sha256Hex(bytesOf(log))).toBe(
      "c7eafc7e425f44aa8c3cf82dee5f4b3e50a710844082c0f1adcd4b95d4330c1f",
    );
    expect(sha256Hex(bytesOf(skew))).toBe(
      "386153e81df25ed50a4be744fc292281790994bf3472076e6bed4e65463c3949",
    );
  });

  test.each([
    [2, 2, 3],
    [2, 3, 1],
    [0x1234, 0x5678, 0x35c9],
    [0xffff, 0xffff, 0x8000],
    [0x8000, 2, 0xe7e9],
    [0xacca, 0xacca, 0xfaaf],
    [1, 0xbeef, 0xbeef],
  ])("multiplies %i by %i", (left, right, product) => {
    expect(multiply(left, right)).toBe(product);
  });
});

describe("the one-dimensional code", () => {
  const symbols = (k: number, B: number) =>
    Array.from({ length: k }, (_, i) => countingBytes(B, i * B + 1));

  test.each(codes.symbols)("$k to $m symbols of $B bytes", ({ k, m, B, recovery }) => {
    expect(
      expandSymbols(symbols(k, B), k + m)
        .slice(k)
        .map(hexOf),
    ).toEqual(recovery);
  });

  test.each(codes.digests)("$k to $m symbols of $B bytes, digest", ({ k, m, B, sha256, first }) => {
    const parity = expandSymbols(symbols(k, B), k + m).slice(k);
    expect(sha256Hex(...parity)).toBe(sha256);
    expect(hexOf(parity[0]!).startsWith(first)).toBe(true);
  });

  test.each([...codes.symbols, ...codes.digests])(
    "expands a sliver of $k symbols of $B bytes to $m more",
    ({ k, m, B, ...vector }) => {
      const shardCount = k + m;
      const { P } = reference.counts(shardCount);
      const data = new Uint8Array(Buffer.concat(symbols(k, B)));
      const axis = k === P ? "secondary" : "primary";
      const sliver = { axis, sliverIndex: 0, symbolBytes: B, data } as const;
      const expanded = valueOf(codec.expandSliver(sliver, shardCount));
      const parity = expanded.symbols.slice(k * B);
      if ("recovery" in vector) expect(hexOf(parity)).toBe(vector.recovery.join(""));
      else expect(sha256Hex(parity)).toBe(vector.sha256);
    },
  );
});

describe("hashes and trees", () => {
  test.each(merkle.hashes)("H($text)", ({ text: input, hash }) => {
    expect(hexOf(codec.hash(text(input)))).toBe(hash);
    expect(hexOf(reference.hash(text(input)))).toBe(hash);
  });

  test.each(merkle.leaves)("leaf of $hex", ({ hex, hash }) => {
    expect(hexOf(codec.hash(Uint8Array.of(0, ...bytesOfHex(hex))))).toBe(hash);
  });

  test("the reference has the roots and proofs", () => {
    merkle.roots.forEach((root, count) => {
      expect(hexOf(reference.merkleRoot(merkle.inputs.slice(0, count).map(text)))).toBe(root);
    });
    for (const { leafCount, leafIndex, siblings } of merkle.proofs) {
      const levels = reference.merkleLevels(merkle.inputs.slice(0, leafCount).map(text));
      const found = levels.slice(0, -1).map((level, height) => level[(leafIndex >> height) ^ 1]!);
      expect(found.map(hexOf)).toEqual(siblings.map((sibling) => sibling ?? "00".repeat(32)));
    }
  });
});

describe("small blobs in full", () => {
  test.each(blobs.small)("n = $n, $text", (vector) => {
    const blob = text(vector.text);
    const encoded = valueOf(codec.encode(blob, vector.n));
    const { metadata } = encoded;
    expect(formatBlobId(metadata.blobId)).toBe(vector.id);
    expect(hexOf(metadata.rootHash)).toBe(vector.root);
    expect(sha256Hex(encodeMetadata(metadata))).toBe(vector.metadataSha256);
    if (vector.u256 !== undefined) expect(blobIdToU256(metadata.blobId)).toBe(BigInt(vector.u256));
    vector.rows?.forEach((row, index) => {
      const sliver = encoded.sliver("primary", index);
      const symbols = valueOf(codec.expandSliver(sliver, vector.n)).symbols;
      // The vectors list parity rows as far as the slivers need them.
      expect(hexOf(symbols).startsWith(row.join(""))).toBe(true);
    });
    vector.slivers?.forEach(([primary, secondary], pairIndex) => {
      const [pair] = encoded.slivers([pairIndex]);
      expect(hexOf(encodeSliver(pair!.primary))).toBe(primary);
      expect(hexOf(encodeSliver(pair!.secondary))).toBe(secondary);
    });
    if (vector.sliverHashes !== undefined) {
      expect(hexOf(metadata.sliverHashes)).toBe(vector.sliverHashes.flat().join(""));
    }
  });

  test("two blobs of one padded matrix share a root, not an ID", () => {
    const empty = valueOf(codec.metadata(new Uint8Array(0), 10));
    const zeros = valueOf(codec.metadata(new Uint8Array(9), 10));
    expect(zeros.rootHash).toEqual(empty.rootHash);
    expect(zeros.blobId).not.toEqual(empty.blobId);
  });
});

describe("larger blobs by digest", () => {
  test.each(blobs.digests)("n = $n, $blob", (vector) => {
    const encoded = valueOf(codec.encode(namedBlob(vector.blob), vector.n));
    expect(encoded.symbolBytes).toBe(vector.B);
    expect(hexOf(encoded.metadata.rootHash)).toBe(vector.root);
    expect(formatBlobId(encoded.metadata.blobId)).toBe(vector.id);
    expect(sha256Hex(encodeMetadata(encoded.metadata))).toBe(vector.metadataSha256);
    const pairs = [...encoded.slivers(Array.from({ length: vector.n }, (_, index) => index))];
    expect(sha256Hex(...pairs.map((pair) => encodeSliver(pair.primary)))).toBe(
      vector.primarySha256,
    );
    expect(sha256Hex(...pairs.map((pair) => encodeSliver(pair.secondary)))).toBe(
      vector.secondarySha256,
    );
  });
});

describe("blob IDs at 1,000 shards", () => {
  test.each(blobs.mainnet)("$blob", (vector) => {
    const blob = namedBlob(vector.blob);
    expect(blob.length).toBe(vector.length);
    expect(valueOf(symbolBytesFor(blob.length, 1000))).toBe(vector.B);
    const metadata = valueOf(codec.metadata(blob, 1000));
    expect(formatBlobId(metadata.blobId)).toBe(vector.id);
    expect(hexOf(metadata.rootHash)).toBe(vector.root);
    expect(shardIndexOfPair(0, metadata.blobId, 1000)).toBe(vector.offset);
    expect(pairIndexOfShard(vector.offset, metadata.blobId, 1000)).toBe(0);
  });
});

describe("encoded lengths", () => {
  test.each([
    [0, 10, 6_940],
    [1, 10, 6_940],
    [1, 1000, 66_034_000],
    [2800, 10, 17_720],
    [22_277_800, 1000, 164_132_000],
    [1, 4, 1_192],
    [1, 7, 3_472],
    [445_556, 1000, 66_034_000],
    [445_557, 1000, 68_036_000],
    [1024 ** 2, 1000, 70_038_000],
    [10 * 1024 ** 2, 1000, 112_080_000],
    [100 * 1024 ** 2, 1000, 536_504_000],
    [1024 ** 3, 1000, 4_888_852_000],
    [14_599_533_452, 1000, 65_663_566_000],
    [1_782_224, 1000, 72_040_000],
  ])("%i bytes over %i shards", (unencodedBytes, shardCount, encodedBytes) => {
    expect(valueOf(encodedBlobBytes(unencodedBytes, shardCount))).toBe(encodedBytes);
  });
});

describe("metadata from fixed hashes", () => {
  const hashes = new Uint8Array(640).map((_, index) => Math.floor(index / 64));
  const metadata = { shardCount: 10, unencodedBytes: 62_831, sliverHashes: hashes };

  test("has the blob ID and layout of the vector", () => {
    const id = parseBlobId("Kzx3MpKXCfS3QkVecQujG5rsWwSw1M_w72l9MCFYhtg")!;
    const verified = valueOf(codec.verifyMetadata(metadata, id));
    expect(hexOf(verified.rootHash)).toBe(
      "ee11b28d26e397adecbc226de9738e4e9561d48e9a7dc816c1701f696fccec33",
    );
    const bcs = encodeMetadata(metadata);
    expect(bcs.length).toBe(671);
    expect(hexOf(bcs).startsWith("00016ff50000000000000a0100000000")).toBe(true);
    expect(sha256Hex(bcs)).toBe("0327dbc6a1b0574e5bc79ba9a6f57f6abab355bfc5a290fe7364df75fdca249b");
  });
});

describe("quilts", () => {
  function djb2(bytes: Uint8Array): string {
    let hash = 5381;
    for (const byte of bytes) hash = (Math.imul(hash, 33) + byte) >>> 0;
    return hash.toString(16).padStart(8, "0");
  }

  test.each(quiltVectors.map((vector) => [vector.djb2, vector] as const))("%s", (_, vector) => {
    const patches = vector.patches.map(({ identifier, data, tags }) => ({
      identifier,
      data: typeof data === "string" ? text(data) : countingBytes(...data),
      tags: new Map(Object.entries(tags ?? {})),
    }));
    const quilt = valueOf(encodeQuilt(patches, vector.shardCount));
    expect(quilt.symbolBytes).toBe(vector.symbolBytes);
    const ranges = quilt.index.patches.map((p) => [p.identifier, p.startIndex, p.endIndex]);
    expect(ranges).toEqual(vector.ranges);
    expect(djb2(quilt.blob)).toBe(vector.djb2);
    if (vector.sha256 !== undefined) expect(sha256Hex(quilt.blob)).toBe(vector.sha256);
    if (vector.blobId !== undefined) {
      const { blobId } = valueOf(codec.metadata(quilt.blob, vector.shardCount));
      expect(formatBlobId(blobId)).toBe(vector.blobId);
    }
    const column = (index: number) => quiltColumn(quilt.blob, vector.shardCount, index);
    const columns = Array.from({ length: quilt.index.columnCount }, (_, index) => column(index));
    if (vector.indexHex !== undefined) {
      const joined = columns.map(hexOf).join("");
      expect(joined.startsWith(vector.indexHex)).toBe(true);
    }
    expect(valueOf(decodeQuiltIndex(columns))).toEqual(quilt.index);
    for (const { identifier, startIndex, endIndex } of quilt.index.patches) {
      const own = Array.from({ length: endIndex - startIndex }, (_, i) => column(startIndex + i));
      const patch = valueOf(decodeQuiltPatch(own));
      const input = patches.find((candidate) => candidate.identifier === identifier)!;
      expect(patch.identifier).toBe(identifier);
      expect(Buffer.from(patch.data).equals(input.data)).toBe(true);
      expect(new Map(patch.tags)).toEqual(input.tags);
    }
  });

  test.each(symbolSizeVectors)(
    "symbol size of %j in %i x %i",
    (sizes, columns, rows, index, want) => {
      const found = quiltSymbolBytes(sizes, columns, rows, index);
      if (typeof want === "number") expect(valueOf(found)).toBe(want);
      else expect(failureOf(found).kind).toBe(want);
    },
  );

  test.each(patchIdVectors)("patch ID %s", (id, quiltId, startIndex, endIndex) => {
    const parsed = parsePatchId(id)!;
    expect(formatBlobId(parsed.quiltId)).toBe(quiltId);
    expect(parsed).toMatchObject({ startIndex, endIndex });
    expect(formatPatchId(parsed)).toBe(id);
  });

  test("a patch ID of 36 bytes is refused", () => {
    expect(parsePatchId("DJHLsgUoKQKEPcw3uehNQwuJjMu5a2sRdn8r-f7iWSAAC8Pw")).toBeNull();
  });
});

describe("text forms of blob IDs", () => {
  test.each([
    [
      "iIWkkUTzPZx-d1E_A7LqUynnYFD-ztk39_tP8MLdS2Y",
      46269954626831698189342469164469112511517843773769981308926739591706762839432n,
    ],
    [
      "M5YQinGO3RoRLaW_KbCfvXStVlWEqO5dGDe5cSiN07I",
      80885466015098902458382552429473803233277035186046880821304527730792838764083n,
    ],
    [
      "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk",
      33029388974007764889800497995325165905902854956237990162315138693239164143667n,
    ],
    ["AAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 256n],
    ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0n],
    ["__________________________________________8", 2n ** 256n - 1n],
  ])("%s", (id, u256) => {
    const bytes = parseBlobId(id)!;
    expect(blobIdToU256(bytes)).toBe(u256);
    expect(formatBlobId(bytes)).toBe(id);
    expect(parseBlobId(u256.toString())).toEqual(bytes);
    expect(parseBlobId(`0x${hexOf(bytes)}`)).toEqual(bytes);
    expect(blobIdFromU256(u256)).toEqual(bytes);
  });

  test("43 digits are base64url", () => {
    expect(hexOf(parseBlobId(`1${"0".repeat(42)}`)!).startsWith("d74d34d34d34")).toBe(true);
  });

  test.each([
    (2n ** 256n).toString(),
    "",
    "abc",
    `0x${"0".repeat(63)}`,
    // Non-zero bits after the last byte.
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
    `${"A".repeat(42)}=`,
    "0123",
    "-1",
  ])("refuses %s", (value) => {
    expect(parseBlobId(value)).toBeNull();
  });
});
