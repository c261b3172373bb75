/// <reference types="@cloudflare/vitest-plugin/types" />
/** The aggregator inside workerd: real KV, Cache API and kernel; the storage nodes are in memory. */
import { env, exports } from "cloudflare:workers";
import { createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCodec, formatBlobId } from "../../../shared/codec/index.ts";
import kernel from "../../../shared/codec/kernel/build/kernel.wasm";
import { NOT_FOUND_HOLD_MS } from "../../../shared/limits.ts";
import { NETWORKS } from "../../../shared/protocol/networks.ts";
import { systemTimer } from "../../../shared/system.ts";
import worker from "../../../workers/aggregator/index.ts";
import { encodeView } from "../../../workers/aggregator/network-view.ts";
import { createFakeNodes, type FakeNodes } from "../../support/fake-nodes.ts";
import { seededBytes } from "../../support/contents.ts";

interface Bindings {
  readonly BLOBS: KVNamespace;
}

const bindings = env as unknown as Bindings;
const gateway = (exports as unknown as { default: Fetcher }).default;
const codec = createCodec(kernel);
const ORIGIN = "https://edge.test";
/** A blob nobody else in this file stores, so that no cache of an earlier test knows it. */
let seed = 1;
let nodes: FakeNodes;

beforeEach(async () => {
  nodes = createFakeNodes(codec, systemTimer, { shardCount: 10, memberCount: 10, epoch: 5 });
  vi.stubGlobal("fetch", nodes.fetch);
  const phase = { kind: "change-done", startMs: Date.now() - 1_000 } as const;
  const timing = { epoch: 5, phase, epochDurationMs: 86_400_000, firstEpochStartMs: 0 };
  const view = { epoch: 5, phase, timing, readAtMs: Date.now(), originalPackageId: "0x2" };
  await bindings.BLOBS.put(
    `network/${NETWORKS.testnet.systemObjectId}`,
    encodeView({ ...view, current: nodes.committee, previous: null }),
  );
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await reset();
});

/** Asks the Worker and waits for its background work, so that caches are settled. */
async function ask(path: string, init?: RequestInit): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, init) as Parameters<typeof worker.fetch>[0];
  const response = await worker.fetch(request, env as never, ctx);
  const body = response.body === null ? null : await response.arrayBuffer();
  await waitOnExecutionContext(ctx);
  return new Response(body, response);
}

function stored(byteCount: number): { readonly blob: Uint8Array; readonly id: string } {
  const blob = seededBytes(byteCount, seed++);
  return { blob, id: formatBlobId(nodes.store(blob)) };
}

