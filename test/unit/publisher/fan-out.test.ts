import { beforeAll, describe, expect, test } from "vitest";
import { type EncodedBlob, encodeMetadata } from "../../../shared/codec/index.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { createPermit } from "../../../shared/nodes/permit.ts";
import {
  FAN_OUT_DEADLINE_MS,
  FAN_OUT_ROUNDS_MAX,
  FAN_OUT_STALL_MS,
  REQUESTS_IN_FLIGHT_MAX,
} from "../../../shared/limits.ts";
import type { Lane } from "../../../workers/publisher/lane/lane.ts";
import { runLane } from "../../../workers/publisher/lane/run-lane.ts";
import { registrationOf, startFanOut } from "../../../workers/publisher/upload/fan-out.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { fixedRandom } from "../nodes/support.ts";
import { type StubFault, StubNetwork } from "./stub-network.ts";
import { VirtualTime } from "./virtual-time.ts";

/** 13 shards, f = 4: quorum 9. */
const SHARD_COUNTS = [3, 2, 2, 2, 2, 1, 1];
const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
let encoded: EncodedBlob;

beforeAll(async () => {
  const result = (await loadCodec()).encode(seededBytes(20_000, 1), 13);
  if (!result.ok) throw new Error(result.failure.kind);
  encoded = result.value;
});

interface Setting {
  readonly laneCount?: number;
  readonly register?: (network: StubNetwork) => Promise<boolean>;
  readonly laggards?: readonly number[];
  readonly chainEpoch?: number | null;
  /** Faults pass after so long; never unless given. */
  readonly healedAfterMs?: number;
}

async function spread(
  faults: Partial<Record<number, StubFault>>,
  { laneCount = 3, register, laggards = [], chainEpoch = 5, healedAfterMs }: Setting = {},
) {
  const network = new StubNetwork(SHARD_COUNTS);
  network.isRegistered = register === undefined;
  for (const [index, fault] of Object.entries(faults)) network.nodes[Number(index)]!.fault = fault!;
  const time = new VirtualTime();
  if (healedAfterMs !== undefined) {
    void time.sleep(healedAfterMs).then(() => {
      for (const node of network.nodes) node.fault = null;
    });
  }
  const jobs: string[] = [];
  const lane: Lane = {
    push: (job, frames, report, registered) => {
      jobs.push(job.lane);
      const client = createNodeClient({
        permit: createPermit(network.fetch),
        timer: time,
        lane: job.lane,
      });
      const ports = { client, timer: time, random: fixedRandom(0) };
      return runLane(ports, job, frames, (each) => report([each]), registered);
    },
  };
  const { blobId } = encoded.metadata;
  const startedAtMs = time.nowMs();
  const progress = new Map<number, string>();
  let looks = 0;
  const fanOut = startFanOut(
    {
      clock: time,
      timer: time,
      random: fixedRandom(0),
      log: silentLog,
      lane,
      readEpoch: () => {
        looks++;
        return Promise.resolve(chainEpoch);
      },
      progress: (memberIndex, state) => progress.set(memberIndex, state),
    },
    {
      runId: "run",
      blobId,
      metadata: encodeMetadata(encoded.metadata),
      encodedBytes: 0,
      slivers: (pairIndices) => encoded.slivers(pairIndices),
      committee: network.committee,
      registered:
        register === undefined
          ? registrationOf(5, blobId, null)
          : register(network).then((isRegistered) => {
              if (!isRegistered) throw new Error("refused");
              network.isRegistered = true;
              return registrationOf(5, blobId, null);
            }),
      laneCount,
      laggards: new Set(laggards.map((index) => network.committee.members[index]?.nodeId ?? "")),
    },
  );
  const outcome = await fanOut.outcome;
  const decidedAfterMs = time.nowMs() - startedAtMs;
  await fanOut.settled;
  return { network, outcome, progress, jobs, looks, decidedAfterMs, served: fanOut.served() };
}

