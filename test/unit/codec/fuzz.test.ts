/**
 * Hostile arguments to every public call of the codec: an answer, a typed refusal, or a TypeError
 * or RangeError; never a trap of the kernel, and afterwards the codec works as before.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import * as door from "../../../shared/codec/index.ts";
import { countingBytes } from "../../support/bytes.ts";
import { compileKernel } from "../../support/codec.ts";
import { MemoryScratch, sourceOf } from "../../support/memory-scratch.ts";
import { valueOf } from "../../support/results.ts";

const SHARDS = 10;
const BLOB = countingBytes(500, 3);

let codec: door.Codec;
let external: door.ExternalCodec;
let metadata: door.VerifiedMetadata;
let pairs: door.SliverPair[];

beforeAll(async () => {
  const module = await compileKernel();
  codec = door.createCodec(module);
  external = door.createExternalCodec(module);
  const encoded = valueOf(codec.encode(BLOB, SHARDS));
  metadata = encoded.metadata;
  pairs = [...encoded.slivers(Array.from({ length: SHARDS }, (_, index) => index))];
});

const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 70 }) },
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    1.5,
    -1e9,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    65_534,
    65_536,
    14_599_533_452,
  ),
  fc.double(),
);

function detached(byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Lengths around those that fit the blob above: rows of 126 bytes, columns of 72, cells of 18. */
const lengths = fc.oneof(
  fc.constantFrom(0, 1, 2, 17, 18, 19, 31, 32, 33, 72, 126, 500, 640, 641),
  fc.nat(700),
);
const byteArrays = fc.oneof(
  { weight: 4, arbitrary: lengths.map((length) => countingBytes(length, length)) },
  lengths.map((length) => new Uint8Array(new SharedArrayBuffer(length)) as Uint8Array),
  lengths.map((length) => new Uint8Array(new ArrayBuffer(length, { maxByteLength: 2 * length }))),
  lengths.map((length) => countingBytes(length + 9, 1).subarray(5, 5 + length)),
  lengths.map(detached),
);
/** Mostly bytes, sometimes something that is none at all. */
const bytes = fc.oneof(
  { weight: 20, arbitrary: byteArrays },
  fc.constantFrom(null, undefined, 7, "text", [], {}, new ArrayBuffer(126), new Float64Array(9)),
) as fc.Arbitrary<Uint8Array>;

const axes = fc.constantFrom("primary", "secondary", "neither") as fc.Arbitrary<door.SliverAxis>;
const proofs = fc.array(fc.option(bytes), { maxLength: 6 });
const likely = (value: number) => fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, numbers);

const hostileSlivers = fc.record({
  axis: axes,
  sliverIndex: numbers,
  symbolBytes: likely(18),
  data: bytes,
});
const slivers = fc.oneof(
  hostileSlivers,
  fc.nat(SHARDS - 1).map((pair) => ({ real: pair, axis: "primary" as const })),
  fc.nat(SHARDS - 1).map((pair) => ({ real: pair, axis: "secondary" as const })),
);
const symbols = fc.record({
  targetAxis: axes,
  sourceIndex: numbers,
  targetIndex: numbers,
  data: fc.oneof(bytes, fc.constant(countingBytes(18, 1))),
  proof: proofs,
});
const metadatas = fc.record({
  shardCount: likely(SHARDS),
  unencodedBytes: likely(500),
  sliverHashes: fc.oneof({ weight: 3, arbitrary: fc.constant(new Uint8Array(640)) }, bytes),
  blobId: bytes,
  rootHash: bytes,
});
const targets = fc.record({ axis: axes, sliverIndex: numbers });

function realise(drawn: typeof slivers extends fc.Arbitrary<infer T> ? T : never): door.Sliver {
  if (!("real" in drawn)) return drawn;
  const pair = pairs[drawn.real];
  if (pair === undefined) throw new Error("no such pair");
  return pair[drawn.axis];
}

/** Runs a call; whatever it throws must be the refusal of a caller's bug. */
function attempt(call: () => unknown): void {
  try {
    const result = call();
    expect(result).not.toBeUndefined();
  } catch (error) {
    expect([TypeError, RangeError]).toContain((error as Error).constructor);
    expect(error).not.toBeInstanceOf(WebAssembly.RuntimeError);
  }
}

function expectSound(): void {
  expect(valueOf(codec.metadata(BLOB, SHARDS))).toEqual(metadata);
}

const runs = { numRuns: 400 };

