/**
 * Blobs larger than memory: the same bytes as in memory, for any cut of the work, after any
 * interruption, within the memory that was planned.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codec,
  createCodec,
  createExternalCodec,
  encodingParameters,
  type ExternalCheckpoint,
  type ExternalCodec,
  type ExternalOptions,
  type ExternalPlan,
  type ExternalPorts,
  firstCheckpoint,
  groupCountOf,
  type SliverPair,
  type VerifiedMetadata,
  withGroup,
  workingBytesOf,
} from "../../../shared/codec/index.ts";
import { combineGroups } from "../../../shared/codec/external/combine.ts";
import { hashGroup } from "../../../shared/codec/external/hash-group.ts";
import { ingestRows } from "../../../shared/codec/external/ingest.ts";
import { TRANSFERS_TOGETHER } from "../../../shared/codec/external/transfer.ts";
import { Kernel } from "../../../shared/codec/kernel/kernel.ts";
import { EXTERNAL_PIECE_BYTES_MAX, EXTERNAL_WORKING_BYTES_MAX } from "../../../shared/limits.ts";
import { compileKernel } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { MemoryScratch, sourceOf } from "../../support/memory-scratch.ts";
import { failureOf, valueOf } from "../../support/results.ts";

let module: WebAssembly.Module;
let codec: Codec;
let external: ExternalCodec;

beforeAll(async () => {
  module = await compileKernel();
  codec = createCodec(module);
  external = createExternalCodec(module);
});

interface Work {
  readonly plan: ExternalPlan;
  readonly ports: ExternalPorts & { readonly scratch: MemoryScratch };
}

function workOn(blob: Uint8Array, shardCount: number, options: ExternalOptions = {}): Work {
  const plan = valueOf(external.plan(blob.length, shardCount, options));
  return { plan, ports: { source: sourceOf(blob), scratch: new MemoryScratch() } };
}

/** Runs to the end, noting every checkpoint as it would be stored. */
async function finish(
  checkpoint: ExternalCheckpoint,
  ports: ExternalPorts,
): Promise<{ metadata: VerifiedMetadata; stored: string[] }> {
  const stored: string[] = [];
  const run = createExternalCodec(module).run(checkpoint, ports);
  for (;;) {
    const step = await run.next();
    if (step.done === true) return { metadata: step.value, stored };
    stored.push(JSON.stringify(step.value));
  }
}

async function pairsOf({ plan, ports }: Work, indices: readonly number[]): Promise<SliverPair[]> {
  const pairs: SliverPair[] = [];
  for await (const pair of external.slivers(plan, ports, indices)) pairs.push(pair);
  return pairs;
}

function allIndices(shardCount: number): number[] {
  return Array.from({ length: shardCount }, (_, index) => index);
}

/** The least memory in which this blob can be worked on. */
function leastWorkingBytes(byteCount: number, shardCount: number): number {
  let [refused, fits] = [0, EXTERNAL_WORKING_BYTES_MAX];
  while (fits - refused > 1) {
    const half = Math.floor((fits + refused) / 2);
    if (external.plan(byteCount, shardCount, { workingBytes: half }).ok) fits = half;
    else refused = half;
  }
  return fits;
}

