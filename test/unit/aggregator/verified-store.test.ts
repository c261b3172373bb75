import { describe, expect, test } from "vitest";
import type { ByteRange } from "../../../shared/http/range.ts";
import type { TierHit, TierPart } from "../../../workers/aggregator/tiers.ts";
import {
  openVerified,
  readVerified,
  sealAndKeep,
} from "../../../workers/aggregator/verified-store.ts";

const BYTES = new Uint8Array([1, 2, 3, 4]);

function setUp(draw: number) {
  const kept = new Map<string, Uint8Array>();
  const store = {
    tiers: {
      get: (key: string): Promise<TierHit | null> => {
        const value = kept.get(key);
        return Promise.resolve(value === undefined ? null : { value, tier: "edge" });
      },
      open: (
        key: string,
        _: unknown,
        { range, totalBytes }: { readonly range: ByteRange; readonly totalBytes: number },
      ): Promise<TierHit | TierPart | null> => {
        const value = kept.get(key);
        if (value === undefined) return Promise.resolve(null);
        const part = new Response(value.slice(range.start, range.end)).body;
        const isPart = value.length === totalBytes && part !== null;
        return Promise.resolve(isPart ? { body: part, tier: "edge" } : { value, tier: "edge" });
      },
      put: (key: string, value: Uint8Array) => Promise.resolve(void kept.set(key, value)),
      evict: (key: string) => Promise.resolve(void kept.delete(key)),
    },
    random: { unit: () => draw, bytes: (count: number) => new Uint8Array(count) },
    log: { info() {}, warn() {}, error() {} },
  };
  return { store, kept };
}

describe("verified content in the tiers", () => {
  test("comes back as it was kept", async () => {
    const { store } = setUp(0);
    await sealAndKeep(store, "a", BYTES);
    expect(await readVerified(store, "a", 4)).toEqual({ value: BYTES, tier: "edge" });
  });

  test.each([3, 5])("of another length (%i) is no hit, and is removed", async (byteCount) => {
    const { store, kept } = setUp(0.99);
    await sealAndKeep(store, "a", BYTES);
    expect(await readVerified(store, "a", byteCount)).toBeNull();
    expect(kept.size).toBe(0);
  });

  test("that was damaged is found by the digest on the hits that are checked", async () => {
    const { store, kept } = setUp(0);
    await sealAndKeep(store, "a", BYTES);
    kept.get("a")?.set([9], 0);
    expect(await readVerified(store, "a", 4)).toBeNull();
    expect(kept.size).toBe(0);
  });

  test("is not digested on every hit", async () => {
    const { store, kept } = setUp(0.99);
    await sealAndKeep(store, "a", BYTES);
    kept.get("a")?.set([9], 0);
    expect((await readVerified(store, "a", 4))?.value[0]).toBe(9);
  });

  describe("of which a part is wanted", () => {
    const RANGE = { start: 1, end: 3 };
    const kept = async (draw: number) => {
      const world = setUp(draw);
      await sealAndKeep(world.store, "a", BYTES);
      return world;
    };

    test("is handed on unread", async () => {
      const { store } = await kept(0.99);
      const hit = await openVerified(store, "a", 4, RANGE);
      if (hit === null || !("body" in hit)) throw new Error("expected an unread part");
      const bytes = new Uint8Array(await new Response(hit.body).arrayBuffer());
      expect(bytes).toEqual(BYTES.subarray(1, 3));
    });

    test("is read whole when its digest is checked", async () => {
      const { store, kept: values } = await kept(0);
      const hit = await openVerified(store, "a", 4, RANGE);
      expect(hit).toEqual({ value: BYTES.subarray(1, 3), tier: "edge" });
      values.get("a")?.set([9], 3);
      expect(await openVerified(store, "a", 4, RANGE)).toBeNull();
      expect(values.size).toBe(0);
    });

    test("of another length is no hit, and is removed", async () => {
      const { store, kept: values } = await kept(0.99);
      expect(await openVerified(store, "a", 5, RANGE)).toBeNull();
      expect(values.size).toBe(0);
    });
  });
});
