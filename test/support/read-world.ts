/** The aggregator's services over fake nodes, without a cache: for tests of one read at a time. */
import { NO_RULES } from "../../shared/cache/gate-rules.ts";
import type { Codec } from "../../shared/codec/index.ts";
import { ISOLATE_WORKING_SET_BYTES } from "../../shared/limits.ts";
import { createNodeHealth } from "../../shared/nodes/node-health.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import type { LeaseWord } from "../../workers/aggregator/leases.ts";
import type { AggregatorServices } from "../../workers/aggregator/services.ts";
import { createFakeNodes, type FakeNodes } from "./fake-nodes.ts";
import { seededRandom } from "./seeded-random.ts";
import { createVirtualTimer } from "./virtual-timer.ts";
import { emptyReadMemory } from "../../workers/aggregator/read-memory.ts";

/** What the lease book says of a blob it does not know. */
export const NO_LEASE: LeaseWord = {
  permanentEndEpoch: null,
  latestEndEpoch: null,
  contentType: null,
  certifyTxDigest: null,
  isAnswered: true,
};

/** Services and the world behind them. */
export interface ReadWorld {
  readonly nodes: FakeNodes;
  readonly services: AggregatorServices;
  /** Lines `key value` of what was put into the tiers. */
  readonly kept: string[];
  readonly world: {
    nowMs: number;
    leases: LeaseWord | Promise<LeaseWord>;
    asked: number;
    lately: boolean | null;
    askedLately: number;
  };
}

/** Makes them over a network of `shardCount` nodes with a shard each. */
export function readWorld(codec: Codec, shardCount = 10): ReadWorld {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer, { shardCount, memberCount: shardCount });
  const world = {
    nowMs: 1_000,
    leases: NO_LEASE as LeaseWord | Promise<LeaseWord>,
    asked: 0,
    lately: false as boolean | null,
    askedLately: 0,
  };
  const kept: string[] = [];
  const phase = { kind: "change-done", startMs: 0 } as const;
  const timing = { epoch: 5, phase, epochDurationMs: 86_400_000, firstEpochStartMs: 0 };
  const view = {
    ok: true,
    value: {
      epoch: 5,
      phase,
      timing,
      readAtMs: 0,
      originalPackageId: "0x2",
      current: nodes.committee,
      previous: null,
    },
  } as const;
  const services: AggregatorServices = {
    codec,
    blobBytesMax: null,
    patienceMs: 0,
    client: nodes.client,
    clock: { nowMs: () => world.nowMs },
    timer,
    random: seededRandom(1),
    log: { info() {}, warn() {}, error() {} },
    tiers: {
      get: () => Promise.resolve(null),
      open: () => Promise.resolve(null),
      put: (key, value) =>
        Promise.resolve(void kept.push(`${key} ${new TextDecoder().decode(value)}`)),
      evict: () => Promise.resolve(),
    },
    views: { current: () => Promise.resolve(view), refresh: () => Promise.resolve(view) },
    gateRules: () => Promise.resolve(NO_RULES),
    certifiedLately: () => {
      world.askedLately++;
      return Promise.resolve(world.lately);
    },
    leases: () => {
      world.asked++;
      return Promise.resolve(world.leases);
    },
    readObject: (objectId) =>
      Promise.resolve({ ok: false, failure: { kind: "object-not-found", objectId } }),
    readCertifiedEvent: () => Promise.resolve({ ok: true, value: null }),
    workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
    health: createNodeHealth({ suspects: new Map(), usualMs: 0 }, { nowMs: () => world.nowMs }),
    lane: null,
    fills: null,
    remembered: emptyReadMemory({ nowMs: () => world.nowMs }),
    background: () => undefined,
  };
  return { nodes, world, services, kept };
}
