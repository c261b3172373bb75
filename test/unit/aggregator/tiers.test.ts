import { describe, expect, test } from "vitest";
import {
  ADMITTED_KEYS_MAX,
  KV_WRITES_PER_HOUR_MAX,
  KV_VALUE_BYTES_MAX,
} from "../../../shared/limits.ts";
import { createTiers, type EdgeHit, type Tiers } from "../../../workers/aggregator/tiers.ts";
import { createWriteBudget } from "../../../workers/aggregator/write-budget.ts";

const SILENT_LOG = { info() {}, warn() {}, error() {} };
const VALUE = new Uint8Array([1, 2, 3]);

function setUp() {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs };
  const edge = new Map<string, EdgeHit>();
  const kv = new Map<string, Uint8Array>();
  const failing = { edge: false, kv: false };
  const work: Promise<void>[] = [];
  const admittedKeys = new Set<string>();
  const step = async <T>(fails: boolean, value: T): Promise<T> => {
    if (fails) throw new Error("tier down");
    return value;
  };
  const tiers = createTiers({
    edge: {
      get: (key) => step(failing.edge, edge.get(key) ?? null),
      part: (key, { start, end }, totalBytes) => {
        const hit = edge.get(key);
        if (hit === undefined) return step(failing.edge, null);
        const { admitted, value } = hit;
        const part =
          value.length === totalBytes ? new Response(value.slice(start, end)).body : null;
        return step(failing.edge, { admitted, body: part });
      },
      put: (key, value, { admitted }) =>
        step(failing.edge, void edge.set(key, { value, admitted })),
      delete: (key) => step(failing.edge, void edge.delete(key)),
    },
    kv: {
      get: (key) => step(failing.kv, kv.get(key) ?? null),
      put: (key, value) => step(failing.kv, void kv.set(key, value)),
      delete: (key) => step(failing.kv, void kv.delete(key)),
    },
    log: SILENT_LOG,
    background: (promise) => void work.push(promise),
    admittedKeys,
    writes: createWriteBudget(clock, KV_WRITES_PER_HOUR_MAX),
  });
  return { tiers, time, edge, kv, failing, admittedKeys, settled: () => Promise.all(work) };
}

