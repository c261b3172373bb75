/** Uploads ahead of their registration: buffered, bounded, flushed, forgotten. */
import { afterEach, describe, expect, test } from "vitest";
import { Harness, dataOf, refusalOf, codec, someBytes } from "./harness.ts";
import {
  PENDING_LIMITS,
  PendingCache,
  type PendingSliver,
} from "../../../devnet/storage-node/pending-cache.ts";

describe("?pending=true", () => {
  let net: Harness;
  afterEach(async () => {
    await net.cluster.close();
  });
  const pending = { query: "?pending=true" };

  test("buffers with 202, answers 200 to a repetition, serves after the registration", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(400, 1));
    const nodeIndex = net.nodeOfPair(blob, 1);
    const path = `/v1/blobs/${blob.key}/slivers/1/primary`;
    expect(await refusalOf(await net.putSliver(blob, 1, "primary", pending))).toBe(
      "400 METADATA_NOT_FOUND",
    );
    const first = await net.putMetadata(blob, nodeIndex, pending.query);
    expect(first.status).toBe(202);
    expect(await dataOf(first)).toBe("metadata buffered pending registration");
    expect((await net.putMetadata(blob, nodeIndex, pending.query)).status).toBe(200);
    expect((await net.putSliver(blob, 1, "primary", pending)).status).toBe(202);
    expect((await net.putSliver(blob, 1, "primary", pending)).status).toBe(200);
    const statusOf = async (of: string) => await dataOf(await net.fetch(nodeIndex, of));
    expect(await statusOf(`${path}/status`)).toBe("buffered");
    expect(await statusOf(`/v1/blobs/${blob.key}/metadata/status`)).toBe("nonexistent");
    expect(await refusalOf(await net.fetch(nodeIndex, path))).toBe("404 SLIVER_NOT_FOUND");
    net.cluster.feed([net.registered(blob)], true);
    expect((await net.fetch(nodeIndex, path)).status).toBe(200);
    expect(await statusOf(`${path}/status`)).toBe("stored");
  });

  test("answers 202 for a registered blob too, and stores at once", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(400, 2));
    net.cluster.feed([net.registered(blob)], true);
    const nodeIndex = net.nodeOfPair(blob, 1);
    expect((await net.putMetadata(blob, nodeIndex, pending.query)).status).toBe(202);
    const status = await net.fetch(nodeIndex, `/v1/blobs/${blob.key}/metadata/status`);
    expect(await dataOf(status)).toBe("stored");
  });

  test("CACHE_SATURATED: beyond the bound of metadata, of slivers, of a sliver's size", async () => {
    const sliverBytesMax = 200;
    net = await Harness.start({
      nodeCount: 1,
      pendingLimits: { ...PENDING_LIMITS, metadataCountMax: 2, sliverCountMax: 1, sliverBytesMax },
    });
    const [first, second, third] = [3, 4, 5].map((seed) => net.blob(someBytes(400, seed)));
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    expect((await net.putMetadata(first, 0, pending.query)).status).toBe(202);
    expect((await net.putMetadata(second, 0, pending.query)).status).toBe(202);
    const over = await net.putMetadata(third, 0, pending.query);
    expect(await refusalOf(over)).toBe("400 CACHE_SATURATED");
    expect((await net.putSliver(first, 0, "primary", pending)).status).toBe(202);
    const saturated = await net.putSliver(first, 1, "primary", pending);
    expect(await refusalOf(saturated)).toBe("400 CACHE_SATURATED");
  });

  test("CACHE_SATURATED: always, when the node's cache is off", async () => {
    net = await Harness.start({ nodeCount: 1, pendingLimits: { ...PENDING_LIMITS, ttlMs: 0 } });
    const blob = net.blob(someBytes(400, 6));
    expect(await refusalOf(await net.putMetadata(blob, 0, pending.query))).toBe(
      "400 CACHE_SATURATED",
    );
  });
});

describe("PendingCache", () => {
  const metadata = codec.metadata(someBytes(100), 7);
  if (!metadata.ok) throw new Error(metadata.failure.kind);
  const sliver = (pairIndex: number, length = 10): PendingSliver => ({
    pairIndex,
    axis: "primary",
    bytes: new Uint8Array(length),
  });
  const cacheWith = (limits: Partial<typeof PENDING_LIMITS>) => {
    const clock = { nowMs: 0 };
    return { clock, cache: new PendingCache({ ...PENDING_LIMITS, ...limits }, () => clock.nowMs) };
  };

  test("takes a sliver at the bound of its size and none above", () => {
    const { cache } = cacheWith({ sliverBytesMax: 100 });
    expect(cache.addSliver("a", sliver(0, 100))).toBe(true);
    expect(cache.addSliver("a", sliver(1, 101))).toBe(false);
  });

  test("takes bytes up to the bound of all, and frees them when they are taken out", () => {
    const { cache } = cacheWith({ bytesMax: 100 });
    expect(cache.addSliver("a", sliver(0, 60))).toBe(true);
    expect(cache.addSliver("b", sliver(0, 41))).toBe(false);
    expect(cache.addSliver("b", sliver(0, 40))).toBe(true);
    expect(cache.take("a").slivers.length).toBe(1);
    expect(cache.addSliver("b", sliver(1, 60))).toBe(true);
  });

  test("forgets a blob a time to live after its last upload", () => {
    const { cache, clock } = cacheWith({ ttlMs: 1_000, metadataCountMax: 1 });
    cache.addMetadata("a", metadata.value, new Uint8Array());
    clock.nowMs = 999;
    cache.addSliver("a", sliver(0));
    clock.nowMs = 1_998;
    expect(cache.metadata("a")).not.toBe(null);
    expect(cache.addMetadata("b", metadata.value, new Uint8Array())).toBe(false);
    clock.nowMs = 1_999;
    expect(cache.metadata("a")).toBe(null);
    expect(cache.hasSliver("a", 0, "primary")).toBe(false);
    expect(cache.addMetadata("b", metadata.value, new Uint8Array())).toBe(true);
  });
});
