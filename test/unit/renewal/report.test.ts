/** What the renewal Worker answers over HTTP. */
import { describe, expect, test, vi } from "vitest";
import type { PublisherRpcSurface } from "../../../shared/rpc/publisher.ts";
import renewal from "../../../workers/renewal/index.ts";

function answer(report: string | null, path: string, method = "GET"): Promise<Response> {
  const publisher: Pick<PublisherRpcSurface, "lastRenewalReport"> = {
    lastRenewalReport: async () => report,
  };
  const request = new Request(`https://renewal.example${path}`, { method });
  return renewal.fetch(request, { PUBLISHER: publisher as PublisherRpcSurface });
}

describe("GET /edge/v1/renewals/last", () => {
  test("gives the report of the last run, never from a cache", async () => {
    const response = await answer('{"epoch":7}', "/edge/v1/renewals/last");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({ epoch: 7 });
  });

  test("is 404 with a reason before the first run", async () => {
    const response = await answer(null, "/edge/v1/renewals/last");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("NO_RENEWAL_YET");
  });

  test("can be read from any origin, though the publisher cannot be asked", async () => {
    const away: Pick<PublisherRpcSurface, "lastRenewalReport"> = {
      lastRenewalReport: () => Promise.reject(new Error("the publisher is being deployed")),
    };
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const ask = (method: string) =>
      renewal.fetch(new Request("https://renewal.example/edge/v1/renewals/last", { method }), {
        PUBLISHER: away as PublisherRpcSurface,
      });
    const broken = await ask("GET");
    vi.restoreAllMocks();
    expect([broken.status, broken.headers.get("access-control-allow-origin")]).toEqual([500, "*"]);
    expect(await broken.text()).toContain("INTERNAL_ERROR");
    expect((await ask("OPTIONS")).headers.get("access-control-allow-methods")).toContain("GET");
  });

  test("other paths and methods are refused", async () => {
    expect((await answer(null, "/v1/blobs")).status).toBe(404);
    const posted = await answer(null, "/edge/v1/renewals/last", "POST");
    expect(posted.status).toBe(405);
    expect(posted.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });
});
