/**
 * The shipped codec against the naive reference and the official encoder: the same bytes from all
 * three, for random shard counts, lengths, contents and erasures.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codec,
  encodeSliver,
  encodingParameters,
  type Sliver,
  type SliverAxis,
  sliverBytes,
  type SliverPair,
  symbolBytesFor,
} from "../../shared/codec/index.ts";
import * as reference from "../reference/red-stuff.ts";
import { loadCodec } from "../support/codec.ts";
import { decodeWithPeer, encodeWithPeer } from "./peer.ts";
import { valueOf } from "../support/results.ts";

let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

const shardCounts = fc.oneof(
  fc.integer({ min: 4, max: 20 }),
  fc.constantFrom(4, 5, 6, 7, 8, 9, 10, 13, 16, 31, 33, 40),
);

/** A blob as the seed of its content: random, zero, half zero or two-valued. */
const contents = fc.record({
  kind: fc.constantFrom("random", "zero", "half", "bits"),
  seed: fc.integer({ min: 1, max: 0x7fffffff }),
});

/** Symbol sizes around every boundary of the layout, as a fill of the matrix. */
const fills = fc.record({
  symbolBytes: fc.constantFrom(2, 2, 4, 6, 30, 62, 64, 66, 126, 128, 130, 200),
  fraction: fc.double({ min: 0, max: 1, noNaN: true }),
});

function makeBlob(
  shardCount: number,
  fill: { symbolBytes: number; fraction: number },
  content: { kind: string; seed: number },
): Uint8Array {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const max = primaryCount * secondaryCount * fill.symbolBytes;
  return fillBytes(Math.floor(max * fill.fraction), content);
}

function fillBytes(byteCount: number, { kind, seed }: { kind: string; seed: number }) {
  const blob = new Uint8Array(byteCount);
  if (kind === "zero") return blob;
  let state = seed;
  const end = kind === "half" ? byteCount / 2 : byteCount;
  for (let index = 0; index < end; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    blob[index] = kind === "bits" ? state & 1 : state & 0xff;
  }
  return blob;
}

function allPairs(blob: Uint8Array, shardCount: number): SliverPair[] {
  const encoded = valueOf(codec.encode(blob, shardCount));
  const pairs = [...encoded.slivers(Array.from({ length: shardCount }, (_, index) => index))];
  encoded.release();
  return pairs;
}