describe("metadata and slivers", () => {
  test("are those of the codec in memory, for any shards, length and working set", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 120 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        fc.nat(),
        async (shardCount, byteCount, room, seed) => {
          const { primaryCount, secondaryCount } = encodingParameters(shardCount);
          fc.pre(byteCount <= primaryCount * secondaryCount * 65_534);
          const blob = seededBytes(byteCount, seed);
          const workingBytes = Math.ceil(leastWorkingBytes(byteCount, shardCount) * room);
          const work = workOn(blob, shardCount, { workingBytes });
          expect(workingBytesOf(work.plan)).toBeLessThanOrEqual(workingBytes);
          const { metadata } = await finish(firstCheckpoint(work.plan), work.ports);
          const encoded = valueOf(codec.encode(blob, shardCount));
          expect(metadata).toEqual(encoded.metadata);
          const order = allIndices(shardCount).reverse();
          expect(await pairsOf(work, order)).toEqual([...encoded.slivers(order)]);
          encoded.release();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("are the same for every width of a group, narrow last groups included", async () => {
    const blob = seededBytes(9_000, 3);
    const expected = valueOf(codec.metadata(blob, 21));
    for (const columnsTogether of [1, 2, 4, 8, 16, 32]) {
      const { plan, ports } = workOn(blob, 21, { keepsSlivers: false });
      const cut = { ...plan, columnsTogether, rowsTogether: 2 };
      const { metadata, stored } = await finish(firstCheckpoint(cut), ports);
      expect(metadata).toEqual(expected);
      expect(stored.length).toBeGreaterThanOrEqual(groupCountOf(cut));
    }
  });

  test("at 1,000 shards, in many groups", async () => {
    const shardCount = 1000;
    const blob = seededBytes(130_000_000 / 8, 5);
    const work = workOn(blob, shardCount, { workingBytes: 4.5 * 1024 * 1024 });
    expect(groupCountOf(work.plan)).toBeGreaterThan(10);
    const { metadata } = await finish(firstCheckpoint(work.plan), work.ports);
    const encoded = valueOf(codec.encode(blob, shardCount));
    expect(metadata).toEqual(encoded.metadata);
    const wanted = [0, 332, 333, 334, 335, 336, 999, 998, 700, 334];
    expect(await pairsOf(work, wanted)).toEqual([...encoded.slivers(wanted)]);
    encoded.release();
  });
});

describe("a checkpoint", () => {
  const blob = seededBytes(20_000, 9);

  test("of every step can be stored and taken up by another instance", async () => {
    const { plan, ports } = workOn(blob, 31);
    const cut = { ...plan, columnsTogether: 4, rowsTogether: 3 };
    const expected = valueOf(codec.metadata(blob, 31));
    const { stored } = await finish(firstCheckpoint(cut), ports);
    expect(stored.length).toBe(Math.ceil(11 / 3) + 8);
    for (const text of stored) {
      const { metadata } = await finish(JSON.parse(text) as ExternalCheckpoint, ports);
      expect(metadata).toEqual(expected);
    }
  });

  test("survives a store that breaks down at any append", async () => {
    const shape = { columnsTogether: 4, rowsTogether: 3, pieceBytes: 700 };
    const whole = workOn(blob, 13);
    await finish(firstCheckpoint({ ...whole.plan, ...shape }), whole.ports);
    const expected = valueOf(codec.metadata(blob, 13));
    const pairs = [...valueOf(codec.encode(blob, 13)).slivers(allIndices(13))];
    for (let appends = 0; appends < whole.ports.scratch.appends; appends++) {
      const { plan, ports } = workOn(blob, 13);
      const cut = { ...plan, ...shape };
      ports.scratch.appendsLeft = appends;
      let last = JSON.stringify(firstCheckpoint(cut));
      const interrupted = (async () => {
        for await (const next of external.run(JSON.parse(last) as ExternalCheckpoint, ports)) {
          last = JSON.stringify(next);
        }
      })();
      await expect(interrupted).rejects.toThrow("the store broke down");
      ports.scratch.appendsLeft = Number.POSITIVE_INFINITY;
      const { metadata } = await finish(JSON.parse(last) as ExternalCheckpoint, ports);
      expect(metadata).toEqual(expected);
      expect(await pairsOf({ plan: cut, ports }, allIndices(13))).toEqual(pairs);
    }
  });

  test("takes in groups that others did, in any order", async () => {
    const { plan, ports } = workOn(blob, 31);
    const cut = { ...plan, columnsTogether: 4 };
    let checkpoint = firstCheckpoint(cut);
    for await (const next of external.run(checkpoint, ports)) {
      checkpoint = next;
      if (next.ingestedRows === 11) break;
    }
    const others = [7, 2, 5].map(async (groupIndex) => {
      await createExternalCodec(module).hashGroup(cut, ports, groupIndex);
      return groupIndex;
    });
    for (const groupIndex of await Promise.all(others)) {
      checkpoint = withGroup(checkpoint, groupIndex);
    }
    expect(checkpoint.finishedGroups).toEqual([2, 5, 7]);
    const { metadata, stored } = await finish(checkpoint, ports);
    expect(stored.length).toBe(8 - 3);
    expect(metadata).toEqual(valueOf(codec.metadata(blob, 31)));
  });

  test("that contradicts itself is refused", async () => {
    const { plan, ports } = workOn(blob, 31);
    const sound = firstCheckpoint(plan);
    const contradictions: ExternalCheckpoint[] = [
      { ...sound, version: 2 as never },
      { ...sound, ingestedRows: 12 },
      { ...sound, ingestedRows: -1 },
      { ...sound, finishedGroups: [0, 99] },
      { ...sound, plan: { ...plan, symbolBytes: plan.symbolBytes + 2 } },
      { ...sound, plan: { ...plan, columnsTogether: 3 } },
      { ...sound, plan: { ...plan, pieceBytes: 0 } },
      { ...sound, plan: { ...plan, rowsTogether: 0 } },
      { ...sound, plan: { ...plan, unencodedBytes: 1 } },
    ];
    for (const checkpoint of contradictions) {
      await expect(external.run(checkpoint, ports).next()).rejects.toThrow(TypeError);
    }
  });
});

describe("memory", () => {
  test("stays within the plan, and one byte less than the least is refused by name", async () => {
    const shardCount = 100;
    const blob = seededBytes(3_000_000, 4);
    const least = leastWorkingBytes(blob.length, shardCount);
    for (const workingBytes of [least, least * 2, EXTERNAL_WORKING_BYTES_MAX]) {
      const { plan, ports } = workOn(blob, shardCount, { workingBytes });
      const kernel = new Kernel(module);
      for (let row = 0; row < 34; row += plan.rowsTogether) {
        const count = Math.min(plan.rowsTogether, 34 - row);
        await ingestRows(kernel, plan, ports, row, count);
      }
      for (let groupIndex = 0; groupIndex < groupCountOf(plan); groupIndex++) {
        await hashGroup(kernel, plan, ports, groupIndex);
      }
      await combineGroups(kernel, plan, ports);
      expect(kernel.memoryBytes + TRANSFERS_TOGETHER * plan.pieceBytes).toBeLessThanOrEqual(
        workingBytes,
      );
      expect(ports.scratch.pieceBytesMax).toBeLessThanOrEqual(EXTERNAL_PIECE_BYTES_MAX);
    }
    const refused = failureOf(external.plan(blob.length, shardCount, { workingBytes: least - 1 }));
    expect(refused).toMatchObject({ kind: "blob-exceeds-memory", unencodedBytes: blob.length });
    if (refused.kind !== "blob-exceeds-memory") return;
    const { unencodedBytesMax } = refused;
    const plan = (bytes: number) => external.plan(bytes, shardCount, { workingBytes: least - 1 });
    expect(plan(unencodedBytesMax).ok).toBe(true);
    expect(plan(unencodedBytesMax + 1).ok).toBe(false);
  });

  test("does not grow with the blob: 4.8 GiB, 7 GiB without slivers, fit the constant", () => {
    for (const gibibytes of [0.1, 1, 4, 4.8, 7]) {
      const keepsSlivers = gibibytes < 7;
      const byteCount = Math.round(gibibytes * 2 ** 30);
      const plan = valueOf(external.plan(byteCount, 1000, { keepsSlivers }));
      expect(workingBytesOf(plan)).toBeLessThanOrEqual(EXTERNAL_WORKING_BYTES_MAX);
    }
    expect(failureOf(external.plan(14_599_533_452, 1000))).toMatchObject({
      kind: "blob-exceeds-memory",
    });
    expect(failureOf(external.plan(14_599_533_453, 1000))).toMatchObject({
      kind: "blob-exceeds-protocol",
    });
  });
});

describe("misuse", () => {
  test("is refused by name", async () => {
    const { plan, ports } = workOn(seededBytes(100, 1), 7, { keepsSlivers: false });
    await finish(firstCheckpoint(plan), ports);
    await expect(external.slivers(plan, ports, [0]).next()).rejects.toThrow(/keeps them/);
    const keeping = { ...plan, keepsSlivers: true };
    await expect(external.slivers(keeping, ports, [7]).next()).rejects.toThrow(RangeError);
    await expect(external.hashGroup(plan, ports, 9)).rejects.toThrow(RangeError);
    const short = { ...ports, source: { read: async () => new Uint8Array(1) } };
    await expect(external.run(firstCheckpoint(plan), short).next()).rejects.toThrow(
      /expected .* bytes, got 1/,
    );
  });
});
