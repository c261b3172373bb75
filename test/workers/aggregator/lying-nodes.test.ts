/// <reference types="@cloudflare/vitest-plugin/types" />
/**
 * Every lie of up to f nodes against every kind of read, cold and warm: the answer arrives, no byte
 * of it is wrong, and what was cached meanwhile is right as well.
 */
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeQuilt, formatBlobId, formatPatchId } from "../../../shared/codec/index.ts";
import { seededBytes } from "../../support/contents.ts";
import { FAKE_FAULTS } from "../../support/fake-nodes.ts";
import { startWorld, type World } from "./cases/world.ts";

// Those that keep a request open are met in virtual time: test/unit/nodes/read-rows.test.ts.
const FAULTS = FAKE_FAULTS.filter((fault) => fault !== "silent" && fault !== "stall-body");
const EVERYBODY = Array.from({ length: 10 }, (_, index) => index);
let world: World & { readonly stop: () => void };
let seed = 100;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => {
  world.stop();
});

/** Stores fresh content, so that no cache knows it; says how to ask for it and what must come. */
function stored(kind: string): { path: string; init: RequestInit; expected: Uint8Array } {
  const content = seededBytes(3_000, seed++);
  if (kind !== "patch") {
    const path = `/v1/blobs/${formatBlobId(world.nodes.store(content))}`;
    if (kind === "full") return { path, init: {}, expected: content };
    if (kind === "HEAD") return { path, init: { method: "HEAD" }, expected: new Uint8Array(0) };
    const init = { headers: { Range: "bytes=700-1999" } };
    return { path, init, expected: content.slice(700, 2_000) };
  }
  const quilt = encodeQuilt([{ identifier: "a", data: content }], 10);
  if (!quilt.ok) throw new Error(quilt.failure.kind);
  const quiltId = world.nodes.store(quilt.value.blob);
  const [patch] = quilt.value.index.patches;
  const { startIndex = 0, endIndex = 0 } = patch ?? {};
  const id = formatPatchId({ quiltId, startIndex, endIndex });
  return { path: `/v1/blobs/by-quilt-patch-id/${id}`, init: {}, expected: content };
}

async function expectRight(asked: ReturnType<typeof stored>): Promise<void> {
  const response = await world.ask(asked.path, asked.init);
  expect([200, 206]).toContain(response.status);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(bytes.length).toBe(asked.expected.length);
  expect(bytes.findIndex((byte, index) => byte !== asked.expected[index])).toBe(-1);
}

describe.each(FAULTS)("f nodes: %s", (fault) => {
  test.each(["full", "range", "HEAD", "patch"])("%s, cold and warm", async (kind) => {
    const asked = stored(kind);
    world.nodes.setFault([0, 4, 7], fault);
    await expectRight(asked);
    await expectRight(asked);
    world.nodes.setFault([0, 4, 7], null);
  });
});

describe("what is cached while f nodes are corrupt", () => {
  test.each(["full", "patch"])("is right, and serves when every node is down: %s", async (kind) => {
    const asked = stored(kind);
    world.nodes.setFault([1, 2, 3], "corrupt");
    await expectRight(asked);
    world.nodes.setFault(EVERYBODY, "down");
    await expectRight(asked);
    world.nodes.setFault(EVERYBODY, null);
  });
});

describe("a cached value that was damaged", () => {
  test("of another length is dropped, and the blob is read from the nodes again", async () => {
    const asked = stored("full");
    await expectRight(asked);
    const id = asked.path.split("/").at(-1) ?? "";
    const key = `segment/${id}/10/0`;
    const url = `https://cache.walrus-edge.invalid/${key}`;
    const headers = { "Cache-Control": "public, max-age=100" };
    await caches.default.put(url, new Response(asked.expected.slice(1), { headers }));
    const { BLOBS } = env as unknown as { readonly BLOBS: KVNamespace };
    await BLOBS.put(key, asked.expected.slice(1));
    await expectRight(asked);
    world.nodes.setFault(EVERYBODY, "down");
    await expectRight(asked);
    world.nodes.setFault(EVERYBODY, null);
  });
});