describe("a fan-out over honest nodes", () => {
  test("stores every pair at its owner and certifies", async () => {
    const { network, outcome, progress } = await spread({});
    expect(outcome.ok && outcome.value.weight).toBeGreaterThanOrEqual(9);
    expect([...progress.values()].filter((state) => state === "confirmed")).toHaveLength(7);
    const stored = network.nodes.map(
      (node) => [...node.stored.keys()].filter((path) => path.includes("/slivers/")).length,
    );
    expect(stored).toEqual(SHARD_COUNTS.map((shards) => shards * 2));
  });

  test("keeps to six requests in flight for each lane", async () => {
    const { network } = await spread({}, { laneCount: 1 });
    expect(network.laneInFlightMax).toBeLessThanOrEqual(REQUESTS_IN_FLIGHT_MAX);
    expect(network.laneInFlightMax).toBeGreaterThan(1);
  });

  test("waits for nodes that have not seen the registration", async () => {
    const late = Object.fromEntries(SHARD_COUNTS.map((_, index) => [index, "late-registration"]));
    const { outcome } = await spread(late as Record<number, StubFault>);
    expect(outcome.ok).toBe(true);
  });
});

describe("nodes that lately lagged", () => {
  const idsOf = ({ committee }: StubNetwork) => committee.members.map(({ nodeId }) => nodeId);

  test("are asked all the same, and served when they serve", async () => {
    const { network, outcome, served } = await spread({}, { laggards: [0, 1, 2, 3, 4, 5] });
    expect(outcome.ok).toBe(true);
    expect(served).toEqual({ served: idsOf(network), lagged: [] });
  });

  test("a node that is silent lags", async () => {
    const { network, outcome, served } = await spread({ 2: "silent" });
    expect(outcome.ok).toBe(true);
    expect(served.lagged).toEqual([idsOf(network)[2]]);
    expect(served.served).toHaveLength(idsOf(network).length - 1);
  });

  test("a silent one that is known to lag is not waited for", async () => {
    const unknown = await spread({ 2: "silent" });
    const known = await spread({ 2: "silent" }, { laggards: [2] });
    expect(known.outcome.ok).toBe(true);
    expect(known.decidedAfterMs).toBeLessThan(unknown.decidedAfterMs);
  });
});

describe("a fan-out that begins before the blob is registered", () => {
  const WHOLE = SHARD_COUNTS.reduce((total, shards) => total + 1 + 2 * shards, 0);

  /** Resolves when the nodes have buffered so much, all together. */
  const whenBuffered = (count: number) => async (network: StubNetwork) => {
    const buffered = () => network.nodes.reduce((total, node) => total + node.bufferedCount, 0);
    while (buffered() < count) await new Promise((resolve) => setImmediate(resolve));
    return true;
  };

  test("has all slivers buffered by then, and only confirmations left", async () => {
    let requestsBefore = 0;
    const { network, outcome } = await spread(
      {},
      {
        register: async (stub) => {
          await whenBuffered(WHOLE)(stub);
          requestsBefore = stub.nodes.reduce((total, node) => total + node.requestCount, 0);
          return true;
        },
      },
    );
    expect(outcome.ok && outcome.value.weight).toBeGreaterThanOrEqual(9);
    const requests = network.nodes.reduce((total, node) => total + node.requestCount, 0);
    expect(requests - requestsBefore).toBe(SHARD_COUNTS.length);
  });

  test("sends to nodes without room after the registration", async () => {
    const { network, outcome } = await spread(
      { 0: "no-buffer", 3: "no-buffer" },
      { register: whenBuffered(5) },
    );
    expect(outcome.ok).toBe(true);
    expect(network.nodes.map((node) => node.stored.size)).toEqual(
      SHARD_COUNTS.map((shards) => 1 + 2 * shards),
    );
  });

  test("ends, and nobody confirms, when the registration is refused", async () => {
    const { outcome } = await spread(
      {},
      {
        register: async (stub) => {
          await whenBuffered(WHOLE)(stub);
          return false;
        },
      },
    );
    expect(outcome).toMatchObject({ failure: { kind: "insufficient-confirmations", weight: 0 } });
  });
});

