/**
 * Thousands of random encodings against the official encoder.
 *
 * Equal blob IDs mean equal hashes of all slivers, so slivers and decoded bytes are then judged
 * by their hashes. `SLOW_SEED`, `SLOW_FIRST` and `SLOW_CASES` choose the cases; each depends on the
 * seed and its own number alone, and a failure names both.
 */
import { BlobEncoder } from "@mysten/walrus-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codec,
  createCodec,
  createExternalCodec,
  type EncodedBlob,
  encodingParameters,
  type ExternalCodec,
  firstCheckpoint,
  unencodedBytesMax,
  type VerifiedMetadata,
} from "../../shared/codec/index.ts";
import { EXTERNAL_WORKING_BYTES_MAX } from "../../shared/limits.ts";
import type { Random } from "../../shared/ports.ts";
import { compileKernel } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { MemoryScratch, sourceOf } from "../support/memory-scratch.ts";
import { valueOf } from "../support/results.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SEED = Number(process.env["SLOW_SEED"] ?? 1);
const FIRST = Number(process.env["SLOW_FIRST"] ?? 0);
const CASES = Number(process.env["SLOW_CASES"] ?? 10_000);
const CASES_PER_TEST = 250;
const BYTES_MAX = 2 * 1024 * 1024;
const SHARDS = { min: 4, max: 1000 } as const;

/** How often a case also decodes, and also goes through the external codec. */
const DECODES_EVERY = 3;
const EXTERNAL_EVERY = 10;
const PAIRS_VERIFIED = 3;

const KINDS = ["random", "zero", "sparse", "repeating"] as const;

interface SlowCase {
  readonly shardCount: number;
  readonly byteCount: number;
  readonly kind: (typeof KINDS)[number];
  readonly contentSeed: number;
}

let codec: Codec;
let external: ExternalCodec;

beforeAll(async () => {
  const module = await compileKernel();
  codec = createCodec(module);
  external = createExternalCodec(module);
});

/** Log-uniform, so that small and large are drawn alike; the work grows with n². */
function logUniform(random: Random, min: number, max: number): number {
  return Math.min(max, Math.floor(min * ((max + 1) / min) ** random.unit()));
}

function drawCase(random: Random): SlowCase {
  const shardCount = logUniform(random, SHARDS.min, SHARDS.max);
  const bytesMax = Math.min(BYTES_MAX, unencodedBytesMax(shardCount));
  const isEven = random.unit() < 0.5;
  const byteCount = isEven
    ? Math.floor(random.unit() * (bytesMax + 1))
    : logUniform(random, 1, bytesMax + 1) - 1;
  const kind = KINDS[Math.floor(random.unit() * KINDS.length)] ?? "random";
  return { shardCount, byteCount, kind, contentSeed: Math.floor(random.unit() * 2 ** 31) };
}

function contentOf({ kind, byteCount, contentSeed }: SlowCase): Uint8Array {
  const blob = kind === "random" ? seededBytes(byteCount, contentSeed) : new Uint8Array(byteCount);
  const random = seededRandom(contentSeed);
  if (kind === "sparse") {
    const count = 1 + Math.floor(random.unit() * 20);
    for (let index = 0; index < count; index++) {
      blob[Math.floor(random.unit() * byteCount)] = 1 + Math.floor(random.unit() * 255);
    }
  }
  if (kind === "repeating") {
    const pattern = random.bytes(1 + Math.floor(random.unit() * 300));
    for (let start = 0; start < byteCount; start += pattern.length) {
      blob.set(pattern.subarray(0, byteCount - start), start);
    }
  }
  return blob;
}

function peerMetadata(blob: Uint8Array, shardCount: number) {
  const encoder = new BlobEncoder(shardCount);
  const [blobId, root] = encoder.compute_metadata(blob) as [
    ArrayLike<number>,
    { readonly Digest: ArrayLike<number> },
  ];
  encoder.free();
  return { blobId: Uint8Array.from(blobId), rootHash: Uint8Array.from(root.Digest) };
}

