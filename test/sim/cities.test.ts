/**
 * A blob is stored while it is read in two cities, and lapses while they cache it: no reader is told
 * of a stale absence, and none gets anything past its lease. Decided by a seed.
 */
import { describe, expect, test } from "vitest";
import { NO_RULES } from "../../shared/cache/gate-rules.ts";
import { ISOLATE_WORKING_SET_BYTES, KV_WRITES_PER_HOUR_MAX } from "../../shared/limits.ts";
import { createNodeHealth } from "../../shared/nodes/node-health.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import type { LeaseWord } from "../../workers/aggregator/leases.ts";
import { openBlob } from "../../workers/aggregator/open-blob.ts";
import type { AggregatorServices } from "../../workers/aggregator/services.ts";
import { createTiers } from "../../workers/aggregator/tiers.ts";
import { createWriteBudget } from "../../workers/aggregator/write-budget.ts";
import { seededBytes } from "../support/contents.ts";
import { createFakeNodes } from "../support/fake-nodes.ts";
import { simEdgeCache, SimKv } from "./edge.ts";
import { codec } from "./network.ts";
import { Scheduler } from "./scheduler.ts";
import { emptyReadMemory } from "../../workers/aggregator/read-memory.ts";

const BLOB = seededBytes(500, 1);
const SHARD_COUNT = 10;
const START_MS = 1_750_000_000_000;
const EPOCH = 5;
const END_EPOCH = 7;
const READ_COUNT = 60;
const RUN_MS = 240_000;
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

/** One read: when it began and ended, where, and what the reader was told. */
interface Read {
  readonly city: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly told: string;
}

interface History {
  readonly reads: readonly Read[];
  /** When the client that stores was told of its blob. */
  readonly storedMs: number;
  readonly lapsedMs: number;
}

/** Everything all cities share: the chain, the nodes, and the objects that are asked beyond caches. */
class Shared {
  epoch = EPOCH;
  isRecent = false;
  leases: LeaseWord = {
    permanentEndEpoch: null,
    latestEndEpoch: null,
    contentType: null,
    certifyTxDigest: null,
    isAnswered: true,
  };
}

async function run(seed: number): Promise<History> {
  const scheduler = new Scheduler(seed, START_MS);
  const shared = new Shared();
  const nodes = createFakeNodes(codec, scheduler);
  const kv = new SimKv(scheduler);
  const cities = [0, 1].map(() => services(scheduler, shared, nodes, kv));
  const metadata = codec.metadata(BLOB, SHARD_COUNT);
  if (!metadata.ok) throw new TypeError(metadata.failure.kind);
  const { blobId } = metadata.value;
  const reads: Read[] = [];
  for (let n = 0; n < READ_COUNT; n++) {
    scheduler.after(scheduler.someMs(RUN_MS), () => {
      const city = scheduler.someMs(1);
      const fromMs = scheduler.nowMs();
      void openBlob(cities[city]!, blobId).then((opened) => {
        const told = opened.ok ? `open by ${opened.value.tier ?? "nodes"}` : opened.failure.kind;
        reads.push({ city, fromMs, toMs: scheduler.nowMs(), told });
      });
    });
  }
  let storedMs = Infinity;
  scheduler.after(20_000 + scheduler.someMs(40_000), () => {
    nodes.store(BLOB);
    scheduler.after(scheduler.someMs(500), () => {
      shared.leases = { ...shared.leases, permanentEndEpoch: END_EPOCH, latestEndEpoch: END_EPOCH };
      shared.isRecent = true;
      storedMs = scheduler.nowMs();
    });
  });
  let lapsedMs = Infinity;
  scheduler.after(120_000 + scheduler.someMs(40_000), () => {
    shared.epoch = END_EPOCH;
    shared.isRecent = false;
    nodes.setFault([...nodes.committee.members.keys()], "not-found");
    lapsedMs = scheduler.nowMs();
  });
  await scheduler.run(() => reads.length === READ_COUNT && lapsedMs < Infinity);
  return { reads, storedMs, lapsedMs };
}

function services(
  scheduler: Scheduler,
  shared: Shared,
  nodes: ReturnType<typeof createFakeNodes>,
  kv: SimKv,
): AggregatorServices {
  const view = async () => {
    await scheduler.sleep(scheduler.someMs(20));
    const phase = { kind: "change-done", startMs: START_MS } as const;
    const timing = {
      epoch: shared.epoch,
      phase,
      epochDurationMs: 86_400_000,
      firstEpochStartMs: 0,
    };
    const { epoch } = shared;
    const committees = { current: nodes.committee, previous: null };
    const readAtMs = scheduler.nowMs();
    const value = { epoch, phase, timing, readAtMs, originalPackageId: "0x2", ...committees };
    return { ok: true, value } as const;
  };
  const log = { info() {}, warn() {}, error() {} };
  const later = async <T>(value: () => T): Promise<T> => {
    await scheduler.sleep(scheduler.someMs(30));
    return value();
  };
  return {
    codec,
    blobBytesMax: null,
    patienceMs: 0,
    client: nodes.client,
    clock: scheduler,
    timer: scheduler,
    random: scheduler.random,
    log,
    tiers: createTiers({
      edge: simEdgeCache(scheduler),
      kv: kv.city(),
      log,
      background: () => undefined,
      admittedKeys: new Set(),
      writes: createWriteBudget(scheduler, KV_WRITES_PER_HOUR_MAX),
    }),
    views: { current: view, refresh: view },
    gateRules: () => Promise.resolve(NO_RULES),
    certifiedLately: () => later(() => shared.isRecent),
    leases: () => later(() => shared.leases),
    readObject: (objectId) =>
      Promise.resolve({ ok: false, failure: { kind: "object-not-found", objectId } }),
    readCertifiedEvent: () => Promise.resolve({ ok: true, value: null }),
    workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
    health: createNodeHealth({ suspects: new Map(), usualMs: 0 }, scheduler),
    lane: null,
    fills: null,
    remembered: emptyReadMemory(scheduler),
    background: () => undefined,
  };
}

const isOpen = ({ told }: Read) => told.startsWith("open");
/** What readers are told over all runs, at least. */
const TOLD = ["blob-not-found", "open by edge", "open by kv", "open by nodes"];

describe("two cities over a stale KV and caches of their own", () => {
  test.each(SEEDS)("tell no stale 404 and serve nothing past its lease, seed %d", async (seed) => {
    const { reads, storedMs, lapsedMs } = await run(seed);
    const afterStore = reads.filter(({ fromMs, toMs }) => fromMs >= storedMs && toMs < lapsedMs);
    const afterLapse = reads.filter(({ fromMs }) => fromMs >= lapsedMs);
    expect(afterStore.length).toBeGreaterThan(0);
    expect(afterLapse.length).toBeGreaterThan(0);
    expect(afterStore.filter(({ told }) => told === "blob-not-found")).toEqual([]);
    expect(afterStore.filter(isOpen).length).toBeGreaterThan(0);
    expect(afterLapse.filter(isOpen)).toEqual([]);
  });

  test("answer from both tiers as well as from nodes", async () => {
    const histories = await Promise.all(SEEDS.map(run));
    const told = new Set(histories.flatMap(({ reads }) => reads.map((read) => read.told)));
    expect([...told].sort()).toEqual(expect.arrayContaining(TOLD));
  });

  test("the same seed is the same history, another one is another", async () => {
    const [first, second, other] = await Promise.all([run(1), run(1), run(2)]);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });
});