describe("nodes of up to f shards are bad", () => {
  test.each([
    "down",
    "silent",
    "silent-slivers",
    "blocks",
    "wrong-signature",
    "later-epoch",
  ] as const)("%s: the certificate comes all the same, without them", async (fault) => {
    const { outcome } = await spread({ 0: fault, 5: fault });
    expect(outcome).toMatchObject({ ok: true });
    if (!outcome.ok) return;
    expect(outcome.value.memberIndices).not.toContain(0);
    expect(outcome.value.memberIndices).not.toContain(5);
    expect(outcome.value.weight).toBeGreaterThanOrEqual(9);
  });
});

describe("nodes of more than f shards are bad", () => {
  test.each(["down", "silent", "silent-slivers", "wrong-signature"] as const)(
    "%s: it fails in bounded time and says how much confirmed",
    async (fault) => {
      const { outcome, decidedAfterMs } = await spread({ 0: fault, 1: fault });
      expect(outcome).toMatchObject({
        failure: { kind: "insufficient-confirmations", weight: 8, requiredWeight: 9 },
      });
      expect(decidedAfterMs).toBeLessThanOrEqual(FAN_OUT_DEADLINE_MS);
    },
  );

  test("blocking: the blob is forbidden", async () => {
    const { outcome } = await spread({ 0: "blocks", 1: "blocks" });
    expect(outcome).toMatchObject({ failure: { kind: "blob-blocked" } });
  });

  test("signing for a later epoch: the committee has to be read again", async () => {
    const { outcome } = await spread({ 0: "later-epoch", 1: "later-epoch" });
    expect(outcome).toMatchObject({ failure: { kind: "epoch-moved" } });
  });
});

describe("nodes that speak of other shards", () => {
  const MOVED = { 3: "moved-shards" } as const;
  const ALL = Object.fromEntries(SHARD_COUNTS.map((_, index) => [index, "moved-shards"] as const));

  test("one, and the chain is in a later epoch: the committee has to be read again", async () => {
    const silent = { 0: "silent-slivers", 1: "silent-slivers" } as const;
    const { outcome, decidedAfterMs, jobs } = await spread(
      { ...silent, ...MOVED },
      { chainEpoch: 6 },
    );
    expect(outcome).toMatchObject({ failure: { kind: "epoch-moved" } });
    expect(decidedAfterMs).toBeLessThan(FAN_OUT_STALL_MS);
    expect(jobs).toHaveLength(3);
  });

  test("some, though the epoch is the same: the certificate comes without them", async () => {
    const { outcome, looks } = await spread(MOVED);
    expect(outcome).toMatchObject({ ok: true });
    expect(looks).toBe(1);
  });

  test.each([5, null])(
    "all, and the chain says %s: it fails, having looked a few times",
    async (epoch) => {
      const { outcome, looks } = await spread(ALL, { chainEpoch: epoch });
      expect(outcome).toMatchObject({
        failure: { kind: "insufficient-confirmations", failureCounts: { SHARD_NOT_ASSIGNED: 7 } },
      });
      expect(looks).toBeLessThanOrEqual(2 * FAN_OUT_ROUNDS_MAX);
    },
  );
});

describe("nodes that follow the chain by an epoch change", () => {
  const all = (fault: StubFault) =>
    Object.fromEntries(SHARD_COUNTS.map((_, index) => [index, fault] as const));

  test.each(["moved-shards", "earlier-epoch"] as const)(
    "%s: are asked again after a pause, until they have caught up",
    async (fault) => {
      const { outcome, jobs } = await spread(all(fault), { healedAfterMs: 10_000 });
      expect(outcome.ok).toBe(true);
      expect(jobs.map((job) => job.split("/")[1])).toContain("2");
    },
  );

  test("are waited for no longer than the deadline allows", async () => {
    const { outcome, decidedAfterMs } = await spread(all("earlier-epoch"));
    expect(outcome).toMatchObject({
      failure: { kind: "insufficient-confirmations", failureCounts: { "earlier-epoch": 7 } },
    });
    expect(decidedAfterMs).toBeLessThanOrEqual(FAN_OUT_DEADLINE_MS);
  });
});

test("all rounds together stay within the invocations of one request", async () => {
  const { jobs } = await spread({ 0: "down", 1: "down" }, { laneCount: 31 });
  expect(jobs.length).toBeLessThanOrEqual(31);
  expect(new Set(jobs).size).toBe(jobs.length);
});