describe("hostile arguments", () => {
  test("to hash, metadata, encode and what it hands out", () => {
    fc.assert(
      fc.property(bytes, likely(SHARDS), numbers, axes, (blob, shardCount, index, axis) => {
        attempt(() => codec.hash(blob));
        attempt(() => codec.metadata(blob, shardCount));
        attempt(() => {
          const encoded = codec.encode(blob, shardCount);
          if (!encoded.ok) return encoded;
          attempt(() => encoded.value.sliver(axis, index));
          attempt(() => [...encoded.value.slivers([index, 0, index])]);
          encoded.value.release();
          return encoded;
        });
      }),
      runs,
    );
    expectSound();
  });

  test("to metadata, encode and the strict check of a blob in chunks", () => {
    const chunked = fc.record({
      chunks: fc.oneof(
        { weight: 5, arbitrary: fc.array(bytes, { maxLength: 4 }) },
        fc.constantFrom(null, 3, "text", {}) as fc.Arbitrary<never>,
      ),
      unencodedBytes: fc.oneof(numbers, lengths),
    });
    fc.assert(
      fc.property(chunked, likely(SHARDS), bytes, (blob, shardCount, blobId) => {
        attempt(() => codec.metadata(blob, shardCount));
        attempt(() => codec.encode(blob, shardCount));
        const { unencodedBytes } = blob;
        attempt(() => codec.checkBlobId(blob, { blobId, unencodedBytes, shardCount }));
      }),
      runs,
    );
    expectSound();
  });

  test("to decode and to what is checked after it", () => {
    fc.assert(
      fc.property(
        fc.array(slivers, { maxLength: 12 }),
        metadatas,
        bytes,
        (drawn, claimed, blob) => {
          const given = drawn.map(realise);
          attempt(() => codec.decode(given, claimed));
          attempt(() => codec.decode(given, metadata));
          attempt(() => codec.checkRows(blob, claimed, new Set([Number.NaN, -1, 2])) ?? null);
          attempt(() => codec.checkBlobId(blob, claimed));
          attempt(() => codec.checkPaddingRows(claimed));
          attempt(() => codec.verifyMetadata(claimed, blob));
        },
      ),
      runs,
    );
    expectSound();
  });

  test("to verifying and expanding slivers", () => {
    fc.assert(
      fc.property(slivers, metadatas, likely(SHARDS), numbers, (drawn, claimed, count, index) => {
        const sliver = realise(drawn);
        attempt(() => codec.verifySliver(sliver, claimed));
        attempt(() => codec.verifySliver(sliver, metadata));
        attempt(() => codec.zeroRowHash(count, index));
        attempt(() => {
          const expanded = codec.expandSliver(sliver, count);
          if (expanded.ok) attempt(() => expanded.value.recoverySymbol(index));
          return expanded;
        });
      }),
      runs,
    );
    expectSound();
  });

  test("to symbols and recovery", () => {
    const many = fc.array(symbols, { maxLength: 12 });
    fc.assert(
      fc.property(many, targets, metadatas, (drawn, target, claimed) => {
        for (const symbol of drawn) {
          attempt(() => codec.verifyRecoverySymbol(symbol, target, claimed));
          attempt(() => codec.verifyRecoverySymbol(symbol, target, metadata));
        }
        attempt(() => codec.recoverSliver(target, drawn, claimed));
        attempt(() => codec.recoverSliver(target, drawn, metadata));
      }),
      runs,
    );
    expectSound();
  });

  test("to recovery: indices that are none do not count as symbols", () => {
    const target = { axis: "primary", sliverIndex: 0 } as const;
    const wrong = [-1, 1.5, Number.NaN, -7, 0.25, 3.5, 2.5, SHARDS].map((sourceIndex) => ({
      targetAxis: "primary" as const,
      sourceIndex,
      data: countingBytes(18, 1),
    }));
    expect(codec.recoverSliver(target, wrong, metadata)).toEqual({
      ok: false,
      failure: { kind: "not-enough-symbols", usable: 0, required: 7 },
    });
  });

  test("to the layouts and sizes", () => {
    const anyBytes = fc.oneof(bytes, fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(anyBytes, axes, numbers, numbers, (content, axis, first, second) => {
        attempt(() => door.decodeSliver(axis, content));
        attempt(() => door.decodeMetadata(content));
        attempt(() => door.decodeMetadataWithId(content));
        attempt(() => door.decodeRecoverySymbols(content));
        attempt(() => door.decodeDecodingSymbols(content));
        attempt(() => door.formatBlobId(content));
        attempt(() => door.checkRowPadding(content, first, second));
        attempt(() => door.symbolBytesFor(first, second));
        attempt(() => door.encodedBlobBytes(first, second));
        attempt(() => door.sliverBytes(axis, first, second));
        attempt(() => door.unencodedBytesMax(first));
      }),
      runs,
    );
    expectSound();
  });

  test("to the external codec", async () => {
    const plans = fc.record({
      unencodedBytes: likely(500),
      shardCount: likely(SHARDS),
      symbolBytes: likely(18),
      rowsTogether: likely(2),
      columnsTogether: likely(4),
      pieceBytes: likely(100),
      keepsSlivers: fc.boolean(),
    });
    const counts = fc.array(numbers, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(plans, likely(0), counts, numbers, async (plan, rows, groups, index) => {
        attempt(() => external.plan(plan.unencodedBytes, plan.shardCount, { workingBytes: index }));
        const ports = { source: sourceOf(BLOB), scratch: new MemoryScratch() };
        const checkpoint = {
          version: 1,
          plan,
          ingestedRows: rows,
          finishedGroups: groups,
        } as const;
        const works = [
          async () => {
            for await (const _ of external.run(checkpoint, ports));
          },
          () => external.hashGroup(plan, ports, index),
          async () => {
            for await (const _ of external.slivers(plan, ports, [index]));
          },
        ];
        for (const work of works) {
          const error: unknown = await work().catch((reason: unknown) => reason);
          if (error === undefined) continue;
          expect([TypeError, RangeError]).toContain((error as Error).constructor);
        }
      }),
      runs,
    );
    expectSound();
  });
});
