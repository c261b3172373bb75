/**
 * What one city does and another must know: two aggregators, each with an isolate of its own, and one
 * publisher. (The local platform has one edge cache for all Workers: tiers are not told apart.) The
 * hold of the gate is short here, so that nobody waits for half a minute.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatBlobId } from "../../shared/codec/index.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, storedBlob } from "../support/answers.ts";
import { loadCodec } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { quietCount } from "../support/quiet.ts";

const SHARDS = 100;
const WAIT = { timeout: 60_000, interval: 50 };
const codec = await loadCodec();
let network: Network;
let gateway: TestGateway;
let seed = 1;

beforeAll(async () => {
  network = await startNetwork({ shardCount: SHARDS, seed: "cities" });
  gateway = await startTestGateway(network, {
    hasSecondCity: true,
    vars: { aggregator: { GATE_HOLD_MS: "200" } },
  });
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const cities = (): readonly TestGateway["aggregator"][] => [gateway.aggregator, gateway.elsewhere];

/** The ID of bytes that nobody has stored yet. */
function idOf(bytes: Uint8Array): string {
  const encoded = codec.metadata(bytes, SHARDS);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  return formatBlobId(encoded.value.blobId);
}

async function store(bytes: Uint8Array, query: string, type?: string): Promise<string> {
  const headers = type === undefined ? {} : { "Content-Type": type };
  const init = { method: "PUT", body: Uint8Array.from(bytes), headers };
  const { blobId } = await storedBlob(await gateway.publisher(`/v1/blobs?${query}`, init));
  return blobId;
}

async function admin(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`${network.description.rpc}/admin/${path}`, init);
  expect(response.status).toBe(200);
  return response;
}

async function operate(method: string, path: string, body?: object): Promise<void> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await gateway.operator(path, init);
  expect(response.status, await response.text()).toBe(200);
}

async function nodeRequests(): Promise<number> {
  const state = (await (await admin("state")).json()) as { nodes: { requests: number }[] };
  return state.nodes.reduce((total, { requests }) => total + requests, 0);
}

describe("a blob that is stored while others ask for it", () => {
  test("is never said to be missing once its store has been answered", async () => {
    const bytes = seededBytes(40_000, seed++);
    const path = `/v1/blobs/${idOf(bytes)}`;
    // Before: everybody remembers that there is none.
    for (const city of cities()) expect((await city(path)).status).toBe(404);
    const progress = { isStored: false };
    const storing = store(bytes, "epochs=5&permanent=true").then((blobId) => {
      progress.isStored = true;
      return blobId;
    });
    // During: it may exist or not, but not cease to exist.
    const seen: number[] = [];
    while (!progress.isStored) {
      for (const city of cities()) {
        const wasStored = progress.isStored;
        const response = await city(path);
        await response.arrayBuffer();
        if (wasStored) expect(response.status).not.toBe(404);
        seen.push(response.status);
      }
    }
    expect(seen.filter((status) => status !== 404 && status !== 200 && status !== 503)).toEqual([]);
    // After: at once, everywhere.
    expect(path).toContain(await storing);
    for (const city of cities()) {
      const response = await city(path);
      expect(response.status).toBe(200);
      expectSameBytes(new Uint8Array(await response.arrayBuffer()), bytes);
    }
  });
});

describe("what a store leaves for its readers", () => {
  test("is read without any storage node, with type, digest and the strictest check", async () => {
    const bytes = new TextEncoder().encode(`<!doctype html><p>${seed++}</p>`);
    const id = await store(bytes, "epochs=5&permanent=true", "text/html");
    // The tail of the fan-out goes on behind the answer.
    const before = await quietCount(nodeRequests);
    for (const city of cities()) {
      const response = await city(`/v1/blobs/${id}?strict_consistency_check=true`);
      expectSameBytes(new Uint8Array(await response.arrayBuffer()), bytes);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "cache-status": expect.stringMatching(/hit; detail=(?:kv|edge)$/) as string,
        "content-type": "text/html",
        "content-security-policy": "sandbox",
        "x-walrus-verified": "strict",
        "x-walrus-end-epoch": expect.stringMatching(/^\d+$/) as string,
        "repr-digest": expect.stringMatching(/^sha-256=:/) as string,
      });
    }
    expect(await nodeRequests()).toBe(before);
  });

  test("is no type where two stores do not agree", async () => {
    const bytes = new TextEncoder().encode(`plain words, number ${seed++}`);
    await store(bytes, "epochs=5", "text/html");
    const id = await store(bytes, "epochs=5", "text/css");
    const response = await gateway.elsewhere(`/v1/blobs/${id}`);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("lets a proof point to the transaction that certified it", async () => {
    const id = await store(seededBytes(500, seed++), "epochs=5");
    const response = await gateway.elsewhere(`/edge/v1/blobs/${id}/proof`);
    expect(await response.json()).toMatchObject({
      certification: {
        transaction: expect.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{43,44}$/) as string,
        source: "lease-book",
        reason: null,
      },
    });
  });
});

