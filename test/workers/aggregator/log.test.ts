/// <reference types="@cloudflare/vitest-plugin/types" />
/** The line that each read makes, in workerd, as Workers Logs would get it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LOG_FIELDS } from "../../../shared/telemetry/log-fields.ts";
import { startWorld, type World } from "./cases/world.ts";

let world: World & { readonly stop: () => void };
let lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => {
  world.stop();
});
beforeEach(() => {
  lines = [];
  for (const level of ["log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      lines.push(JSON.parse(String(line)) as Record<string, unknown>);
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The answer, read to its end, and the one line of its request. */
async function read(path: string, init: RequestInit = {}, vars: object = {}) {
  const response = await world.ask(world.named(path), init, vars);
  await response.arrayBuffer();
  const done = () => lines.filter(({ event }) => event === "request.done");
  await vi.waitFor(() => expect(done()).toHaveLength(1), { timeout: 20_000 });
  const [line = {}] = done();
  return { response, line };
}

describe("the line of a read", () => {
  test("says what was read, from where, how it was checked, and what it cost", async () => {
    const id = world.named("{blob}");
    const { response, line } = await read(
      "/v1/blobs/{blob}?strict_consistency_check=true&secret=1",
    );
    expect(line).toMatchObject({
      level: "info",
      service: "aggregator",
      requestId: response.headers.get("x-request-id"),
      method: "GET",
      route: "/v1/blobs/:blobId",
      status: 200,
      id,
      blobId: id,
      tier: "nodes",
      verified: "strict",
      durationMs: expect.any(Number) as number,
    });
    expect(line["nodeRequests"]).toBeGreaterThan(1);
    expect(JSON.stringify(line)).not.toContain("secret");
  });

  test("of what is cached names the tier, and no storage node", async () => {
    await vi.waitFor(
      async () => {
        lines = [];
        const { line } = await read("/v1/blobs/{blob}");
        expect(line).toMatchObject({ tier: "edge", status: 200 });
        expect(line).not.toHaveProperty("nodeRequests");
      },
      { timeout: 20_000 },
    );
  });

  test.each([
    ["/v1/blobs/no-id", {}, { status: 400, route: "/v1/blobs/:blobId", id: "no-id" }],
    ["/v1/blobs/{blob}", { method: "PUT" }, { status: 405, route: "/v1/blobs/:blobId" }],
    ["/nowhere", {}, { status: 404, route: null }],
    ["/status", {}, { status: 200, route: "/status" }],
    [
      "/v1/blobs/{blob}",
      { headers: { Range: "bytes=9999999-" } },
      { status: 416, reason: "INVALID_BYTE_RANGE" },
    ],
    ["/v1/blobs/{blob}", { method: "HEAD" }, { status: 200, method: "HEAD" }],
  ])("of %s, %o", async (path, init, expected) => {
    expect((await read(path, init)).line).toMatchObject(expected);
  });

  test("has known fields alone", async () => {
    await read("/v1/blobs/{blob}");
    const known = new Set([...Object.keys(LOG_FIELDS), "event", "level", "service"]);
    expect(lines.flatMap((line) => Object.keys(line)).filter((name) => !known.has(name))).toEqual(
      [],
    );
  });
});
