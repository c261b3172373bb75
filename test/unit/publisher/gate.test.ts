import { describe, expect, test } from "vitest";
import { decodeGateRules, purgeGenerationOf } from "../../../shared/cache/gate-rules.ts";
import { BLOCK_PAGE_MAX, BLOCKLIST_ENTRIES_MAX, PURGED_BLOBS_MAX } from "../../../shared/limits.ts";
import { createPublisher } from "../../../workers/publisher/gate/publish.ts";
import { createGateRows } from "../../../workers/publisher/gate/rows.ts";
import { createRecentRows, recentShard } from "../../../workers/publisher/recent/recent.ts";
import { RECENT_TTL_MS } from "../../../shared/limits.ts";
import { memorySql } from "../../support/memory-sql.ts";

const block = (blobId: string, reason: string | null = null) => ({
  blobId,
  reason,
  by: "ops",
  blockedAtMs: 1,
});

describe("the blocklist", () => {
  test("keeps the first block of a blob and forgets it on request", () => {
    const rows = createGateRows(memorySql());
    expect(rows.block(block("a", "court order"))).toMatchObject({ value: { blobId: "a" } });
    expect(rows.block(block("a", "again"))).toMatchObject({ value: { reason: "court order" } });
    expect(rows.blockOf("a")).toEqual(block("a", "court order"));
    expect(rows.blockCount()).toBe(1);
    expect([rows.unblock("a"), rows.unblock("a")]).toEqual([true, false]);
    expect(rows.blockOf("a")).toBeNull();
    expect(rows.blockCount()).toBe(0);
  });

  test("changes its version with every change and with nothing else", () => {
    const rows = createGateRows(memorySql());
    const versions = [
      () => rows.block(block("a")),
      () => rows.block(block("a")),
      () => rows.unblock("b"),
      () => rows.purge(null),
      () => rows.unblock("a"),
    ].map((change) => (change(), rows.version()));
    expect(versions).toEqual([1, 1, 1, 2, 3]);
  });

  test("is full at its bound, and says so", () => {
    const rows = createGateRows(memorySql());
    for (let i = 0; i < BLOCKLIST_ENTRIES_MAX; i++) rows.block(block(`b${i}`));
    expect(rows.block(block("one more"))).toMatchObject({ failure: { kind: "blocklist-full" } });
    expect(rows.block(block("b1"))).toMatchObject({ ok: true });
    expect(decodeGateRules(rows.rules()).blocklist.size).toBe(BLOCKLIST_ENTRIES_MAX);
  });

  test("is listed by pages", () => {
    const rows = createGateRows(memorySql());
    for (let i = 0; i <= BLOCK_PAGE_MAX; i++) rows.block(block(String(i).padStart(6, "0")));
    const first = rows.blocks(null);
    expect(first.blocks).toHaveLength(BLOCK_PAGE_MAX);
    expect(rows.blocks(first.next)).toMatchObject({ blocks: [{ by: "ops" }], next: null });
  });
});

describe("purge generations", () => {
  test("of one blob and of all rise above all that were given out", () => {
    const rows = createGateRows(memorySql());
    expect([rows.purge("a"), rows.purge("b"), rows.purge("a")]).toEqual([1, 2, 3]);
    const some = decodeGateRules(rows.rules());
    expect(["a", "b", "c"].map((id) => purgeGenerationOf(some, id))).toEqual([3, 2, 0]);
    expect([rows.purge(null), rows.purge("b")]).toEqual([4, 5]);
    const all = decodeGateRules(rows.rules());
    expect(["a", "b", "c"].map((id) => purgeGenerationOf(all, id))).toEqual([4, 5, 4]);
  });

  test("of single blobs become one of all when there are too many", () => {
    const rows = createGateRows(memorySql());
    for (let i = 0; i < PURGED_BLOBS_MAX; i++) rows.purge(`b${i}`);
    expect(decodeGateRules(rows.rules()).purged.size).toBe(PURGED_BLOBS_MAX);
    const next = rows.purge("one more");
    expect(decodeGateRules(rows.rules())).toMatchObject({
      purgeGeneration: next,
      purged: new Map(),
    });
  });
});

describe("the copy in KV", () => {
  function setUp() {
    const rows = createGateRows(memorySql());
    const world = { copies: [] as number[], alarms: [] as number[], fails: 0 };
    const publish = createPublisher({
      rows,
      kv: {
        get: () => Promise.resolve(null),
        async put(_, value) {
          await Promise.resolve();
          if (world.fails-- > 0) throw new Error("429");
          world.copies.push(decodeGateRules(new TextDecoder().decode(value)).version);
        },
        delete: () => Promise.resolve(),
      },
      clock: { nowMs: () => 1_000 },
      log: { info() {}, warn() {}, error() {} },
      setAlarm: async (atMs) => void world.alarms.push(atMs),
    });
    return { rows, world, publish };
  }

  test("follows changes one after the other and ends with the last", async () => {
    const { rows, world, publish } = setUp();
    rows.block(block("a"));
    const first = publish();
    rows.block(block("b"));
    rows.block(block("c"));
    await Promise.all([first, publish()]);
    expect(world.copies.at(-1)).toBe(3);
    expect(world.copies.length).toBeLessThanOrEqual(2);
    expect(rows.publishedVersion()).toBe(3);
  });

  test("that fails is left to the alarm, which was set before", async () => {
    const { rows, world, publish } = setUp();
    world.fails = 1;
    rows.purge(null);
    await publish();
    expect(world.copies).toEqual([]);
    expect(world.alarms).toHaveLength(1);
    await publish();
    expect(world.copies).toEqual([1]);
    await publish();
    expect(world.copies).toEqual([1]);
  });
});

describe("blobs certified lately", () => {
  test("are remembered for some hours, and swept after", () => {
    const rows = createRecentRows(memorySql());
    rows.note("a", 0);
    rows.note("b", 5);
    expect([rows.has("a", RECENT_TTL_MS - 1), rows.has("a", RECENT_TTL_MS)]).toEqual([true, false]);
    expect(rows.has("c", 0)).toBe(false);
    expect(rows.sweep(RECENT_TTL_MS)).toBe(RECENT_TTL_MS + 5);
    rows.note("b", 9);
    expect(rows.sweep(RECENT_TTL_MS + 8)).toBe(RECENT_TTL_MS + 9);
    expect(rows.sweep(RECENT_TTL_MS + 9)).toBeNull();
  });

  test("are forgotten when they are deleted, unless they were stored again since", () => {
    const rows = createRecentRows(memorySql());
    rows.note("a", 5);
    rows.note("b", 5);
    rows.forget("a", 4);
    expect(rows.has("a", 6)).toBe(true);
    rows.forget("a", 5);
    expect([rows.has("a", 6), rows.has("b", 6)]).toEqual([false, true]);
  });

  test("of one ID are always in the same shard", () => {
    expect(recentShard("AbCdef")).toBe("Ab");
  });
});
