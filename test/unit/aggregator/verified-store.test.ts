import { describe, expect, test } from "vitest";
import type { TierHit } from "../../../workers/aggregator/tiers.ts";
import { keepVerified, readVerified } from "../../../workers/aggregator/verified-store.ts";

const BYTES = new Uint8Array([1, 2, 3, 4]);

function setUp(draw: number) {
  const kept = new Map<string, Uint8Array>();
  const work: Promise<void>[] = [];
  const store = {
    tiers: {
      get: (key: string): Promise<TierHit | null> => {
        const value = kept.get(key);
        return Promise.resolve(value === undefined ? null : { value, tier: "edge" });
      },
      put: (key: string, value: Uint8Array) => void kept.set(key, value),
      evict: (key: string) => Promise.resolve(void kept.delete(key)),
    },
    random: { unit: () => draw, bytes: (count: number) => new Uint8Array(count) },
    log: { info() {}, warn() {}, error() {} },
    background: (promise: Promise<void>) => void work.push(promise),
  };
  return { store, kept, settled: () => Promise.all(work) };
}

describe("verified content in the tiers", () => {
  test("comes back as it was kept", async () => {
    const { store, settled } = setUp(0);
    keepVerified(store, "a", BYTES);
    await settled();
    expect(await readVerified(store, "a", 4)).toEqual({ value: BYTES, tier: "edge" });
  });

  test.each([3, 5])("of another length (%i) is no hit, and is removed", async (byteCount) => {
    const { store, kept, settled } = setUp(0.99);
    keepVerified(store, "a", BYTES);
    await settled();
    expect(await readVerified(store, "a", byteCount)).toBeNull();
    expect(kept.size).toBe(0);
  });

  test("that was damaged is found by the digest on the hits that are checked", async () => {
    const { store, kept, settled } = setUp(0);
    keepVerified(store, "a", BYTES);
    await settled();
    kept.get("a")?.set([9], 0);
    expect(await readVerified(store, "a", 4)).toBeNull();
    expect(kept.size).toBe(0);
  });

  test("is not digested on every hit", async () => {
    const { store, kept, settled } = setUp(0.99);
    keepVerified(store, "a", BYTES);
    await settled();
    kept.get("a")?.set([9], 0);
    expect((await readVerified(store, "a", 4))?.value[0]).toBe(9);
  });
});
