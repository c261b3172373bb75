/// <reference types="@cloudflare/vitest-plugin/types" />
/** What answers say of what they carry, and what they do without: sentence by sentence. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { GATE_HOLD_MS } from "../../../shared/limits.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import { seededBytes } from "../../support/contents.ts";
import { startWorld, type World } from "./cases/world.ts";

let world: World & { readonly stop: () => void };
let seed = 900;

beforeAll(async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
  world = await startWorld();
});
afterAll(() => {
  vi.useRealTimers();
  world.stop();
});

/** Time goes on from test to test: what an isolate holds is never from the future. */
function pass(durationMs: number): void {
  vi.setSystemTime(Date.now() + durationMs);
}

function stored(byteCount = 3_000): {
  readonly path: string;
  readonly id: string;
  bytes: Uint8Array;
} {
  const bytes = seededBytes(byteCount, seed++);
  const id = formatBlobId(world.nodes.store(bytes));
  return { path: `/v1/blobs/${id}`, id, bytes };
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return `sha-256=:${toBase64(new Uint8Array(digest))}:`;
}

/** What the storage nodes are asked meanwhile. */
const requestsOf = async (ask: () => Promise<unknown>): Promise<readonly string[]> => {
  world.nodes.requests.length = 0;
  await ask();
  return world.nodes.requests.filter((each) => !each.startsWith("/sui."));
};

describe("Repr-Digest", () => {
  test("is sent once the blob was held whole: on the whole, a range and a HEAD", async () => {
    const { path, bytes } = stored();
    const digest = await digestOf(bytes);
    expect((await world.ask(path, {})).headers.get("repr-digest")).toBeNull();
    for (const init of [{}, { method: "HEAD" }, { headers: { Range: "bytes=5-9" } }]) {
      expect((await world.ask(path, init)).headers.get("repr-digest")).toBe(digest);
    }
    const part = await world.ask(`${path}/byte-range?start=5&length=5`, {});
    expect(part.headers.get("repr-digest")).toBeNull();
  });

  test("is not claimed after a part was read", async () => {
    const { path } = stored();
    await world.ask(path, { headers: { Range: "bytes=0-99" } });
    expect((await world.ask(path, { method: "HEAD" })).headers.get("repr-digest")).toBeNull();
  });

  test("of a patch is that of the patch", async () => {
    const response = await world.ask(world.named("/v1/blobs/by-quilt-patch-id/{patch a.txt}"), {});
    const expected = await digestOf(world.contents["patch a.txt"] ?? new Uint8Array(0));
    expect(response.headers.get("repr-digest")).toBe(expected);
  });
});

describe("the body of a concat", () => {
  test.each([
    ["bytes that are no UTF-8", [0x7b, 0xff, 0x7d]],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
  ])("of %s is no JSON", async (_, body) => {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: Uint8Array.from(body) };
    const response = await world.ask("/v1alpha/blobs/concat", init);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_BODY");
  });
});

describe("a 304", () => {
  const conditional = (id: string) => ({ headers: { "If-None-Match": `"${id}"` } });

  test("of a blob that nobody knows yet needs no sliver", async () => {
    const { path, id } = stored();
    const requests = await requestsOf(async () => {
      expect((await world.ask(path, conditional(id))).status).toBe(304);
    });
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter((each) => each.includes("/slivers/"))).toEqual([]);
  });

  test("needs no request at all while what is known of the blob is fresh", async () => {
    const { path, id } = stored();
    await world.ask(path, {});
    const requests = await requestsOf(async () => {
      expect((await world.ask(path, conditional(id))).status).toBe(304);
      expect((await world.ask(path, { ...conditional(id), method: "HEAD" })).status).toBe(304);
    });
    expect(requests).toEqual([]);
  });
});

describe("HEAD", () => {
  test("asks for no sliver, and has a type only where one is remembered", async () => {
    const { path } = stored();
    const requests = await requestsOf(async () => {
      const head = await world.ask(path, { method: "HEAD" });
      expect([head.headers.get("content-type"), head.headers.get("content-length")]).toEqual([
        null,
        "3000",
      ]);
    });
    expect(requests.filter((each) => each.includes("/slivers/"))).toEqual([]);
    await world.ask(path, {});
    const known = await world.ask(path, { method: "HEAD" });
    expect(known.headers.get("content-type")).not.toBeNull();
  });
});

describe("what is not proven", () => {
  test("is kept for an hour, and then learned anew", async () => {
    const { path, bytes } = stored();
    const first = await world.ask(path, {});
    expect(first.headers.get("cache-control")).toBe("public, max-age=3600");
    expect(first.headers.get("x-walrus-end-epoch")).toBeNull();
    const known = await requestsOf(() => world.ask(path, {}));
    expect(known).toEqual([]);
    pass(3_601_000);
    const again = await requestsOf(async () => {
      const response = await world.ask(path, {});
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    });
    // The nodes vouch for it again; its bytes are still the verified ones.
    expect(again.some((each) => each.endsWith("/metadata"))).toBe(true);
    expect(again.filter((each) => each.includes("/slivers/"))).toEqual([]);
  });
});

describe("a purge", () => {
  test("of one blob has it read from the nodes again, and no other", async () => {
    const [purged, other] = [stored(), stored()];
    await world.ask(purged.path, {});
    await world.ask(other.path, {});
    await world.setRules({ purged: { [purged.id]: 1 } });
    pass(GATE_HOLD_MS);
    const again = await requestsOf(async () => {
      const response = await world.ask(purged.path, {});
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(purged.bytes);
    });
    expect(again.some((each) => each.includes("/slivers/"))).toBe(true);
    expect(await requestsOf(() => world.ask(other.path, {}))).toEqual([]);
    expect(await requestsOf(() => world.ask(purged.path, {}))).toEqual([]);
  });

  test("of everything leaves nothing out", async () => {
    const { path } = stored();
    await world.ask(path, {});
    await world.setRules({ purgeGeneration: 2 });
    pass(GATE_HOLD_MS);
    expect((await requestsOf(() => world.ask(path, {}))).length).toBeGreaterThan(0);
  });

  test("and a block is found by every read, a cached one and a conditional one too", async () => {
    const { path, id } = stored();
    await world.ask(path, {});
    await world.setRules({ purgeGeneration: 2, blocklist: [id] });
    pass(GATE_HOLD_MS);
    for (const init of [{}, { method: "HEAD" }, { headers: { "If-None-Match": `"${id}"` } }]) {
      expect((await world.ask(path, init)).status).toBe(451);
    }
    await world.setRules({ purgeGeneration: 2 });
    pass(GATE_HOLD_MS);
    expect((await world.ask(path, {})).status).toBe(200);
  });
});