describe("what an operator decides", () => {
  test("a block holds in every city, against caches and conditions, until it is lifted", async () => {
    const id = await store(seededBytes(500, seed++), "epochs=5");
    const path = `/v1/blobs/${id}`;
    for (const city of cities()) expect((await city(path)).status).toBe(200);
    await operate("PUT", `/edge/v1/blocklist/${id}?reason=test`);
    for (const city of cities()) {
      await vi.waitFor(async () => expect((await city(path)).status).toBe(451), WAIT);
      const conditional = await city(path, { headers: { "If-None-Match": `"${id}"` } });
      expect(conditional.status).toBe(451);
    }
    await operate("DELETE", `/edge/v1/blocklist/${id}`);
    for (const city of cities()) {
      await vi.waitFor(async () => expect((await city(path)).status).toBe(200), WAIT);
    }
  });

  test.each(["one blob", "everything"])(
    "a purge of %s has it read from the nodes",
    async (what) => {
      const id = await store(seededBytes(500, seed++), "epochs=5");
      const path = `/v1/blobs/${id}`;
      for (const city of cities()) {
        expect((await city(path)).headers.get("cache-status")).toContain("hit");
      }
      const purge = what === "everything" ? { all: true } : { blobId: id };
      // One city at a time: they share one edge cache here, so that what the first one has read anew
      // would be found by the other.
      for (const city of cities()) {
        const before = await nodeRequests();
        await operate("POST", "/edge/v1/purge", purge);
        await vi.waitFor(async () => {
          const response = await city(path);
          expect(response.headers.get("cache-status")).toBe("walrus-edge; fwd=miss");
        }, WAIT);
        expect(await nodeRequests()).toBeGreaterThan(before);
      }
    },
  );
});

test("a blob whose lease lapses while it is cached everywhere is refused in every city", async () => {
  const id = await store(seededBytes(500, seed++), "epochs=1&permanent=true");
  const path = `/v1/blobs/${id}`;
  for (const city of cities()) {
    for (let read = 0; read < 3; read++) expect((await city(path)).status).toBe(200);
  }
  await admin("epoch", { method: "POST" });
  for (const city of cities()) {
    await vi.waitFor(async () => {
      const response = await city(path, { headers: { "If-None-Match": `"${id}"` } });
      expect(response.status).toBe(404);
    }, WAIT);
    // And stays refused: nothing of it is found in any tier.
    expect((await city(path)).status).toBe(404);
  }
});

test("a blob that is deleted while it is cached is missing in every city, once no lease holds it", async () => {
  const bytes = seededBytes(500, seed++);
  const stores: string[] = [];
  for (let copy = 0; copy < 2; copy++) {
    const init = { method: "PUT", body: Uint8Array.from(bytes) };
    const { id: objectId } = await storedBlob(await gateway.publisher("/v1/blobs?epochs=5", init));
    stores.push(objectId);
  }
  const path = `/v1/blobs/${idOf(bytes)}`;
  const expectEverywhere = async (status: number) => {
    for (const city of cities()) {
      await vi.waitFor(async () => expect((await city(path)).status).toBe(status), WAIT);
    }
  };
  await expectEverywhere(200);
  await operate("DELETE", `/edge/v1/objects/${stores[0]}`);
  await expectEverywhere(200);
  await operate("DELETE", `/edge/v1/objects/${stores[1]}`);
  // Whoever reads before the nodes have heard of it finds the blob there, and it is cached anew.
  await vi.waitFor(async () => {
    for (const { url } of network.description.nodes) {
      const status = await fetch(`${url}/v1/blobs/${idOf(bytes)}/status`);
      expect(await status.text()).toContain("nonexistent");
    }
  }, WAIT);
  await expectEverywhere(404);
  await store(bytes, "epochs=5");
  for (const city of cities()) expect((await city(path)).status).toBe(200);
});
