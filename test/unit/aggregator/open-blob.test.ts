/** When a blob is said not to exist, and when it must not be. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { encodeEntry } from "../../../shared/cache/entry.ts";
import { NO_RULES } from "../../../shared/cache/gate-rules.ts";
import {
  ENTRY_HOLD_MS,
  NOT_FOUND_HOLD_MS,
  NOT_FOUND_REMEMBERED_MAX,
  STRICT_READ_BYTES_MAX,
} from "../../../shared/limits.ts";
import { blobBytes } from "../../../workers/aggregator/blob-bytes.ts";
import { blobContent, type BlobServing } from "../../../workers/aggregator/blob-content.ts";
import type { LeaseWord } from "../../../workers/aggregator/leases.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { collect, leaseOf } from "../../../workers/aggregator/representation.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { NO_LEASE, readWorld } from "../../support/read-world.ts";

const codec = await loadCodec();
const BLOB = seededBytes(500, 1);

function setUp() {
  const world = readWorld(codec);
  const { services } = world;
  const encoded = codec.metadata(BLOB, 10);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  const { blobId } = encoded.value;
  const open = async () => {
    const opened = await openBlob(services, blobId);
    return opened.ok ? "open" : opened.failure.kind;
  };
  return { ...world, open, blobId, id: formatBlobId(blobId) };
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

  test("is remembered in place of the oldest when too many are", async () => {
    const { services, open, id } = setUp();
    const { notFound } = services.remembered;
    for (let index = 0; index < NOT_FOUND_REMEMBERED_MAX; index++) notFound.set(`${index}`, 1e9);
    expect(await open()).toBe("blob-not-found");
    expect(notFound.size).toBe(NOT_FOUND_REMEMBERED_MAX);
    expect([notFound.has("0"), notFound.has("1"), notFound.has(id)]).toEqual([false, true, true]);
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
  test("delays neither the first byte nor the last; what lets them be found waits for its word", async () => {
    const { nodes, world, services, kept, blobId, id } = setUp();
    nodes.store(BLOB);
    const word = Promise.withResolvers<LeaseWord>();
    world.leases = word.promise;
    const opened = await openBlob(services, blobId);
    if (!opened.ok) throw new Error(opened.failure.kind);
    const blob = opened.value;
    const lease = leaseOf(services, [blob]);
    const stop = new AbortController().signal;
    const read = await collect(blobBytes(services, blob, { start: 0, end: BLOB.length }, stop));
    expect(concatBytes(...(read.ok ? read.value : []))).toEqual(BLOB);
    expect(lease.headers()).not.toHaveProperty("X-Walrus-End-Epoch");
    const isEntry = (line: string) => line.startsWith(`entry/${id}`);
    expect(kept.filter((line) => isEntry(line))).toEqual([]);
    blob.known.learn({ contentType: "text/plain" });
    word.resolve({ ...NO_LEASE, permanentEndEpoch: 9, latestEndEpoch: 9 });
    await lease.settled;
    expect(lease.headers()).toMatchObject({ "X-Walrus-End-Epoch": "9" });
    const [entry] = kept.filter((line) => isEntry(line));
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

describe("an entry that the edge cache has", () => {
  function cached(tier: "edge" | "kv", change: object = {}) {
    const set = setUp();
    const entry = encodeEntry({
      version: 1,
      unencodedBytes: BLOB.length,
      shardCount: 10,
      endEpoch: null,
      learnedEpoch: 5,
      expiresAtMs: 1_000 + 2 * ENTRY_HOLD_MS,
      purgeGeneration: 0,
      contentType: null,
      recordedType: null,
      isStrict: false,
      sha256: null,
      ...change,
    });
    const looked = { ups: 0 };
    const services = {
      ...set.services,
      tiers: {
        ...set.services.tiers,
        get: () => {
          looked.ups++;
          return Promise.resolve({ value: entry, tier });
        },
      },
    };
    const open = async (more: object = {}) => {
      const opened = await openBlob({ ...services, ...more }, set.blobId);
      return opened.ok ? opened.value : opened.failure.kind;
    };
    return { ...set, open, looked };
  }

  test("is looked up again when its time is over, not before", async () => {
    const { world, open, looked } = cached("edge");
    await open();
    world.nowMs += ENTRY_HOLD_MS - 1;
    expect(await open()).toMatchObject({ tier: "edge" });
    expect(looked.ups).toBe(1);
    world.nowMs += 1;
    await open();
    expect(looked.ups).toBe(2);
  });

  test("and that only KV had is looked up again", async () => {
    const { open, looked } = cached("kv");
    await open();
    await open();
    expect(looked.ups).toBe(2);
  });

  test("passes the gate on every read: blocked, purged and expired blobs are not served", async () => {
    const { world, open, id, nodes } = cached("edge", { expiresAtMs: 1_100 });
    expect(await open()).toMatchObject({ tier: "edge" });
    const blocked = { ...NO_RULES, blocklist: new Set([id]) };
    expect(await open({ gateRules: () => Promise.resolve(blocked) })).toBe("blob-blocked");
    const purged = { ...NO_RULES, purgeGeneration: 1 };
    expect(await open({ gateRules: () => Promise.resolve(purged) })).toBe("blob-not-found");
    expect(await open()).toMatchObject({ tier: "edge" });
    world.nowMs = 1_100 + NOT_FOUND_HOLD_MS;
    nodes.requests.length = 0;
    expect(await open()).toBe("blob-not-found");
    expect(nodes.requests.length).toBeGreaterThan(0);
  });

  test("is forgotten when more is learned of the blob", async () => {
    const { open, looked } = cached("edge");
    const blob = await open();
    if (typeof blob === "string") throw new Error(blob);
    blob.known.learn({ contentType: "image/png" });
    await open();
    expect(looked.ups).toBe(2);
  });
});
