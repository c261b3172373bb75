/** The renewal Worker alone in workerd: its answers, and what a run says when the chain is away. */
import { env, exports } from "cloudflare:workers";
import { createScheduledController } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { expectCommonHeaders } from "../../support/manners.ts";
import renewal, { type RenewalEnv } from "../../../workers/renewal/index.ts";

/** Nothing listens here. */
const DEAD_RPC = "http://127.0.0.1:1";

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const worker = (exports as unknown as { default: Fetcher }).default;
  const response = await worker.fetch(`https://renewal.example${path}`, init);
  expectCommonHeaders(response);
  return response;
}

describe("renewal over HTTP", () => {
  test("/status answers OK", async () => {
    const response = await ask("/status");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("OK");
  });

  test("an unknown path is 404 in the error envelope", async () => {
    const response = await ask("/nothing");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 404, status: "NOT_FOUND" } });
  });

  test.each(["/edge/v1/renewals/last", "/status"])(
    "a write to %s is 405 and names what is allowed",
    async (path) => {
      const response = await ask(path, { method: "PUT", body: "x" });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    },
  );

  test.each(["/status", "/edge/v1/renewals/last", "/nothing"])(
    "a HEAD and a preflight of %s have no body",
    async (path) => {
      const head = await ask(path, { method: "HEAD" });
      expect(head.status).toBe((await ask(path)).status);
      expect((await head.bytes()).length).toBe(0);
      const preflight = await ask(path, { method: "OPTIONS" });
      expect([preflight.status, (await preflight.bytes()).length]).toEqual([200, 0]);
    },
  );

  test("a publisher that cannot be asked is 500 with the ID that the log has", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const PUBLISHER = { lastRenewalReport: () => Promise.reject(new Error("not there")) };
    const response = await renewal.fetch(
      new Request("https://renewal.example/edge/v1/renewals/last"),
      { ...(env as unknown as RenewalEnv), PUBLISHER: PUBLISHER as never },
    );
    const logged = JSON.stringify(log.mock.calls);
    log.mockRestore();
    expectCommonHeaders(response);
    expect(response.status).toBe(500);
    expect(logged).toContain(response.headers.get("x-request-id"));
    expect(await response.text()).not.toContain("not there");
  });

  test("before the first run there is no report; a run that cannot read the chain reports why", async () => {
    const before = await ask("/edge/v1/renewals/last");
    expect(before.status).toBe(404);
    expect(await before.json()).toMatchObject({
      error: { details: [{ reason: "NO_RENEWAL_YET" }] },
    });

    const controller = createScheduledController({ scheduledTime: new Date(3_600_000) });
    const unreachable = { ...(env as unknown as RenewalEnv), SUI_RPC_URL: DEAD_RPC };
    await renewal.scheduled(controller, unreachable);

    const after = await ask("/edge/v1/renewals/last");
    expect(after.status).toBe(200);
    const report = (await after.json()) as { extended: unknown[]; failures: unknown[] };
    expect(report.extended).toEqual([]);
    expect(report.failures).toHaveLength(1);
  });

  test("each request and each run makes one line", async () => {
    const lines: Record<string, unknown>[] = [];
    for (const level of ["log", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((line: unknown) => {
        lines.push(JSON.parse(String(line)) as Record<string, unknown>);
      });
    }
    const response = await ask("/edge/v1/renewals/last", { method: "PUT", body: "x" });
    await ask("/nothing");
    const unreachable = { ...(env as unknown as RenewalEnv), SUI_RPC_URL: DEAD_RPC };
    await renewal.scheduled(createScheduledController({ scheduledTime: new Date(0) }), unreachable);
    vi.restoreAllMocks();
    expect(lines.map(({ event, route, status }) => [event, route, status])).toEqual([
      ["request.done", "/edge/v1/renewals/last", 405],
      ["request.done", null, 404],
      ["renewal.finished", undefined, undefined],
    ]);
    expect(lines[0]?.["requestId"]).toBe(response.headers.get("x-request-id"));
    expect(lines[2]).toMatchObject({ level: "error", durationMs: expect.any(Number) as number });
  });
});
