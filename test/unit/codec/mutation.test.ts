/** A change of any byte of a sliver, of metadata or of a proof is caught, for any encoding. */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codec,
  decodeMetadataWithId,
  decodeSliver,
  encodeMetadataWithId,
  encodeSliver,
  type Sliver,
} from "../../../shared/codec/index.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { valueOf } from "../../support/results.ts";

let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

/** One encoding, one of its pairs, and a change of one byte by a non-zero mask. */
const cases = fc.record({
  shardCount: fc.integer({ min: 4, max: 64 }),
  byteCount: fc.integer({ min: 0, max: 5_000 }),
  seed: fc.nat(),
  pair: fc.nat(),
  isPrimary: fc.boolean(),
  at: fc.nat(),
  mask: fc.integer({ min: 1, max: 255 }),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function encodingOf({ shardCount, byteCount, seed, pair, isPrimary }: Case) {
  const encoded = valueOf(codec.encode(seededBytes(byteCount, seed), shardCount));
  const axis = isPrimary ? ("primary" as const) : ("secondary" as const);
  const sliver = encoded.sliver(axis, pair % shardCount);
  encoded.release();
  return { metadata: encoded.metadata, sliver };
}

function mutate(bytes: Uint8Array, { at, mask }: Case): Uint8Array {
  const copy = bytes.slice();
  const position = at % copy.length;
  copy[position] = (copy[position] ?? 0) ^ mask;
  return copy;
}

/** As a reader takes a sliver it asked for by axis and index. */
function accepts(wanted: Sliver, bytes: Uint8Array, metadata: Parameters<Codec["decode"]>[1]) {
  const sliver = decodeSliver(wanted.axis, bytes);
  if (!sliver.ok || sliver.value.sliverIndex !== wanted.sliverIndex) return false;
  return codec.verifySliver(sliver.value, metadata).ok;
}

describe("a mutation of any byte", () => {
  test("of a sliver as nodes send it is caught", () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const { metadata, sliver } = encodingOf(drawn);
        const bytes = encodeSliver(sliver);
        expect(accepts(sliver, bytes, metadata)).toBe(true);
        expect(accepts(sliver, mutate(bytes, drawn), metadata)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("of metadata as nodes send it is caught", () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const { metadata } = encodingOf(drawn);
        const accepts = (bytes: Uint8Array) => {
          const read = decodeMetadataWithId(bytes);
          return read.ok && codec.verifyMetadata(read.value.metadata, metadata.blobId).ok;
        };
        const bytes = encodeMetadataWithId(metadata, metadata.blobId);
        expect(accepts(bytes)).toBe(true);
        // The 32 bytes of the claimed ID are not metadata: a reader goes by the ID it asked for.
        const content = mutate(bytes.subarray(32), drawn);
        expect(accepts(Uint8Array.from([...bytes.subarray(0, 32), ...content]))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("of a recovery symbol or its proof is caught", () => {
    fc.assert(
      fc.property(cases, fc.nat(), (drawn, target) => {
        const { metadata, sliver } = encodingOf(drawn);
        const targetIndex = target % drawn.shardCount;
        const symbol = valueOf(codec.expandSliver(sliver, drawn.shardCount)).recoverySymbol(
          targetIndex,
        );
        const wanted = { axis: symbol.targetAxis, sliverIndex: targetIndex };
        const verify = (changed: Partial<typeof symbol>) =>
          codec.verifyRecoverySymbol({ ...symbol, ...changed }, wanted, metadata).ok;
        expect(verify({})).toBe(true);
        expect(verify({ data: mutate(symbol.data, drawn) })).toBe(false);
        symbol.proof.forEach((node, level) => {
          const other = node === null ? mutate(new Uint8Array(32), drawn) : mutate(node, drawn);
          expect(verify({ proof: symbol.proof.with(level, other) })).toBe(false);
          if (node !== null) expect(verify({ proof: symbol.proof.with(level, null) })).toBe(false);
        });
      }),
      { numRuns: 100 },
    );
  });
});
