/** The kernel's binding: bounds of its memory, and its pieces against the reference field. */
import { gzipSync } from "node:zlib";
import { blake2b } from "@noble/hashes/blake2.js";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { createCodec, loadKernel } from "../../../shared/codec/index.ts";
import { labelOf, logOf, multiplyLabels } from "../../../shared/codec/field.ts";
import { Kernel } from "../../../shared/codec/kernel/kernel.ts";
import { KernelPool } from "../../../shared/codec/kernel/pool.ts";
import {
  KERNELS_IDLE_MAX,
  KERNEL_IDLE_BYTES_MAX,
  KERNEL_MEMORY_BYTES_MAX,
} from "../../../shared/limits.ts";
import { multiply } from "../../reference/field.ts";
import { compileKernel, readKernel } from "../../support/codec.ts";

let module: WebAssembly.Module;
let kernel: Kernel;

beforeAll(async () => {
  module = await compileKernel();
  kernel = new Kernel(module);
});

describe("the two builds", () => {
  test("together take less than 15 KB as they travel", async () => {
    const relaxed = await readKernel("kernel-relaxed.wasm");
    const plain = await readKernel("kernel-plain.wasm");
    expect(gzipSync(relaxed).length + gzipSync(plain).length).toBeLessThan(15_000);
  });

  test("an engine without relaxed SIMD gets the plain one", async () => {
    const asked: string[] = [];
    const module = await loadKernel((file) => {
      asked.push(file);
      return file === "kernel-plain.wasm"
        ? readKernel(file)
        : Promise.resolve(Uint8Array.of(0, 1, 2, 3));
    });
    expect(asked).toEqual(["kernel-relaxed.wasm", "kernel-plain.wasm"]);
    expect(createCodec(module).hash(new Uint8Array(3))).toEqual(
      blake2b(new Uint8Array(3), { dkLen: 32 }),
    );
  });
});

describe("hashing", () => {
  test("gives BLAKE2b-256 at every length around its blocks", () => {
    const codec = createCodec(module);
    for (const length of [
      0, 1, 63, 64, 65, 71, 72, 73, 127, 128, 129, 255, 256, 257, 383, 384, 1000, 65_534,
    ]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
      expect(codec.hash(bytes)).toEqual(blake2b(bytes, { dkLen: 32 }));
    }
  });

  test("gives leaves and inner nodes for every batch size and length", () => {
    for (const count of [1, 2, 3, 4, 5, 6, 7, 9, 11]) {
      for (const byteCount of [2, 64, 70, 71, 72, 80, 126, 127, 128, 130, 254, 255, 256, 300]) {
        const mark = kernel.mark();
        const bytes = Uint8Array.from({ length: count * byteCount }, (_, i) => (i * 31) & 0xff);
        const source = kernel.place(bytes);
        const leaves = kernel.reserve(count * 32);
        kernel.hashLeaves(leaves, source, count, byteCount, byteCount);
        const digests = Array.from({ length: count }, (_, index) => {
          const value = bytes.slice(index * byteCount, (index + 1) * byteCount);
          return blake2b(Uint8Array.of(0, ...value), { dkLen: 32 });
        });
        expect(kernel.read(leaves, count * 32)).toEqual(join(digests));
        const parents = kernel.reserve(count * 32);
        kernel.hashPairs(parents, leaves, leaves, count, 32);
        const pairs = digests.map((d) => blake2b(Uint8Array.of(1, ...d, ...d), { dkLen: 32 }));
        expect(kernel.read(parents, count * 32)).toEqual(join(pairs));
        kernel.releaseTo(mark);
      }
    }
  });
});

