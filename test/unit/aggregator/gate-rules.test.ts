import { describe, expect, test } from "vitest";
import { GATE_HOLD_MS, LEASE_LOOKUP_TIMEOUT_MS } from "../../../shared/limits.ts";
import type { KeyValue } from "../../../shared/ports.ts";
import { readGateRules, type RulesMemory } from "../../../workers/aggregator/gate-rules.ts";
import { askLeases } from "../../../workers/aggregator/leases.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const SILENT_LOG = { info() {}, warn() {}, error() {} };

function setUp() {
  const world = { nowMs: 0, value: null as string | null, fails: false, reads: 0 };
  const kv: Pick<KeyValue, "get"> = {
    get() {
      world.reads++;
      if (world.fails) return Promise.reject(new Error("KV down"));
      return Promise.resolve(world.value === null ? null : new TextEncoder().encode(world.value));
    },
  };
  const memory: RulesMemory = { held: null };
  const clock = { nowMs: () => world.nowMs };
  return { world, read: () => readGateRules(kv as KeyValue, clock, SILENT_LOG, memory) };
}

describe("the operator's rules", () => {
  test("are none when there is no key", async () => {
    const { read } = setUp();
    expect(await read()).toEqual({ blocklist: new Set(), purgeGeneration: 0 });
  });

  test("are held for 30 s and then read again", async () => {
    const { world, read } = setUp();
    await read();
    world.value = JSON.stringify({ blocklist: ["a"], purgeGeneration: 2 });
    world.nowMs = GATE_HOLD_MS - 1;
    expect((await read()).purgeGeneration).toBe(0);
    expect(world.reads).toBe(1);
    world.nowMs = GATE_HOLD_MS;
    expect(await read()).toEqual({ blocklist: new Set(["a"]), purgeGeneration: 2 });
  });

  test.each(["an outage", "a value that cannot be read"])("stay in force over %s", async (what) => {
    const { world, read } = setUp();
    world.value = JSON.stringify({ blocklist: ["a"] });
    await read();
    world.nowMs = GATE_HOLD_MS;
    world.fails = what === "an outage";
    world.value = "{";
    expect((await read()).blocklist).toEqual(new Set(["a"]));
  });
});

describe("the end epoch of a blob's leases", () => {
  const NONE = { permanentEndEpoch: null, latestEndEpoch: null };
  const ask = (source: Parameters<typeof askLeases>[0]) =>
    askLeases(source, "id", createVirtualTimer(), SILENT_LOG);
  const answering = (answer: unknown) => ({ leasesOfBlob: () => Promise.resolve(answer) });

  test("is the latest of those that nobody can take back", async () => {
    const leases = [
      { endEpoch: 7, deletable: false },
      { endEpoch: 9, deletable: false },
      { endEpoch: 50, deletable: true },
    ];
    expect(await ask(answering(leases))).toEqual({ permanentEndEpoch: 9, latestEndEpoch: 50 });
  });

  test.each([
    ["there is no publisher", undefined],
    ["there is no lease", answering([])],
    ["the answer has another shape", answering("x")],
    ["the publisher fails", { leasesOfBlob: () => Promise.reject(new Error("down")) }],
  ])("is unknown when %s", async (_, source) => {
    expect(await ask(source)).toEqual(NONE);
  });

  test("of deletable leases proves no end, but that the blob exists", async () => {
    const leases = [{ endEpoch: 50, deletable: true }];
    expect(await ask(answering(leases))).toEqual({ permanentEndEpoch: null, latestEndEpoch: 50 });
  });

  test("is unknown when the publisher is silent", async () => {
    const timer = createVirtualTimer();
    const silent = { leasesOfBlob: () => new Promise<unknown>(() => undefined) };
    expect(await askLeases(silent, "id", timer, SILENT_LOG)).toEqual(NONE);
    expect(timer.nowMs()).toBe(LEASE_LOOKUP_TIMEOUT_MS);
  });
});
