/** When a blob is said not to exist, and when it must not be. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { NO_RULES } from "../../../shared/cache/gate-rules.ts";
import {
  ISOLATE_WORKING_SET_BYTES,
  NOT_FOUND_HOLD_MS,
  NOT_FOUND_REMEMBERED_MAX,
  STRICT_READ_BYTES_MAX,
} from "../../../shared/limits.ts";
import { createNodeHealth } from "../../../shared/nodes/node-health.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { blobBytes } from "../../../workers/aggregator/blob-bytes.ts";
import { blobContent, type BlobServing } from "../../../workers/aggregator/blob-content.ts";
import type { LeaseWord } from "../../../workers/aggregator/leases.ts";
import { Busy } from "../../../workers/aggregator/busy.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { leaseOf } from "../../../workers/aggregator/representation.ts";
import type { AggregatorServices } from "../../../workers/aggregator/services.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createFakeNodes } from "../../support/fake-nodes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
const BLOB = seededBytes(500, 1);
const NO_LEASE: LeaseWord = {
  permanentEndEpoch: null,
  latestEndEpoch: null,
  contentType: null,
  certifyTxDigest: null,
  isAnswered: true,
};

function setUp() {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer);
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
    client: nodes.client,
    clock: { nowMs: () => world.nowMs },
    timer,
    random: seededRandom(1),
    log: { info() {}, warn() {}, error() {} },
    tiers: {
      get: () => Promise.resolve(null),
      put: (key, value) => void kept.push(`${key} ${new TextDecoder().decode(value)}`),
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
    remembered: {
      notFound: new Map(),
      objects: new Map(),
      opening: new Busy({ nowMs: () => world.nowMs }),
      filling: new Busy({ nowMs: () => world.nowMs }),
      keeping: new Busy({ nowMs: () => world.nowMs }),
    },
    background: () => undefined,
  };
  const encoded = codec.metadata(BLOB, 10);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  const { blobId } = encoded.value;
  const open = async () => {
    const opened = await openBlob(services, blobId);
    return opened.ok ? "open" : opened.failure.kind;
  };
  return { nodes, world, services, kept, open, blobId, id: formatBlobId(blobId) };
}

describe("a blob that nodes of a quorum do not know", () => {
  test("does not exist, and for two seconds no node is asked again", async () => {
    const { nodes, world, open } = setUp();
    expect(await open()).toBe("blob-not-found");
    nodes.requests.length = 0;
    world.nowMs += NOT_FOUND_HOLD_MS - 1;
    expect(await open()).toBe("blob-not-found");
    expect(nodes.requests).toEqual([]);
    world.nowMs += 1;
    expect(await open()).toBe("blob-not-found");
    expect(nodes.requests.length).toBeGreaterThan(0);
  });

  test.each([
    { ...NO_LEASE, permanentEndEpoch: 9, latestEndEpoch: 9 },
    { ...NO_LEASE, permanentEndEpoch: null, latestEndEpoch: 6 },
  ])("is unavailable, not unknown, while we hold a running lease on it: %o", async (leases) => {
    const { world, open } = setUp();
    world.leases = leases;
    expect(await open()).toBe("lease-running");
    world.leases = NO_LEASE;
    expect(await open()).toBe("blob-not-found");
  });

  test("does not exist once the last lease has ended", async () => {
    const { world, open } = setUp();
    world.leases = { ...NO_LEASE, permanentEndEpoch: 5, latestEndEpoch: 5 };
    expect(await open()).toBe("blob-not-found");
  });

  test("is read at once when it is stored while its absence is remembered", async () => {
    const { nodes, world, open } = setUp();
    expect(await open()).toBe("blob-not-found");
    nodes.store(BLOB);
    world.lately = true;
    expect(await open()).toBe("open");
  });

  test("is unavailable while it was certified lately, even during the look-up itself", async () => {
    const { world, open } = setUp();
    world.lately = true;
    expect(await open()).toBe("lease-running");
    expect(world.askedLately).toBe(1);
  });

  test("does not exist once its lease has ended, though it was certified lately", async () => {
    const { world, open } = setUp();
    world.lately = true;
    world.leases = { ...NO_LEASE, permanentEndEpoch: 5, latestEndEpoch: 5 };
    expect(await open()).toBe("blob-not-found");
  });

  test.each(["lease book", "recent stores"])(
    "is not said to be missing unless the %s answers",
    async (who) => {
      const { world, open } = setUp();
      if (who === "lease book") world.leases = { ...NO_LEASE, isAnswered: false };
      else world.lately = null;
      expect(await open()).toBe("absence-unproven");
      world.leases = NO_LEASE;
      world.lately = false;
      expect(await open()).toBe("blob-not-found");
      // Remembered, but nobody can say that it was not stored since.
      world.lately = null;
      expect(await open()).toBe("absence-unproven");
    },
  );

  test("is forgotten when too many are remembered", async () => {
    const { services, open, id } = setUp();
    const { notFound } = services.remembered;
    for (let index = 0; index < NOT_FOUND_REMEMBERED_MAX; index++) notFound.set(`${index}`, 1e9);
    expect(await open()).toBe("blob-not-found");
    expect([...notFound.keys()]).toEqual([id]);
  });

  test("is not said not to exist by fewer than a quorum", async () => {
    const { nodes, open } = setUp();
    nodes.setFault([0, 1, 2, 3], "down");
    expect(await open()).toBe("metadata-unavailable");
    nodes.setFault([3], null);
    expect(await open()).toBe("blob-not-found");
  });
});

describe("the lease book", () => {
  test("delays neither the first byte nor the last; what is cached waits for its word", async () => {
    const { nodes, world, services, kept, blobId, id } = setUp();
    nodes.store(BLOB);
    const word = Promise.withResolvers<LeaseWord>();
    world.leases = word.promise;
    const opened = await openBlob(services, blobId);
    if (!opened.ok) throw new Error(opened.failure.kind);
    const blob = opened.value;
    const lease = leaseOf(services, [blob]);
    const parts: Uint8Array[] = [];
    const stop = new AbortController().signal;
    for await (const piece of blobBytes(services, blob, { start: 0, end: BLOB.length }, stop)) {
      if (piece.ok) parts.push(piece.value.bytes);
    }
    expect(concatBytes(...parts)).toEqual(BLOB);
    expect(lease.headers()).not.toHaveProperty("X-Walrus-End-Epoch");
    expect(kept.map((line) => line.split(" ")[0])).toEqual([`metadata/${id}`]);
    blob.known.learn({ contentType: "text/plain" });
    word.resolve({ ...NO_LEASE, permanentEndEpoch: 9, latestEndEpoch: 9 });
    await lease.settled;
    expect(lease.headers()).toMatchObject({ "X-Walrus-End-Epoch": "9" });
    const [entry] = kept.filter((line) => line.startsWith(`entry/${id}`));
    expect(JSON.parse(entry?.split(" ")[1] ?? "")).toMatchObject({
      endEpoch: 9,
      source: "lease-book",
      contentType: "text/plain",
    });
  });
});

describe("a strict check", () => {
  const SERVING: BlobServing = {
    consistency: "strict",
    presentation: { contentType: null, filename: null, download: false },
    isHead: false,
  };

  test.each([
    ["above its bound is refused", { unencodedBytes: STRICT_READ_BYTES_MAX + 1 }, false],
    ["that was checked before is not checked again", { isStrict: true }, true],
  ])("of a blob %s, and no sliver is asked for", async (_, known, ok) => {
    const { nodes, services, blobId } = setUp();
    nodes.store(BLOB);
    const opened = await openBlob(services, blobId);
    if (!opened.ok) throw new Error(opened.failure.kind);
    nodes.requests.length = 0;
    const entry = { ...opened.value.entry, ...known };
    const blob = { ...opened.value, entry };
    const content = await blobContent(services, blob, SERVING, new AbortController().signal);
    expect(content).toMatchObject(
      ok
        ? { ok, value: { verified: "strict" } }
        : { ok, failure: { kind: "strict-too-large", ...known } },
    );
    expect(nodes.requests).toEqual([]);
  });
});
