/// <reference types="@cloudflare/vitest-plugin/types" />
/** What the aggregator refuses by configuration or load, inside workerd. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { READS_IN_FLIGHT_MAX } from "../../../shared/limits.ts";
import worker from "../../../workers/aggregator/index.ts";
import { startWorld, type World } from "./cases/world.ts";

let world: World & { readonly stop: () => void };

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => {
  world.stop();
});

const reasonOf = async (response: Response) =>
  (await response.json<{ error: { details: { reason: string }[] } }>()).error.details[0]?.reason;

describe("MAX_BLOB_BYTES", () => {
  const ask = (path: string, max: string, more: object = {}, init: RequestInit = {}) =>
    world.ask(world.named(path), init, { MAX_BLOB_BYTES: max, ...more });

  test.each([
    "/v1/blobs/{blob}",
    "/v1/blobs/{blob}/byte-range?start=0&length=1",
    "/v1alpha/blobs/{blob}/stream",
    "/v1alpha/blobs/concat?ids={one},{blob}",
  ])("refuses what is one byte larger: %s", async (path) => {
    const refused = await ask(path, "4999");
    expect([refused.status, await reasonOf(refused)]).toEqual([403, "BLOB_TOO_LARGE"]);
    expect((await ask(path, "5000")).status).toBe(200);
  });

  test("leaves status and proof alone", async () => {
    expect((await ask("/edge/v1/blobs/{blob}/status", "1")).status).toBe(200);
    expect((await ask("/edge/v1/blobs/{blob}/proof?range=0-0", "1")).status).toBe(200);
  });

  test("of the official aggregator measures what is read: a small part passes", async () => {
    const exact = { COMPAT: "exact" };
    expect((await ask("/v1/blobs/{blob}", "4999", exact)).status).toBe(403);
    const range = { headers: { Range: "bytes=0-9" } };
    expect((await ask("/v1/blobs/{blob}", "4999", exact, range)).status).toBe(206);
    const part = "/v1/blobs/{blob}/byte-range?start=0&length=1";
    expect((await ask(part, "4999", exact)).status).toBe(200);
  });

  test.each([
    ["COMPAT", "Exact"],
    ["MAX_BLOB_BYTES", "0"],
    ["MAX_BLOB_BYTES", "many"],
    ["GATE_HOLD_MS", "30001"],
    ["NODE_PATIENCE_MS", "60001"],
  ])("a setting that cannot be read stops the Worker: %s=%s", async (name, value) => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const refused = await world.ask("/v1/blobs/x", {}, { [name]: value });
    expect([refused.status, await reasonOf(refused)]).toEqual([500, "MISCONFIGURED"]);
    expect(errors.mock.calls.flat().join()).toContain(name);
    errors.mockRestore();
  });
});

describe("an isolate that carries as many reads as it takes", () => {
  /** A read whose client has the head and takes its time with the body. */
  async function hold(path: string, headers: HeadersInit = {}): Promise<Response> {
    const request = new Request(`https://edge.test${world.named(path)}`, { headers });
    return worker.fetch(request as never, env as never, createExecutionContext());
  }

  test("tells the next to come again, and takes it when a body is done or given up", async () => {
    await world.ask(world.named("/v1/blobs/{blob}"), {});
    const held: Response[] = [];
    for (let count = 0; count < READS_IN_FLIGHT_MAX; count++) {
      // Several parts are put together here, so that a place is taken wherever they come from.
      held.push(await hold("/v1/blobs/{blob}", { Range: "bytes=0-1,4-5" }));
    }
    const refused = await world.ask(world.named("/v1/blobs/{blob}"), {});
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await reasonOf(refused)).toBe("TOO_MANY_REQUESTS");
    const exact = await world.ask(world.named("/v1/blobs/{blob}"), {}, { COMPAT: "exact" });
    expect([exact.status, await exact.text()]).toEqual([
      429,
      "the aggregator is receiving too many requests; please try again later",
    ]);
    // What reads nothing is answered all the same.
    expect((await world.ask("/status", {})).status).toBe(200);

    await held[0]?.arrayBuffer();
    expect((await world.ask(world.named("/v1/blobs/{blob}"), {})).status).toBe(200);
    await Promise.all(held.slice(1).flatMap(({ body }) => body?.cancel() ?? []));
    // The cancellation travels up the stream on its own time.
    await vi.waitFor(
      async () => {
        const asked = Array.from({ length: 20 }, () =>
          world.ask(world.named("/v1/blobs/{one}"), {}),
        );
        const statuses = (await Promise.all(asked)).map(({ status }) => status);
        expect(new Set(statuses)).toEqual(new Set([200]));
      },
      { timeout: 20_000, interval: 100 },
    );
  }, 60_000);

  test("hands on what the cache holds without a place for it", async () => {
    const path = "/v1/blobs/{blob}";
    const isHit = async () => {
      const { headers, body } = await hold(path);
      await body?.cancel();
      return headers.get("cache-status")?.includes("detail=edge") === true;
    };
    // Cached by the first read, admitted to KV by the next, handed on from then on.
    await vi.waitFor(async () => expect(await isHit()).toBe(true), { timeout: 20_000 });
    await world.ask(world.named(path), {});
    const held: Response[] = [];
    // One in `DIGEST_CHECK_ONE_IN` is read whole and takes a place: far from all of them.
    for (let count = 0; count <= READS_IN_FLIGHT_MAX; count++) held.push(await hold(path));
    expect(new Set(held.map(({ status }) => status))).toEqual(new Set([200]));
    await Promise.all(held.flatMap(({ body }) => body?.cancel() ?? []));
  }, 60_000);
});
