/** Nodes that lagged: what is shared of them, for how long, and what that costs. */
import { describe, expect, test } from "vitest";
import {
  LAGGARD_MS,
  LAGGARDS_MAX,
  LAGGARDS_READ_MS,
  LAGGARDS_READ_TIMEOUT_MS,
  LAGGARDS_WRITE_MS,
} from "../../../shared/limits.ts";
import type { KeyValue } from "../../../shared/ports.ts";
import {
  createLaggardHints,
  decodeLaggards,
  emptyLaggards,
  encodeLaggards,
  LAGGARDS_KEY,
  type LaggardHints,
  mergeLaggards,
} from "../../../workers/publisher/upload/laggards.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const EPOCH = 5;

class CountingKv implements KeyValue {
  readonly values = new Map<string, Uint8Array>();
  readonly ttls: (number | undefined)[] = [];
  reads = 0;
  fails = false;

  get(key: string): Promise<Uint8Array | null> {
    this.reads++;
    if (this.fails) return Promise.reject(new Error("KV is down"));
    return Promise.resolve(this.values.get(key) ?? null);
  }

  put(key: string, value: Uint8Array, options?: { readonly ttlSeconds?: number }): Promise<void> {
    if (this.fails) return Promise.reject(new Error("KV is down"));
    this.values.set(key, value);
    this.ttls.push(options?.ttlSeconds);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }
}

function world() {
  const kv = new CountingKv();
  const time = createVirtualTimer(1_000_000);
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: ({ event }: { readonly event: string }) => void warnings.push(event),
    error: () => undefined,
  };
  const isolate = (): LaggardHints =>
    createLaggardHints(emptyLaggards(), { kv, clock: time, timer: time, log });
  return { kv, time, warnings, isolate };
}

describe("a snapshot", () => {
  test("says the same after writing and reading, in its own epoch only", () => {
    const laggards = new Map([["0xa", 2_000]]);
    const bytes = encodeLaggards(laggards, EPOCH);
    expect(decodeLaggards(bytes, EPOCH, 1_000)).toEqual(laggards);
    expect(decodeLaggards(bytes, EPOCH + 1, 1_000).size).toBe(0);
  });

  test.each(["", "{", "[]", '{"version":2,"epoch":5,"untilMs":{}}', '{"version":1,"epoch":5}'])(
    "damaged (%s), it says nothing",
    (text) => {
      expect(decodeLaggards(new TextEncoder().encode(text), EPOCH, 0).size).toBe(0);
    },
  );

  test("forgets what is over, and what nobody can have written", () => {
    const known = new Map([
      ["0xover", 1_000],
      ["0xlags", 1_001],
      ["0xfar", 1_001 + LAGGARD_MS],
    ]);
    expect([...mergeLaggards(known, new Map(), 1_000).keys()]).toEqual(["0xlags"]);
  });

  test("holds no more nodes than its bound, the latest", () => {
    const many = new Map(
      Array.from({ length: LAGGARDS_MAX + 1 }, (_, index) => [`0x${index}`, index + 1]),
    );
    const kept = mergeLaggards(many, new Map(), 0);
    expect(kept.size).toBe(LAGGARDS_MAX);
    expect(kept.has("0x0")).toBe(false);
  });
});

describe("hints", () => {
  test("reach another isolate, and end by themselves", async () => {
    const { kv, time, isolate } = world();
    await isolate().note(EPOCH, ["0xa"], ["0xb"]);
    expect(kv.ttls).toEqual([LAGGARD_MS / 1_000]);
    const elsewhere = isolate();
    expect([...(await elsewhere.read(EPOCH))]).toEqual(["0xa"]);
    await time.sleep(LAGGARD_MS);
    expect((await elsewhere.read(EPOCH)).size).toBe(0);
  });

  test("are read once a minute and written once in five, whatever is stored", async () => {
    const { kv, time, isolate } = world();
    const hints = isolate();
    for (let store = 0; store < 10; store++) {
      await hints.read(EPOCH);
      await hints.note(EPOCH, [`0x${store}`], []);
    }
    // The second reading is the one before the write.
    expect(kv.reads).toBe(2);
    expect(kv.ttls).toHaveLength(1);
    await time.sleep(LAGGARDS_READ_MS);
    await hints.read(EPOCH);
    expect(kv.reads).toBe(3);
    await time.sleep(LAGGARDS_WRITE_MS);
    await hints.note(EPOCH, [], ["0x0"]);
    expect(kv.ttls).toHaveLength(2);
    const written = decodeLaggards(kv.values.get(LAGGARDS_KEY) ?? null, EPOCH, time.nowMs());
    // The first one has served since.
    const others = Array.from({ length: 9 }, (_, index) => `0x${index + 1}`);
    expect([...written.keys()].toSorted()).toEqual(others);
  });

  test("nothing is written while no node lags", async () => {
    const { kv, isolate } = world();
    await isolate().note(EPOCH, [], ["0xa", "0xb"]);
    expect(kv.ttls).toHaveLength(0);
  });

  test("a node that serves again is asked as the others", async () => {
    const { isolate } = world();
    const hints = isolate();
    await hints.note(EPOCH, ["0xa", "0xb"], []);
    await hints.note(EPOCH, [], ["0xa"]);
    expect([...(await hints.read(EPOCH))]).toEqual(["0xb"]);
  });

  test("a new epoch begins without any", async () => {
    const { isolate } = world();
    const hints = isolate();
    await hints.note(EPOCH, ["0xa"], []);
    expect((await hints.read(EPOCH + 1)).size).toBe(0);
  });

  test("KV that is down is told of and costs a store nothing", async () => {
    const { kv, warnings, isolate } = world();
    kv.fails = true;
    const hints = isolate();
    expect((await hints.read(EPOCH)).size).toBe(0);
    await hints.note(EPOCH, ["0xa"], []);
    expect([...(await hints.read(EPOCH))]).toEqual(["0xa"]);
    expect(warnings).toEqual(["laggards.unshared", "laggards.unshared"]);
  });

  test("KV that does not answer is waited for no longer than its bound", async () => {
    const { kv, time, isolate } = world();
    kv.get = () => new Promise(() => undefined);
    const startedMs = time.nowMs();
    expect((await isolate().read(EPOCH)).size).toBe(0);
    expect(time.nowMs() - startedMs).toBe(LAGGARDS_READ_TIMEOUT_MS);
  });
});
