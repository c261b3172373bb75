/** Counts and sizes, at their bounds. */
import { describe, expect, test } from "vitest";
import {
  encodedBlobBytes,
  encodingParameters,
  metadataBytes,
  pairIndexOfShard,
  pairIndexOfSliver,
  parseBlobId,
  shardIndexOfPair,
  sliverBytes,
  sliverIndexOfPair,
  symbolBytesFor,
  unencodedBytesMax,
} from "../../../shared/codec/index.ts";
import { SHARDS_MAX, SHARDS_MIN, SYMBOL_BYTES_MAX } from "../../../shared/limits.ts";
import { failureOf, valueOf } from "../../support/results.ts";

describe("encodingParameters", () => {
  // walrus-core bft.rs, encoding/config.rs
  test.each([
    [4, 1, 2, 3],
    [5, 1, 3, 4],
    [6, 1, 4, 5],
    [7, 2, 3, 5],
    [8, 2, 4, 6],
    [9, 2, 5, 7],
    [10, 3, 4, 7],
    [13, 4, 5, 9],
    [16, 5, 6, 11],
    [31, 10, 11, 21],
    [50, 16, 18, 34],
    [51, 16, 19, 35],
    [100, 33, 34, 67],
    [101, 33, 35, 68],
    [301, 100, 101, 201],
    [1000, 333, 334, 667],
  ])("of %i shards", (shardCount, faultyCount, primaryCount, secondaryCount) => {
    expect(encodingParameters(shardCount)).toEqual({
      shardCount,
      faultyCount,
      primaryCount,
      secondaryCount,
    });
  });

  test.each([SHARDS_MIN - 1, SHARDS_MAX + 1, 0, 4.5, Number.NaN])("refuses %d shards", (count) => {
    expect(() => encodingParameters(count)).toThrow(/expected 4 to 1000 shards/);
  });
});

describe("symbolBytesFor", () => {
  // P·S is 6 at 4 shards.
  test.each([
    [0, 2],
    [1, 2],
    [12, 2],
    [13, 4],
    [24, 4],
    [25, 6],
  ])("%i bytes over 4 shards", (unencodedBytes, symbolBytes) => {
    expect(valueOf(symbolBytesFor(unencodedBytes, 4))).toBe(symbolBytes);
  });

  test("takes the protocol's maximum and nothing above", () => {
    expect(unencodedBytesMax(1000)).toBe(14_599_533_452);
    expect(valueOf(symbolBytesFor(14_599_533_452, 1000))).toBe(SYMBOL_BYTES_MAX);
    expect(failureOf(symbolBytesFor(14_599_533_453, 1000))).toEqual({
      kind: "blob-exceeds-protocol",
      unencodedBytes: 14_599_533_453,
      unencodedBytesMax: 14_599_533_452,
      shardCount: 1000,
    });
    expect(encodedBlobBytes(14_599_533_453, 1000).ok).toBe(false);
    expect(symbolBytesFor(2 ** 64, 1000).ok).toBe(false);
  });

  test.each([-1, 1.5, Number.NaN])("refuses %d as a length", (unencodedBytes) => {
    expect(() => symbolBytesFor(unencodedBytes, 10)).toThrow(RangeError);
  });
});

test("slivers and metadata have the sizes of the protocol", () => {
  expect(sliverBytes("primary", 6, 1000)).toBe(4_002);
  expect(sliverBytes("secondary", 6, 1000)).toBe(2_004);
  expect([4, 7, 10, 13, 31, 100, 1000].map(metadataBytes)).toEqual([
    275, 473, 671, 869, 2_057, 6_611, 66_012,
  ]);
});

describe("mapping", () => {
  const blobId = parseBlobId("RcU82Mwf-CFkv1LaI_2qcpANwpGUuG3TMwnVzZxD2kY")!;

  test.each([
    [10, 8, 2],
    [7, 5, 2],
    [1000, 518, 482],
  ])("rotates pairs over %i shards by the blob ID", (shardCount, shardOfPair0, pairOfShard0) => {
    expect(shardIndexOfPair(0, blobId, shardCount)).toBe(shardOfPair0);
    expect(pairIndexOfShard(0, blobId, shardCount)).toBe(pairOfShard0);
    for (let pair = 0; pair < shardCount; pair++) {
      const shard = shardIndexOfPair(pair, blobId, shardCount);
      expect(pairIndexOfShard(shard, blobId, shardCount)).toBe(pair);
    }
  });

  test("a pair holds primary p and secondary n-1-p", () => {
    expect(pairIndexOfSliver("primary", 3, 10)).toBe(3);
    expect(pairIndexOfSliver("secondary", 3, 10)).toBe(6);
    expect(sliverIndexOfPair("secondary", 6, 10)).toBe(3);
  });

  test.each([-1, 10, 0.5])("refuses index %d of 10", (index) => {
    expect(() => shardIndexOfPair(index, blobId, 10)).toThrow(RangeError);
    expect(() => pairIndexOfShard(index, blobId, 10)).toThrow(RangeError);
    expect(() => pairIndexOfSliver("primary", index, 10)).toThrow(RangeError);
  });
});