/** `count` distinct indices below n, drawn by the seed. */
function drawIndices(shardCount: number, count: number, seed: number): number[] {
  const order = Array.from({ length: shardCount }, (_, index) => index);
  let state = seed;
  for (let index = order.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (index + 1);
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order.slice(0, count);
}

describe("encoding", () => {
  test("gives the bytes of the reference and of the official encoder", () => {
    fc.assert(
      fc.property(shardCounts, fills, contents, (shardCount, fill, content) => {
        const blob = makeBlob(shardCount, fill, content);
        const symbolBytes = valueOf(symbolBytesFor(blob.length, shardCount));
        const peer = encodeWithPeer(
          blob,
          shardCount,
          sliverBytes("primary", symbolBytes, shardCount),
          sliverBytes("secondary", symbolBytes, shardCount),
        );
        const metadata = valueOf(codec.metadata(blob, shardCount));
        expect(metadata.blobId).toEqual(peer.blobId);
        expect(metadata.rootHash).toEqual(peer.rootHash);
        expect(metadata.sliverHashes).toEqual(peer.sliverHashes);
        allPairs(blob, shardCount).forEach((pair, index) => {
          expect(encodeSliver(pair.primary)).toEqual(peer.primarySlivers[index]);
          expect(encodeSliver(pair.secondary)).toEqual(peer.secondarySlivers[index]);
        });
      }),
      { numRuns: 200 },
    );
  });

  test("gives the bytes of the naive reference", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 16 }),
        fc.integer({ min: 0, max: 3000 }),
        contents,
        (shardCount, byteCount, content) => {
          const blob = fillBytes(byteCount, content);
          const naive = reference.encode(blob, shardCount);
          const metadata = valueOf(codec.metadata(blob, shardCount));
          expect(metadata.blobId).toEqual(naive.blobId);
          expect(metadata.rootHash).toEqual(naive.root);
          for (const { pairIndex, primary, secondary } of allPairs(blob, shardCount)) {
            expect(primary.data).toEqual(naive.primarySlivers[pairIndex]);
            expect(secondary.data).toEqual(naive.secondarySlivers[shardCount - 1 - pairIndex]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([0, 1, 445_556, 445_557, 1_000_003])("at 1,000 shards for %i bytes", (byteCount) => {
    const blob = fillBytes(byteCount, { kind: "random", seed: 7 });
    const symbolBytes = valueOf(symbolBytesFor(byteCount, 1000));
    const peer = encodeWithPeer(
      blob,
      1000,
      sliverBytes("primary", symbolBytes, 1000),
      sliverBytes("secondary", symbolBytes, 1000),
    );
    const encoded = valueOf(codec.encode(blob, 1000));
    expect(Buffer.from(encoded.metadata.blobId)).toEqual(Buffer.from(peer.blobId));
    expect(Buffer.from(encoded.metadata.sliverHashes).equals(peer.sliverHashes)).toBe(true);
    const indices = Array.from({ length: 1000 }, (_, index) => index);
    for (const { pairIndex, primary, secondary } of encoded.slivers(indices)) {
      const theirs = [peer.primarySlivers[pairIndex]!, peer.secondarySlivers[pairIndex]!];
      expect(Buffer.from(encodeSliver(primary)).equals(theirs[0]!)).toBe(true);
      expect(Buffer.from(encodeSliver(secondary)).equals(theirs[1]!)).toBe(true);
    }
    encoded.release();
  });
});

describe("decoding", () => {
  const axes = fc.constantFrom<SliverAxis>("primary", "secondary");

  test("returns the blob from any P primary or S secondary slivers", () => {
    fc.assert(
      fc.property(
        shardCounts,
        fills,
        contents,
        axes,
        fc.integer(),
        (shardCount, fill, content, axis, seed) => {
          const blob = makeBlob(shardCount, fill, content);
          const metadata = valueOf(codec.metadata(blob, shardCount));
          const slivers = drawSlivers(blob, shardCount, axis, seed);
          expect(valueOf(codec.decode(slivers, metadata))).toEqual(blob);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("agrees with the reference and the official decoder", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 13 }),
        fc.integer({ min: 1, max: 600 }),
        contents,
        axes,
        fc.integer(),
        (shardCount, byteCount, content, axis, seed) => {
          const blob = fillBytes(byteCount, content);
          const metadata = valueOf(codec.metadata(blob, shardCount));
          const slivers = drawSlivers(blob, shardCount, axis, seed);
          const byIndex = new Map(slivers.map((sliver) => [sliver.sliverIndex, sliver.data]));
          const ours = valueOf(codec.decode(slivers, metadata));
          expect(ours).toEqual(reference.decode(axis, byIndex, byteCount, shardCount));
          if (axis === "primary") {
            const bcs = slivers.map(encodeSliver);
            const theirs = decodeWithPeer(metadata.blobId, shardCount, byteCount, bcs);
            expect(ours).toEqual(theirs);
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  test.each<[string, SliverAxis, number]>([
    ["parity primary", "primary", 334],
    ["random primary", "primary", 0],
    ["random secondary", "secondary", 0],
    ["mostly parity secondary", "secondary", 333],
  ])("at 1,000 shards from %s slivers", (_, axis, firstIndex) => {
    const blob = fillBytes(900_001, { kind: "random", seed: 11 });
    const { primaryCount, secondaryCount } = encodingParameters(1000);
    const count = axis === "primary" ? primaryCount : secondaryCount;
    const encoded = valueOf(codec.encode(blob, 1000));
    const indices =
      firstIndex === 0
        ? drawIndices(1000, count, 99)
        : Array.from({ length: count }, (_, index) => firstIndex + index);
    const pairs = indices.map((index) => (axis === "primary" ? index : 999 - index));
    const slivers = [...encoded.slivers(pairs)].map((pair) => pair[axis]);
    const decoded = valueOf(codec.decode(slivers, encoded.metadata));
    expect(Buffer.from(decoded).equals(blob)).toBe(true);
    encoded.release();
  });
});

function drawSlivers(
  blob: Uint8Array,
  shardCount: number,
  axis: SliverAxis,
  seed: number,
): Sliver[] {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const count = axis === "primary" ? primaryCount : secondaryCount;
  const pairs = allPairs(blob, shardCount);
  return drawIndices(shardCount, count, seed).map((pairIndex) => pairs[pairIndex]![axis]);
}
