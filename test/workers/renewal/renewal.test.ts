/** The renewal Worker alone in workerd: its answers, and what a run says when the chain is away. */
import { env, exports } from "cloudflare:workers";
import { createScheduledController } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import renewal, { type RenewalEnv } from "../../../workers/renewal/index.ts";

/** Nothing listens here. */
const DEAD_RPC = "http://127.0.0.1:1";

function ask(path: string, init?: RequestInit): Promise<Response> {
  const worker = (exports as unknown as { default: Fetcher }).default;
  return worker.fetch(`https://renewal.example${path}`, init);
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

  test("a write to the report is 405 and names what is allowed", async () => {
    const response = await ask("/edge/v1/renewals/last", { method: "PUT", body: "x" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toContain("GET");
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
