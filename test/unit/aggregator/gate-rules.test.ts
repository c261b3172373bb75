import { describe, expect, test } from "vitest";
import { GATE_ASK_TIMEOUT_MS, GATE_HOLD_MS } from "../../../shared/limits.ts";
import {
  readGateRules,
  type RulesMemory,
  type RulesSource,
} from "../../../workers/aggregator/gate-rules.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const SILENT_LOG = { info() {}, warn() {}, error() {} };

/** KV and a writer that can be changed and broken; the clock is the world's. */
function setUp({ hasWriter = false } = {}) {
  const world = {
    nowMs: 0,
    copy: null as string | null,
    copyFails: false,
    copyReads: 0,
    writer: "{}" as string | null | Error,
    asked: [] as (number | null)[],
    background: [] as Promise<void>[],
  };
  const source: RulesSource = {
    gateRules(knownVersion) {
      world.asked.push(knownVersion);
      if (world.writer instanceof Error) return Promise.reject(world.writer);
      if (world.writer === "silent") return new Promise(() => undefined);
      return Promise.resolve(world.writer);
    },
  };
  const kv = {
    get() {
      world.copyReads++;
      if (world.copyFails) return Promise.reject(new Error("KV down"));
      return Promise.resolve(world.copy === null ? null : new TextEncoder().encode(world.copy));
    },
  };
  const memory: RulesMemory = { held: null, refreshedAtMs: 0 };
  const timer = createVirtualTimer();
  const read = () =>
    readGateRules({
      source: hasWriter ? source : undefined,
      kv,
      clock: { nowMs: () => world.nowMs },
      timer,
      log: SILENT_LOG,
      memory,
      holdMs: GATE_HOLD_MS,
      background: (work) => void world.background.push(work),
    });
  return { world, read, timer };
}

const rules = (version: number, blocklist: readonly string[] = []) =>
  JSON.stringify({ version, blocklist, purgeGeneration: version });

describe("the copy of the rules in KV", () => {
  test("is no rules when there is none", async () => {
    const { read } = setUp();
    expect(await read()).toMatchObject({ blocklist: new Set(), purgeGeneration: 0 });
  });

  test("is held for 30 s and then read again", async () => {
    const { world, read } = setUp();
    await read();
    world.copy = JSON.stringify({ blocklist: ["a"], purgeGeneration: 2, purged: { b: 3 } });
    world.nowMs = GATE_HOLD_MS / 2 - 1;
    expect((await read()).purgeGeneration).toBe(0);
    expect(world.copyReads).toBe(1);
    world.nowMs = GATE_HOLD_MS;
    const read2 = await read();
    expect(read2).toMatchObject({ blocklist: new Set(["a"]), purgeGeneration: 2 });
    expect(read2.purged.get("b")).toBe(3);
  });

  test.each(["an outage", "a value that cannot be read"])(
    "stays in force over %s",
    async (what) => {
      const { world, read } = setUp();
      world.copy = JSON.stringify({ blocklist: ["a"] });
      await read();
      world.nowMs = GATE_HOLD_MS;
      world.copyFails = what === "an outage";
      world.copy = "{";
      expect((await read()).blocklist).toEqual(new Set(["a"]));
    },
  );
});

describe("the writer of the rules", () => {
  test("is asked before the copy, which may be a minute behind", async () => {
    const { world, read } = setUp({ hasWriter: true });
    world.writer = rules(2, ["a"]);
    world.copy = rules(1);
    expect((await read()).blocklist).toEqual(new Set(["a"]));
    expect(world.copyReads).toBe(0);
  });

  test("is asked for what is new, and says so when nothing is", async () => {
    const { world, read } = setUp({ hasWriter: true });
    world.writer = rules(2, ["a"]);
    await read();
    world.writer = null;
    world.nowMs = GATE_HOLD_MS;
    expect((await read()).blocklist).toEqual(new Set(["a"]));
    expect(world.asked).toEqual([null, 2]);
    world.nowMs += GATE_HOLD_MS / 2 - 1;
    await read();
    expect(world.asked).toHaveLength(2);
  });

  test("is asked again half way through the hold, once and behind the answer", async () => {
    const { world, read } = setUp({ hasWriter: true });
    world.writer = rules(1);
    await read();
    world.nowMs = GATE_HOLD_MS / 2;
    world.writer = rules(2, ["a"]);
    expect((await read()).version).toBe(1);
    await read();
    expect(world.background).toHaveLength(1);
    await Promise.all(world.background);
    expect((await read()).version).toBe(2);
  });

  test.each([["unreachable", new Error("down")] as const, ["silent", "silent"] as const])(
    "that is %s leaves the copy in charge, but never an older one",
    async (_, writer) => {
      const { world, read, timer } = setUp({ hasWriter: true });
      world.writer = writer;
      world.copy = rules(5, ["a"]);
      expect((await read()).blocklist).toEqual(new Set(["a"]));
      if (writer === "silent") expect(timer.nowMs()).toBe(GATE_ASK_TIMEOUT_MS);
      world.copy = rules(4);
      world.nowMs = GATE_HOLD_MS;
      expect((await read()).blocklist).toEqual(new Set(["a"]));
      world.copy = rules(6);
      world.nowMs += GATE_HOLD_MS;
      expect((await read()).blocklist).toEqual(new Set());
    },
  );

  test("holds from when it was asked: a slow answer may be as old as that", async () => {
    const { world, read } = setUp({ hasWriter: true });
    world.writer = rules(1);
    const reading = read();
    world.nowMs = 10_000;
    await reading;
    world.nowMs = GATE_HOLD_MS;
    world.writer = rules(2);
    expect((await read()).version).toBe(2);
  });
});