/** Fails without printing thousands of bytes. */
async function expectBytes(response: Response, expected: Uint8Array): Promise<void> {
  const bytes = await bytesOf(response);
  expect(bytes.length).toBe(expected.length);
  expect(bytes.findIndex((byte, index) => byte !== expected[index])).toBe(-1);
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe("every answer", () => {
  test("/status is OK", async () => {
    const response = await gateway.fetch(`${ORIGIN}/status`);
    expect(await response.text()).toBe("OK");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("an unknown path is the envelope, uncacheable", async () => {
    const response = await gateway.fetch(`${ORIGIN}/v1/nothing`);
    expect(response.status).toBe(404);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ error: { code: 404, status: "NOT_FOUND" } });
  });

  test.each(["PUT", "POST", "DELETE"])("%s on a blob is 405 with Allow", async (method) => {
    const response = await gateway.fetch(`${ORIGIN}/v1/blobs/x`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  test("a preflight is answered on any path with the headers asked for", async () => {
    const response = await gateway.fetch(`${ORIGIN}/v1/blobs/x`, {
      method: "OPTIONS",
      headers: { "Access-Control-Request-Headers": "range, authorization" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-headers")).toBe("range, authorization");
  });

  test.each(["x", "A".repeat(42), "A".repeat(44), "0x12"])("a bad ID (%s) is 400", async (id) => {
    const response = await ask(`/v1/blobs/${id}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { details: [{ reason: "INVALID_BLOB_ID", metadata: { parameter: "blob_id" } }] },
    });
    expect(nodes.requests).toEqual([]);
  });
});

describe("GET of a blob", () => {
  test.each([0, 1, 20, 5_000, 300_000])("gives its %i bytes and its headers", async (byteCount) => {
    const { blob, id } = stored(byteCount);
    const response = await ask(`/v1/blobs/${id}`);
    expect(response.status).toBe(200);
    await expectBytes(response, blob);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${id}"`,
      "accept-ranges": "bytes",
      "content-length": String(byteCount),
      "x-content-type-options": "nosniff",
      "x-walrus-verified": "default",
      "cache-status": "walrus-edge; fwd=miss",
      "cache-control": "public, max-age=3600",
    });
  });

  test("an unknown one is 404, uncacheable, and asked for again two seconds later", async () => {
    const unknown = formatBlobId(new Uint8Array(32).fill(9));
    const response = await ask(`/v1/blobs/${unknown}`);
    expect(response.status).toBe(404);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({
      error: { details: [{ reason: "BLOB_NOT_FOUND", domain: "daemon.walrus.space" }] },
    });
    nodes.requests.length = 0;
    expect((await ask(`/v1/blobs/${unknown}`)).status).toBe(404);
    expect(nodes.requests).toEqual([]);
    vi.useFakeTimers({ now: Date.now() + NOT_FOUND_HOLD_MS, toFake: ["Date"] });
    expect((await ask(`/v1/blobs/${unknown}`)).status).toBe(404);
    vi.useRealTimers();
    expect(nodes.requests.length).toBeGreaterThan(0);
  });

  test("works while f nodes lie", async () => {
    const { blob, id } = stored(2_000);
    nodes.setFault([0, 4, 7], "corrupt");
    const response = await ask(`/v1/blobs/${id}`);
    expect(response.status).toBe(200);
    await expectBytes(response, blob);
  });

  test("is 503 when no node gives a sliver, and is not remembered", async () => {
    const { blob, id } = stored(2_000);
    vi.stubGlobal("fetch", (request: Request) =>
      /\/slivers\/|\/recoverySymbols/.test(request.url)
        ? Promise.reject(new TypeError("connection refused"))
        : nodes.fetch(request),
    );
    const response = await ask(`/v1/blobs/${id}`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.json()).toMatchObject({
      error: { details: [{ reason: "BLOB_UNAVAILABLE" }] },
    });
    vi.stubGlobal("fetch", nodes.fetch);
    await expectBytes(await ask(`/v1/blobs/${id}`), blob);
  });

  test("a blob on the operator's list is 451, even with its tag in hand", async () => {
    const { id } = stored(20);
    await bindings.BLOBS.put("gate", JSON.stringify({ blocklist: [id] }));
    vi.useFakeTimers({ now: Date.now() + 31_000, toFake: ["Date"] });
    const response = await ask(`/v1/blobs/${id}`, { headers: { "If-None-Match": `"${id}"` } });
    vi.setSystemTime(Date.now() + 31_000);
    await bindings.BLOBS.delete("gate");
    await ask(`/v1/blobs/${id}`);
    vi.useRealTimers();
    expect(response.status).toBe(451);
  });
});

describe("conditions and ranges", () => {
  test("If-None-Match is 304 without a body", async () => {
    const { id } = stored(5_000);
    for (const tag of [`"${id}"`, `W/"${id}"`, id]) {
      const response = await ask(`/v1/blobs/${id}`, { headers: { "If-None-Match": tag } });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(`"${id}"`);
      expect(await response.text()).toBe("");
    }
    expect(nodes.requests.some((path) => path.includes("/slivers/"))).toBe(false);
  });

  test("a 304 does not outlive its blob", async () => {
    const unknown = formatBlobId(new Uint8Array(32).fill(8));
    const response = await ask(`/v1/blobs/${unknown}`, { headers: { "If-None-Match": "*" } });
    expect(response.status).toBe(404);
  });

  test("HEAD reads metadata and no sliver", async () => {
    const { id } = stored(5_000);
    const headers = { Range: "bytes=0-1" };
    const response = await ask(`/v1/blobs/${id}`, { method: "HEAD", headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("5000");
    expect(response.headers.get("etag")).toBe(`"${id}"`);
    // The metadata, and one node's word on the lease.
    expect(nodes.requests.filter((path) => path.includes("/slivers/"))).toEqual([]);
    expect(nodes.requests).toHaveLength(2);
  });

  test("a range is 206 and fetches its rows only", async () => {
    const { blob, id } = stored(5_000);
    const headers = { Range: "bytes=100-199" };
    const response = await ask(`/v1/blobs/${id}`, { headers });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe("bytes 100-199/5000");
    expect(response.headers.get("content-length")).toBe("100");
    await expectBytes(response, blob.slice(100, 200));
    expect(nodes.requests.filter((path) => path.includes("/slivers/"))).toHaveLength(1);
  });

  test.each([
    ["bytes=4990-", 4_990, 5_000],
    ["bytes=-10", 4_990, 5_000],
    ["bytes=4000-9999", 4_000, 5_000],
    ["bytes=0-4999", 0, 5_000],
  ])("%s of 5000 bytes", async (range, start, end) => {
    const { blob, id } = stored(5_000);
    const response = await ask(`/v1/blobs/${id}`, { headers: { Range: range } });
    expect(response.status).toBe(206);
    await expectBytes(response, blob.slice(start, end));
  });

  test("a range past the end is 416 and names the length", async () => {
    const { id } = stored(5_000);
    const response = await ask(`/v1/blobs/${id}`, { headers: { Range: "bytes=5000-" } });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe("bytes */5000");
    expect(await response.json()).toMatchObject({
      error: { details: [{ reason: "INVALID_BYTE_RANGE" }] },
    });
  });

  test("a foreign If-Range gives the whole", async () => {
    const { id } = stored(500);
    const foreign = await ask(`/v1/blobs/${id}`, {
      headers: { Range: "bytes=0-1", "If-Range": '"other"' },
    });
    expect(foreign.status).toBe(200);
  });
});

describe("the tiers", () => {
  test("a second read comes from the edge cache and asks no node", async () => {
    const { blob, id } = stored(5_000);
    await ask(`/v1/blobs/${id}`);
    nodes.requests.length = 0;
    const second = await ask(`/v1/blobs/${id}`);
    await expectBytes(second, blob);
    expect(second.headers.get("cache-status")).toBe("walrus-edge; hit; detail=edge");
    expect(nodes.requests).toEqual([]);
  });

  test("what is read twice is in KV, what is read once is not", async () => {
    const { blob, id } = stored(5_000);
    const keys = async () =>
      (await bindings.BLOBS.list()).keys.map((key) => key.name).filter((name) => name.includes(id));
    await ask(`/v1/blobs/${id}`);
    expect(await keys()).toEqual([]);
    await ask(`/v1/blobs/${id}`);
    expect(await keys()).toContain(`segment/${id}/10/0`);
    const value = await bindings.BLOBS.get(`segment/${id}/10/0`, "arrayBuffer");
    const kept = new Uint8Array(value ?? new ArrayBuffer(0));
    expect(kept.subarray(0, blob.length)).toEqual(blob);
    const digest = await crypto.subtle.digest("SHA-256", blob);
    expect(kept.subarray(blob.length)).toEqual(new Uint8Array(digest));
  });

  test("another data centre reads from KV", async () => {
    const { blob, id } = stored(5_000);
    await ask(`/v1/blobs/${id}`);
    await ask(`/v1/blobs/${id}`);
    for (const key of [`entry/${id}`, `metadata/${id}`, `segment/${id}/10/0`]) {
      await caches.default.delete(`https://cache.walrus-edge.invalid/${key}`);
    }
    nodes.requests.length = 0;
    const response = await ask(`/v1/blobs/${id}`);
    await expectBytes(response, blob);
    expect(response.headers.get("cache-status")).toBe("walrus-edge; hit; detail=kv");
    expect(nodes.requests).toEqual([]);
  });

  test("a strict check and the type it went with are remembered with the blob", async () => {
    const { id } = stored(5_000);
    await ask(`/v1/blobs/${id}?strict_consistency_check=true`);
    const kept = await caches.default.match(`https://cache.walrus-edge.invalid/entry/${id}`);
    expect(await kept?.json()).toMatchObject({
      isStrict: true,
      contentType: expect.any(String) as string,
    });
  });

  test("a range of a cached segment is cut from it", async () => {
    const { blob, id } = stored(5_000);
    await ask(`/v1/blobs/${id}`);
    nodes.requests.length = 0;
    const response = await ask(`/v1/blobs/${id}`, { headers: { Range: "bytes=-7" } });
    await expectBytes(response, blob.slice(-7));
    expect(nodes.requests).toEqual([]);
  });
});

describe("a read that fails after its head has left", () => {
  test("breaks off, and nothing of it is cached", async () => {
    const { id } = stored(40_000);
    let firstRowAsked = false;
    vi.stubGlobal("fetch", (request: Request) => {
      if (!request.url.includes("/slivers/")) return nodes.fetch(request);
      if (firstRowAsked) nodes.setFault([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "corrupt");
      firstRowAsked = true;
      return nodes.fetch(request);
    });
    const response = await worker.fetch(
      new Request(`${ORIGIN}/v1/blobs/${id}`) as never,
      env as never,
      createExecutionContext(),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("40000");
    await expect(response.arrayBuffer()).rejects.toThrow("slivers-unavailable");
    const key = `https://cache.walrus-edge.invalid/segment/${id}/10/0`;
    expect(await caches.default.match(key)).toBeUndefined();
  });
});
