import { describe, expect, test } from "vitest";
import type { KeyValue } from "../../../shared/ports.ts";
import type { EpochPhase } from "../../../shared/protocol/epoch.ts";
import { err, ok } from "../../../shared/result.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import { GATE_HOLD_MS } from "../../../shared/limits.ts";
import {
  createNetworkViews,
  decodeView,
  encodeView,
  type NetworkView,
  type ViewMemory,
} from "../../../workers/aggregator/network-view.ts";
import { fakeCommittee } from "../../support/fake-nodes.ts";

const LATER_MS = 60_000;
const SILENT_LOG = { info() {}, warn() {}, error() {} };

function viewAt(
  readAtMs: number,
  epoch = 5,
  phase: EpochPhase = { kind: "change-done", startMs: 0 },
): NetworkView {
  const timing = { epoch, phase, epochDurationMs: 86_400_000, firstEpochStartMs: 0 };
  const current = fakeCommittee(10, 5, epoch);
  const previous = fakeCommittee(10, 4, epoch - 1);
  return { epoch, phase, current, previous, timing, readAtMs, originalPackageId: "0x2" };
}

function setUp() {
  const kept = new Map<string, Uint8Array>();
  const kv: KeyValue = {
    get: (key) => Promise.resolve(kept.get(key) ?? null),
    put: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
  const world = { nowMs: 1_000, chainReads: 0, chainDown: false, epoch: 5, changing: false };
  const memory: ViewMemory = { view: null };
  const views = createNetworkViews({
    holdMs: GATE_HOLD_MS,
    chain: {
      readSystem() {
        world.chainReads++;
        if (world.chainDown) {
          return Promise.resolve(err({ kind: "rpc-unreachable", call: "x", detail: "" }));
        }
        const phase: EpochPhase | undefined = world.changing
          ? { kind: "change-sync", syncedWeight: 0 }
          : undefined;
        const view = viewAt(world.nowMs, world.epoch, phase);
        const contract = { originalPackageId: view.originalPackageId };
        return Promise.resolve(ok({ ...view, contract } as unknown as SystemState));
      },
    },
    kv,
    clock: { nowMs: () => world.nowMs },
    log: SILENT_LOG,
    memory,
    systemObjectId: "0x1",
    background: (work) => void work,
  });
  return { views, world, memory, kept };
}

describe("the view of the network", () => {
  test("is read from the chain once, then from memory until it is old", async () => {
    const { views, world } = setUp();
    await views.current();
    await views.current();
    expect(world.chainReads).toBe(1);
    world.nowMs += LATER_MS;
    await views.current();
    expect(world.chainReads).toBe(2);
  });

  test("is found in KV by an isolate that knows nothing", async () => {
    const { views, world, memory } = setUp();
    const first = await views.current();
    memory.view = null;
    expect(await views.current()).toEqual(first);
    expect(world.chainReads).toBe(1);
  });

  test("is never reused while the epoch is changing", async () => {
    const { views, world, kept } = setUp();
    world.changing = true;
    await views.current();
    await views.current();
    expect(world.chainReads).toBe(2);
    expect(kept.size).toBe(0);
  });

  test("outlives an outage of the chain, but not its epoch", async () => {
    const { views, world } = setUp();
    const first = await views.current();
    world.chainDown = true;
    world.nowMs += LATER_MS;
    expect(await views.current()).toEqual(first);
    world.nowMs += 86_400_000;
    expect(await views.current()).toMatchObject({
      ok: false,
      failure: { kind: "rpc-unreachable" },
    });
  });

  test("is asked for anew on demand", async () => {
    const { views, world } = setUp();
    await views.current();
    world.epoch = 6;
    expect(await views.refresh()).toMatchObject({ ok: true, value: { epoch: 6 } });
    expect(await views.current()).toMatchObject({ ok: true, value: { epoch: 6 } });
  });

  test("comes back from KV as it was put, and another shape is none", () => {
    const view = viewAt(9);
    expect(decodeView(encodeView(view))).toEqual(view);
    expect(decodeView(encodeView({ ...view, previous: null }))).toEqual({
      ...view,
      previous: null,
    });
    expect(decodeView(new TextEncoder().encode('{"epoch":1}'))).toBeNull();
    expect(decodeView(new Uint8Array([0xff]))).toBeNull();
  });
});