describe("the tiers", () => {
  test("keep what is new in the edge cache alone", async () => {
    const { tiers, edge, kv, settled } = setUp();
    await tiers.put("a", VALUE, 100);
    await settled();
    expect(edge.get("a")).toEqual({ value: VALUE, admitted: false });
    expect(kv.size).toBe(0);
  });

  test("admit to KV what is asked for again, once", async () => {
    const { tiers, edge, kv, settled } = setUp();
    await tiers.put("a", VALUE, 100);
    expect(await tiers.get("a", () => 100)).toEqual({ value: VALUE, tier: "edge" });
    await settled();
    expect(kv.get("a")).toEqual(VALUE);
    expect(edge.get("a")?.admitted).toBe(true);
    kv.clear();
    await tiers.get("a", () => 100);
    await settled();
    expect(kv.size).toBe(0);
  });

  test("admit no more than the isolate's writes of an hour, and again when they come back", async () => {
    const { tiers, time, edge, kv, settled } = setUp();
    const read = async (key: string) => {
      edge.set(key, { value: VALUE, admitted: false });
      await tiers.get(key, () => 100);
    };
    for (let i = 0; i <= KV_WRITES_PER_HOUR_MAX; i++) await read(`k${i}`);
    await settled();
    expect(kv.size).toBe(KV_WRITES_PER_HOUR_MAX);
    // What was left out is not marked as admitted: it is tried again.
    const last = `k${KV_WRITES_PER_HOUR_MAX}`;
    time.nowMs += Math.ceil(3_600_000 / KV_WRITES_PER_HOUR_MAX);
    await read(last);
    await read("one more");
    await settled();
    expect([kv.has(last), kv.has("one more")]).toEqual([true, false]);
  });

  test("bring what only KV has back to the edge", async () => {
    const { tiers, edge, kv, settled } = setUp();
    kv.set("a", VALUE);
    expect(await tiers.get("a", () => 100)).toEqual({ value: VALUE, tier: "kv" });
    await settled();
    expect(edge.get("a")).toEqual({ value: VALUE, admitted: true });
  });

  test.each([
    [KV_VALUE_BYTES_MAX, 60, true],
    [KV_VALUE_BYTES_MAX + 1, 60, false],
    [1, 59, false],
  ])("a value of %i bytes for %i s: admitted is %s", async (byteCount, ttlSeconds, admitted) => {
    const { tiers, kv, settled } = setUp();
    await tiers.put("a", new Uint8Array(byteCount), ttlSeconds);
    await tiers.get("a", () => ttlSeconds);
    await settled();
    expect(kv.has("a")).toBe(admitted);
  });

  test("keep nothing that has no time left", async () => {
    const { tiers, edge, kv, settled } = setUp();
    await tiers.put("a", VALUE, 0);
    kv.set("b", VALUE);
    await tiers.get("b", () => 0);
    await settled();
    expect(edge.size).toBe(0);
  });

  test("that fail are misses, not errors", async () => {
    const { tiers, kv, failing, settled } = setUp();
    kv.set("a", VALUE);
    failing.edge = true;
    expect(await tiers.get("a", () => 100)).toEqual({ value: VALUE, tier: "kv" });
    failing.kv = true;
    expect(await tiers.get("a", () => 100)).toBeNull();
    await tiers.put("a", VALUE, 100);
    await settled();
  });

  describe("asked for a part", () => {
    const WANTED = { range: { start: 1, end: 3 }, totalBytes: 3 };
    const open = async (tiers: Tiers) => {
      const hit = await tiers.open("a", () => 100, WANTED);
      if (hit === null || !("body" in hit)) return hit;
      return { part: [...new Uint8Array(await new Response(hit.body).arrayBuffer())] };
    };

    test("hand on what KV has too, unread", async () => {
      const { tiers, edge, settled } = setUp();
      edge.set("a", { value: VALUE, admitted: true });
      expect(await open(tiers)).toEqual({ part: [2, 3] });
      await settled();
    });

    test("read whole what is still to be admitted, once", async () => {
      const { tiers, edge, kv, settled } = setUp();
      await tiers.put("a", VALUE, 100);
      await settled();
      expect(await open(tiers)).toEqual({ value: VALUE, tier: "edge" });
      await settled();
      expect(kv.get("a")).toEqual(VALUE);
      // Another city's isolate has not heard of it, this one has.
      edge.set("a", { value: VALUE, admitted: false });
      expect(await open(tiers)).toEqual({ part: [2, 3] });
    });

    test("give whole what has another length: whoever asked is to see that", async () => {
      const { tiers, edge } = setUp();
      const value = Uint8Array.of(1, 2);
      edge.set("a", { value, admitted: true });
      expect(await open(tiers)).toEqual({ value, tier: "edge" });
    });

    test("go to KV where the edge has nothing, or fails", async () => {
      const { tiers, kv, failing, settled } = setUp();
      expect(await open(tiers)).toBeNull();
      kv.set("a", VALUE);
      expect(await open(tiers)).toEqual({ value: VALUE, tier: "kv" });
      await settled();
      expect(await open(tiers)).toEqual({ part: [2, 3] });
      failing.edge = true;
      expect(await open(tiers)).toEqual({ value: VALUE, tier: "kv" });
      await settled();
    });
  });

  test("keep the last of several values of one key, however long each write takes", async () => {
    const kept: number[] = [];
    const waiting: (() => void)[] = [];
    const work: Promise<void>[] = [];
    const tiers = createTiers({
      edge: {
        get: () => Promise.resolve(null),
        part: () => Promise.resolve(null),
        put: async (_, value) => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          kept.push(value[0] ?? 0);
        },
        delete: () => Promise.resolve(),
      },
      kv: { get: () => Promise.resolve(null), put: async () => {}, delete: async () => {} },
      log: SILENT_LOG,
      background: (promise) => void work.push(promise),
      writes: { take: () => true },
      admittedKeys: new Set(),
    });
    void tiers.put("a", Uint8Array.of(1), 100);
    void tiers.put("a", Uint8Array.of(2), 100);
    while (kept.length < 2) {
      waiting.pop()?.();
      await Promise.resolve();
    }
    await Promise.all(work);
    expect(kept).toEqual([1, 2]);
  });

  test.each(["edge", "kv"])(
    "evict what is on its way from %s to the other as well",
    async (from) => {
      const { tiers, edge, kv, settled } = setUp();
      if (from === "kv") kv.set("a", VALUE);
      else edge.set("a", { value: VALUE, admitted: false });
      await tiers.get("a", () => 1_000);
      await tiers.evict("a");
      await settled();
      expect([edge.size, kv.size]).toEqual([0, 0]);
    },
  );

  test("evict from both, so that a new value is admitted again", async () => {
    const { tiers, edge, kv, settled } = setUp();
    await tiers.put("a", VALUE, 100);
    await tiers.get("a", () => 100);
    await settled();
    await tiers.evict("a");
    expect([edge.size, kv.size]).toEqual([0, 0]);
    await tiers.put("a", VALUE, 100);
    await settled();
    await tiers.get("a", () => 100);
    await settled();
    expect(kv.get("a")).toEqual(VALUE);
  });

  test("the hint of admitted keys stays within its bound", async () => {
    const { tiers, admittedKeys, settled } = setUp();
    for (let index = 0; index < ADMITTED_KEYS_MAX; index++) admittedKeys.add(`old ${index}`);
    await tiers.put("a", VALUE, 100);
    await tiers.get("a", () => 100);
    await settled();
    expect([...admittedKeys]).toEqual(["a"]);
  });
});
