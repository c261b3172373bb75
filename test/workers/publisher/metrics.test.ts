/** `/metrics` inside workerd: the counters are a real Durable Object; the chain is away. */
import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GATE_NAME } from "../../../workers/publisher/gate/gate.ts";
import { METRICS_NAME } from "../../../workers/publisher/metrics/object.ts";
import { ask, bindings, reasonOf } from "./ask.ts";

const METRICS_TOKEN = "a-token-for-metrics";
const OPEN = { METRICS_TOKEN, SUI_RPC_URL: "http://127.0.0.1:9" };

beforeEach(() => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

function scrape(authorization?: string, vars: object = OPEN) {
  const headers = authorization === undefined ? {} : { headers: { authorization } };
  return ask("/metrics", headers, vars);
}

test("does not exist without a token, and answers to the right one only", async () => {
  const hidden = await scrape(`Bearer ${METRICS_TOKEN}`, {});
  expect([hidden.status, await reasonOf(hidden)]).toEqual([404, "PATH_NOT_FOUND"]);
  for (const wrong of [undefined, "Bearer wrong", `Basic ${METRICS_TOKEN}`, "Bearer "]) {
    const refused = await scrape(wrong);
    expect([refused.status, await reasonOf(refused)]).toEqual([401, "METRICS_TOKEN_REFUSED"]);
    expect(refused.headers.get("WWW-Authenticate")).toBe("Bearer");
  }
  const answer = await scrape(`Bearer ${METRICS_TOKEN}`);
  expect([
    answer.status,
    answer.headers.get("Content-Type"),
    answer.headers.get("Cache-Control"),
  ]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8", "no-store"]);
});

test("a token that is easily guessed stops the Worker", async () => {
  expect((await scrape("Bearer short", { METRICS_TOKEN: "short" })).status).toBe(500);
});

test("what cannot be asked is left out and said", async () => {
  const page = await (await scrape(`Bearer ${METRICS_TOKEN}`)).text();
  expect(page).toContain('walrus_edge_scrape_ok{source="metrics"} 1');
  expect(page).toContain('walrus_edge_scrape_ok{source="balances"} 0');
  expect(page).not.toContain("walrus_edge_wallet_balance_frost");
});

test("tells how many blobs the operator has blocked", async () => {
  const page = async () => (await scrape(`Bearer ${METRICS_TOKEN}`)).text();
  expect(await page()).toContain("\nwalrus_blocklist_size 0\n");
  const gate = bindings.GATES.getByName(GATE_NAME);
  for (const blobId of ["a", "b", "b"]) {
    await gate.block({ blobId, reason: null, by: null, blockedAtMs: 1 });
  }
  const full = await page();
  expect(full).toContain("\nwalrus_blocklist_size 2\n");
  expect(full).toContain('walrus_edge_scrape_ok{source="gate"} 1');
});

test("counts survive eviction once they are written", async () => {
  const metrics = bindings.METRICS.getByName(METRICS_NAME);
  const labels = { outcome: "certified" };
  await metrics.add([{ name: "walrus_edge_uploads_total", labels, by: 2 }]);
  expect(await runDurableObjectAlarm(metrics)).toBe(true);
  await evictDurableObject(metrics);
  await metrics.add([{ name: "walrus_edge_uploads_total", labels, by: 1 }]);
  const page = await (await scrape(`Bearer ${METRICS_TOKEN}`)).text();
  expect(page).toContain('walrus_edge_uploads_total{outcome="certified"} 3');
});
