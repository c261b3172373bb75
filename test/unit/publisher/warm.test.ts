import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../../shared/cache/entry.ts";
import { entryKey, metadataKey, segmentKey } from "../../../shared/cache/keys.ts";
import { isIntact, SEAL_BYTES } from "../../../shared/cache/sealed.ts";
import { SEGMENT_BYTES_MAX, SEGMENT_TTL_SECONDS, WARM_TIMEOUT_MS } from "../../../shared/limits.ts";
import type { LogRecord } from "../../../shared/ports.ts";
import { createWarmer, type StoredBlob } from "../../../workers/publisher/upload/warm.ts";
import { seededBytes } from "../../support/contents.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

/** Time that does not pass. */
const STILL = { sleep: () => new Promise<void>(() => undefined) };

const DAY_MS = 86_400_000;
const TIMING = {
  epoch: 5,
  phase: { kind: "change-done", startMs: 0 },
  epochDurationMs: DAY_MS,
  firstEpochStartMs: 0,
} as const;
const BLOB = seededBytes(3_000, 1);
const METADATA = seededBytes(100, 2);
const STORED: StoredBlob = {
  blobId: "id",
  unencodedBytes: BLOB.length,
  shardCount: 10,
  endEpoch: 9,
  metadata: METADATA,
  timing: TIMING,
  bytes: () => BLOB,
};

function setUp(options: { rules?: string | null; types?: string[]; kv?: "fails" | "hangs" } = {}) {
  const kept = new Map<string, { value: Uint8Array; ttlSeconds: number | undefined }>();
  const warnings: LogRecord[] = [];
  const timer = createVirtualTimer();
  const warm = createWarmer({
    kv: {
      get: () => Promise.resolve(null),
      put(key, value, put) {
        if (options.kv === "fails") return Promise.reject(new Error("429"));
        if (options.kv === "hangs") return new Promise(() => undefined);
        kept.set(key, { value, ttlSeconds: put?.ttlSeconds });
        return Promise.resolve();
      },
      delete: () => Promise.resolve(),
    },
    clock: { nowMs: () => 1_000 },
    timer: options.kv === "hangs" ? timer : STILL,
    log: { info() {}, error() {}, warn: (record) => void warnings.push(record) },
    gateRules: () => Promise.resolve(options.rules ?? null),
    recordedTypes: () => Promise.resolve(options.types ?? []),
    warmBytesMax: 3_000,
  });
  const entry = () => decodeEntry(kept.get(entryKey("id"))?.value ?? new Uint8Array(0));
  return { warm, kept, entry, warnings, timer };
}

describe("what a store leaves for its readers", () => {
  test("is entry, metadata and the bytes, as the aggregator keeps them", async () => {
    const { warm, kept, entry } = setUp({ types: ["image/png"] });
    await warm(STORED);
    const segment = kept.get(
      segmentKey({ id: "id", entry: { shardCount: 10, purgeGeneration: 0 } }, 0),
    );
    expect(segment?.value.subarray(0, -SEAL_BYTES)).toEqual(BLOB);
    expect(await isIntact(segment?.value ?? BLOB)).toBe(true);
    expect(kept.get(metadataKey("id"))).toEqual({
      value: METADATA,
      ttlSeconds: SEGMENT_TTL_SECONDS,
    });
    const digest = await crypto.subtle.digest("SHA-256", BLOB);
    expect(entry()).toEqual({
      version: 1,
      unencodedBytes: 3_000,
      shardCount: 10,
      endEpoch: 9,
      learnedEpoch: 5,
      expiresAtMs: 1_000 + SEGMENT_TTL_SECONDS * 1_000,
      purgeGeneration: 0,
      contentType: null,
      recordedType: "image/png",
      isStrict: true,
      sha256: Buffer.from(digest).toString("base64"),
    });
    expect([...kept.keys()].at(-1)).toBe(entryKey("id"));
  });

  test("is no data of a blob above the setting, but entry and metadata always", async () => {
    const { warm, kept, entry } = setUp();
    await warm({ ...STORED, unencodedBytes: 3_001 });
    expect([...kept.keys()].sort()).toEqual([entryKey("id"), metadataKey("id")]);
    expect(entry()?.sha256).toBeNull();
  });

  test("is cut into segments", async () => {
    const bytes = new Uint8Array(SEGMENT_BYTES_MAX + 1);
    const { kept } = setUp();
    const warm = createWarmer({
      kv: {
        get: () => Promise.resolve(null),
        put: (key, value) => Promise.resolve(void kept.set(key, { value, ttlSeconds: 0 })),
        delete: () => Promise.resolve(),
      },
      clock: { nowMs: () => 1_000 },
      timer: STILL,
      log: { info() {}, error() {}, warn() {} },
      gateRules: () => Promise.resolve(null),
      recordedTypes: () => Promise.resolve([]),
      warmBytesMax: bytes.length,
    });
    await warm({
      ...STORED,
      shardCount: 100,
      unencodedBytes: bytes.length,
      bytes: () => bytes,
    });
    const segments = [...kept].filter(([key]) => key.startsWith("segment/"));
    expect(segments.length).toBeGreaterThan(1);
    const total = segments.reduce((sum, [, { value }]) => sum + value.length - SEAL_BYTES, 0);
    expect(total).toBe(bytes.length);
  });

  test.each([
    [["image/png", "image/png"], "image/png"],
    [["image/png", "text/html"], null],
    [[], null],
  ])("has the type that all stores (%j) agree on, or none", async (types, recordedType) => {
    const { warm, entry } = setUp({ types });
    await warm(STORED);
    expect(entry()?.recordedType).toBe(recordedType);
  });

  test("is learned under the generation of the last purge", async () => {
    const { warm, kept, entry } = setUp({ rules: '{"purgeGeneration":3,"purged":{"id":4}}' });
    await warm(STORED);
    expect(entry()?.purgeGeneration).toBe(4);
    const key = segmentKey({ id: "id", entry: { shardCount: 10, purgeGeneration: 4 } }, 0);
    expect(kept.has(key)).toBe(true);
  });

  test("of a deletable blob lasts an hour, and near the end of an epoch nothing is left", async () => {
    const { warm, entry } = setUp();
    await warm({ ...STORED, endEpoch: null });
    expect(entry()).toMatchObject({ endEpoch: null, expiresAtMs: 1_000 + 3_600_000 });
    const late = setUp();
    const phase = { kind: "change-done", startMs: 30_000 - DAY_MS } as const;
    await late.warm({ ...STORED, endEpoch: null, timing: { ...TIMING, phase } });
    expect(late.kept.size).toBe(0);
  });

  test.each(["fails", "hangs"] as const)(
    "is nothing when KV %s, and the store goes on",
    async (kv) => {
      const { warm, warnings, timer } = setUp({ kv });
      await warm(STORED);
      expect(warnings.map(({ event }) => event)).toEqual([
        kv === "fails" ? "warm.failed" : "warm.late",
      ]);
      if (kv === "hangs") expect(timer.nowMs()).toBe(WARM_TIMEOUT_MS);
    },
  );
});