/** `count` distinct indices below n. */
function drawIndices(random: Random, shardCount: number, count: number): number[] {
  const order = Array.from({ length: shardCount }, (_, index) => index);
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random.unit() * (shardCount - index));
    const [left = 0, right = 0] = [order[index], order[other]];
    [order[index], order[other]] = [right, left];
  }
  return order.slice(0, count);
}

function checkPairs(encoded: EncodedBlob, random: Random): void {
  const { shardCount } = encoded.parameters;
  for (const pair of encoded.slivers(drawIndices(random, shardCount, PAIRS_VERIFIED))) {
    expect(codec.verifySliver(pair.primary, encoded.metadata)).toEqual({
      ok: true,
      value: undefined,
    });
    expect(codec.verifySliver(pair.secondary, encoded.metadata)).toEqual({
      ok: true,
      value: undefined,
    });
  }
}

function checkDecoding(encoded: EncodedBlob, blob: Uint8Array, random: Random): void {
  const { shardCount, primaryCount, secondaryCount } = encodingParameters(
    encoded.parameters.shardCount,
  );
  const axis = random.unit() < 0.7 ? "primary" : "secondary";
  const count = axis === "primary" ? primaryCount : secondaryCount;
  // Now and then the last slivers alone: as much parity as there is.
  const indices =
    random.unit() < 0.3
      ? Array.from({ length: count }, (_, index) => shardCount - 1 - index)
      : drawIndices(random, shardCount, count);
  const pairs =
    axis === "primary" ? indices : indices.map((sliverIndex) => shardCount - 1 - sliverIndex);
  const slivers = [...encoded.slivers(pairs)].map((pair) => pair[axis]);
  const decoded = valueOf(codec.decode(slivers, encoded.metadata));
  expect(Buffer.compare(decoded, blob)).toBe(0);
}

async function checkExternal(
  blob: Uint8Array,
  expected: VerifiedMetadata,
  random: Random,
): Promise<void> {
  const { shardCount } = expected;
  const workingBytes = Math.floor(2 ** (20 + random.unit() * 5));
  const tight = external.plan(blob.length, shardCount, { workingBytes });
  const plan = tight.ok
    ? tight.value
    : valueOf(external.plan(blob.length, shardCount, { workingBytes: EXTERNAL_WORKING_BYTES_MAX }));
  const ports = { source: sourceOf(blob), scratch: new MemoryScratch() };
  const run = external.run(firstCheckpoint(plan), ports);
  let step = await run.next();
  while (step.done !== true) step = await run.next();
  expect(step.value).toEqual(expected);
  for await (const pair of external.slivers(plan, ports, drawIndices(random, shardCount, 2))) {
    expect(codec.verifySliver(pair.primary, expected).ok).toBe(true);
    expect(codec.verifySliver(pair.secondary, expected).ok).toBe(true);
  }
}

function caseRandom(index: number): Random {
  return seededRandom(SEED * 1_000_003 + index);
}

async function checkCase(index: number): Promise<void> {
  const random = caseRandom(index);
  const drawn = drawCase(random);
  const blob = contentOf(drawn);
  const encoded = valueOf(codec.encode(blob, drawn.shardCount));
  const { metadata } = encoded;
  const { blobId, rootHash } = metadata;
  expect({ blobId, rootHash }).toEqual(peerMetadata(blob, drawn.shardCount));
  checkPairs(encoded, random);
  if (index % DECODES_EVERY === 0) checkDecoding(encoded, blob, random);
  encoded.release();
  if (index % EXTERNAL_EVERY === 0) await checkExternal(blob, metadata, random);
}

describe(`seed ${SEED}`, () => {
  const batches = Array.from(
    { length: Math.ceil(CASES / CASES_PER_TEST) },
    (_, batch) => FIRST + batch * CASES_PER_TEST,
  );
  test.each(batches)("cases from %i on equal the official encoder", async (first) => {
    const end = Math.min(first + CASES_PER_TEST, FIRST + CASES);
    const failed: string[] = [];
    for (let index = first; index < end; index++) {
      await checkCase(index).catch((error: unknown) => {
        const drawn = drawCase(caseRandom(index));
        failed.push(`case ${index} of seed ${SEED}, ${JSON.stringify(drawn)}: ${String(error)}`);
      });
    }
    expect(failed).toEqual([]);
  });
});