describe("the field", () => {
  test("multiplies as the reference does", () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(65_535), (left, right) => {
        expect(multiplyLabels(left, right)).toBe(multiply(left, right));
      }),
    );
  });

  test("undoes a logarithm", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), (label) => {
        expect(labelOf(logOf(label))).toBe(label);
      }),
    );
  });

  test("scales positions by any label", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(65_535), { minLength: 16, maxLength: 16 }),
        fc.nat(65_535),
        (labels, factor) => {
          const mark = kernel.mark();
          const work = { address: kernel.reserve(32), width: 32 };
          const low = labels.map((label) => label & 0xff);
          const high = labels.map((label) => label >> 8);
          kernel.write(work.address, Uint8Array.from([...low, ...high]));
          const factors = kernel.place(Uint8Array.of(factor & 0xff, factor >> 8));
          kernel.changeBase(work, 1);
          kernel.scalePositions(work, factors, 1);
          kernel.changeBase(work, 1);
          const bytes = kernel.read(work.address, 32);
          const products = labels.map((_, index) => bytes[index]! | (bytes[16 + index]! << 8));
          expect(products).toEqual(labels.map((label) => multiply(label, factor)));
          kernel.releaseTo(mark);
        },
      ),
    );
  });
});

describe("bounds", () => {
  test("no call leaves what was reserved", () => {
    const fresh = new Kernel(module);
    const region = fresh.reserve(256);
    const work = { address: region, width: 64 };
    const grid = { address: region, positionStride: 64, laneStride: 2 };
    const shape = { laneCount: 2, symbolBytes: 2 };
    const escapes: (() => void)[] = [
      () => fresh.read(region, 257),
      () => fresh.read(region - 1, 1),
      () => fresh.read(0, 1),
      () => fresh.read(region, -1),
      () => fresh.read(Number.NaN, 1),
      () => fresh.write(region + 255, new Uint8Array(2)),
      () => fresh.clear(region, 257),
      () => fresh.move(region, region + 200, 57),
      () => fresh.hashBytes(region + 225, region, 1),
      () => fresh.hashLeaves(region, region, 9, 1, 1),
      () => fresh.hashLeaves(region, region, 2, 256, 1),
      () => fresh.hashPairs(region, region, region + 64, 4, 64),
      () => fresh.addPositions(work, { address: region + 64, width: 64 }, 4),
      () => fresh.changeBase(work, 5),
      () => fresh.changeBase({ address: region, width: 48 }, 1),
      () => fresh.differentiate(work, 8, 8),
      () => fresh.differentiate(work, 4, 5),
      () => fresh.forwardTransform(work, 8, 0, 8),
      () => fresh.forwardTransform(work, 3, 0, 3),
      () => fresh.inverseTransform(work, 4, 0, 5),
      () => fresh.scalePositions(work, region + 250, 4),
      () => fresh.combine(work, work, region, 5),
      () => fresh.combine(work, work, region + 250, 4),
      () => fresh.spread(work, 8, work, region, 1),
      () => fresh.spread(work, 3, work, region, 1),
      () => fresh.spread(work, 4, work, region + 250, 2),
      () => fresh.gather(work, { ...grid, positionStride: 128 }, 3, shape),
      () => fresh.gather(work, grid, 1, { laneCount: 33, symbolBytes: 2 }),
      () => fresh.gather(work, grid, 1, { laneCount: 1, symbolBytes: 3 }),
      () => fresh.scatter({ ...grid, laneStride: 255 }, work, 1, shape),
      () => fresh.copySymbols(grid, { ...grid, laneStride: 255 }, 1, shape),
      () => fresh.releaseTo(region + 512),
      () => fresh.releaseTo(0),
    ];
    for (const escape of escapes) expect(escape).toThrow(RangeError);
  });

  test("calls with any numbers either refuse or stay in what was reserved", () => {
    const GUARD = 4096;
    const fresh = new Kernel(module);
    const before = fresh.place(new Uint8Array(GUARD).fill(0xa5));
    const region = fresh.reserve(2048);
    const end = fresh.mark();
    fresh.place(new Uint8Array(GUARD).fill(0xa5));
    // From here on the bytes after the region are not reserved, but still there to be looked at.
    fresh.releaseTo(end);
    const untouched = new Uint8Array(GUARD).fill(0xa5);
    const odd = fc.constantFrom(-1, -64, 0.5, Number.NaN, 2 ** 31, 2 ** 32 + 8, -(2 ** 32));
    const small = fc.oneof({ weight: 8, arbitrary: fc.nat(70) }, { weight: 1, arbitrary: odd });
    const place = fc.oneof(
      { weight: 8, arbitrary: fc.nat(1800).map((offset) => region + offset) },
      { weight: 1, arbitrary: odd },
    );
    const width = fc.oneof(fc.constantFrom(32, 64, 96), odd);
    const power = fc.oneof(fc.constantFrom(1, 2, 4, 8, 16, 1024), small);
    const work = fc.record({ address: place, width });
    const grid = fc.record({ address: place, positionStride: small, laneStride: small });
    const shape = fc.record({ laneCount: small, symbolBytes: small });
    const call = fc.oneof(
      fc.tuple(place, place, small).map((a) => () => fresh.hashBytes(...a)),
      fc.tuple(place, place, small, small, small).map((a) => () => fresh.hashLeaves(...a)),
      fc.tuple(place, place, place, small, small, small).map((a) => () => fresh.hashPairs(...a)),
      fc.tuple(work, work, small).map((a) => () => fresh.addPositions(...a)),
      fc.tuple(work, small).map((a) => () => fresh.changeBase(...a)),
      fc.tuple(work, power, small).map((a) => () => fresh.differentiate(...a)),
      fc.tuple(work, power, small, small, small).map((a) => () => fresh.forwardTransform(...a)),
      fc.tuple(work, power, small, small).map((a) => () => fresh.inverseTransform(...a)),
      fc.tuple(work, place, small).map((a) => () => fresh.scalePositions(...a)),
      fc.tuple(work, work, place, small).map((a) => () => fresh.combine(...a)),
      fc.tuple(work, power, work, place, small).map((a) => () => fresh.spread(...a)),
      fc.tuple(work, grid, small, shape).map((a) => () => fresh.gather(...a)),
      fc.tuple(grid, work, small, shape).map((a) => () => fresh.scatter(...a)),
      fc.tuple(grid, grid, small, shape).map((a) => () => fresh.copySymbols(...a)),
      fc.tuple(place, small).map((a) => () => fresh.clear(...a)),
      fc.tuple(place, place, small).map((a) => () => fresh.move(...a)),
    );
    let done = 0;
    fc.assert(
      fc.property(call, (attempt) => {
        try {
          attempt();
          done++;
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
        expect(equalBytes(fresh.read(before, GUARD), untouched)).toBe(true);
        const after = fresh.reserve(GUARD);
        expect(equalBytes(fresh.read(after, GUARD), untouched)).toBe(true);
        fresh.releaseTo(end);
      }),
      { numRuns: 5_000 },
    );
    expect(done).toBeGreaterThan(300);
  });

  test("memory has a hard maximum", () => {
    const fresh = new Kernel(module);
    expect(() => fresh.reserve(KERNEL_MEMORY_BYTES_MAX)).toThrow(/at most 1536 pages/);
    expect(fresh.memoryBytes).toBe(65_536);
    fresh.reserve(65_536);
    expect(fresh.memoryBytes).toBe(2 * 65_536);
  });

  test("the pool gives small kernels back and drops large ones", () => {
    const pool = new KernelPool(module);
    const first = pool.with((borrowed) => borrowed);
    const again = pool.with((borrowed) => {
      expect(pool.with((nested) => nested)).not.toBe(borrowed);
      borrowed.reserve(1024);
      return borrowed;
    });
    expect(again).toBe(first);
    const large = pool.with((borrowed) => {
      borrowed.reserve(KERNEL_IDLE_BYTES_MAX);
      return borrowed;
    });
    for (let uses = 0; uses < 4; uses++) expect(pool.take()).not.toBe(large);
  });

  test("the pool keeps no more idle kernels than its bound", () => {
    const pool = new KernelPool(module);
    const nest = (depth: number, seen: Kernel[]): Kernel[] =>
      depth === 0 ? seen : pool.with((borrowed) => nest(depth - 1, [...seen, borrowed]));
    const used = nest(KERNELS_IDLE_MAX + 1, []);
    const taken = used.map(() => pool.take());
    expect(taken.filter((kernel) => used.includes(kernel))).toHaveLength(KERNELS_IDLE_MAX);
  });

  test("a kernel comes back even when its use throws", () => {
    const pool = new KernelPool(module);
    let borrowed: Kernel | undefined;
    const use = () =>
      pool.with((kernel) => {
        borrowed = kernel;
        throw new TypeError("a bug");
      });
    expect(use).toThrow("a bug");
    expect(pool.take()).toBe(borrowed);
  });
});

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
