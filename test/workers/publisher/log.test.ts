/** What the publisher logs, in workerd, as Workers Logs would get it. */
import { reset } from "cloudflare:test";
import { SignJWT } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toBase64, toHex } from "../../../shared/bytes/text.ts";
import { LOG_FIELDS } from "../../../shared/telemetry/log-fields.ts";
import { ask, HOOK_KEY, WALLET_SECRET_KEY } from "./ask.ts";

const JWT_SECRET = "jwt-secret-that-nobody-else-knows";
const BODY = "the body of a blob that is nobody else's business";
const JTI = "the-jti-of-a-token";

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  for (const level of ["info", "log", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...said: unknown[]) => {
      lines.push(said.map(String).join(" "));
    });
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function signedToken(lifetimeSeconds = 600): Promise<string> {
  return new SignJWT({
    exp: Math.floor(Date.now() / 1_000) + lifetimeSeconds,
    jti: JTI,
    sub: "alice",
  })
    .setProtectedHeader({ alg: "HS256" })
    .sign(utf8Bytes(JWT_SECRET));
}

async function deliver(key: Uint8Array<ArrayBuffer>): Promise<Response> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
  const signed = utf8Bytes(`event_1.${timestamp}.${BODY}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, signed));
  return ask("/edge/v1/hooks/billing", {
    method: "POST",
    body: BODY,
    headers: {
      "webhook-id": "event_1",
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${toBase64(signature)}`,
    },
  });
}

test("every line is JSON of known fields, and none holds a token, a key or a body", async () => {
  const token = await signedToken();
  const authorization = `Bearer ${token}`;
  const tokens = { OPEN_WRITES: undefined, JWT_SECRET };
  const put = (headers: Record<string, string>, vars: object, query = "") =>
    ask(`/v1/blobs${query}`, { method: "PUT", body: BODY, headers }, vars);
  const statuses = [
    await put({ authorization, prefer: "respond-async", "idempotency-key": "my-key" }, tokens),
    await put({ authorization }, tokens),
    await put({ authorization: `${authorization}x` }, tokens),
    await put({ authorization }, tokens, "?epochs=none"),
    await put({}, { SUI_RPC_URL: "http://127.0.0.1:9" }),
    await put({}, { WALLET_SECRET_KEY: `${WALLET_SECRET_KEY}x` }),
    await put({}, { JWT_SECRET, JWT_JWKS: "{}", OPEN_WRITES: undefined }),
    await put({}, { RATE_LIMIT_REQUESTS: "1" }),
    await put({}, { RATE_LIMIT_REQUESTS: "1" }),
    await deliver(HOOK_KEY),
    await deliver(new Uint8Array(32).fill(9)),
    await ask(`/edge/v1/uploads/${"A".repeat(22)}`, { headers: { authorization } }, tokens),
  ].map(({ status }) => status);
  expect(statuses).toEqual([202, 429, 401, 400, 503, 500, 500, 503, 429, 202, 401, 404]);

  const secrets = [
    token,
    token.split(".")[2] ?? "",
    JWT_SECRET,
    JTI,
    WALLET_SECRET_KEY,
    toBase64(HOOK_KEY),
    toHex(HOOK_KEY),
    BODY,
    toBase64(utf8Bytes(BODY)),
    "my-key",
    "Bearer",
    WALLET_SECRET_KEY.slice(12),
  ];
  const known = new Set([...Object.keys(LOG_FIELDS), "event", "level", "service"]);
  expect(lines.length).toBeGreaterThan(statuses.length);
  for (const line of lines) {
    for (const secret of secrets) expect(line).not.toContain(secret);
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(Object.keys(record).filter((field) => !known.has(field))).toEqual([]);
  }
});

test("one line for each request, with the reason of a refusal", async () => {
  await ask("/status");
  await ask("/v1/blobs", { method: "GET" });
  await ask("/nowhere/secret-path");
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(
    records.map(({ event, method, route, status, reason }) => [
      event,
      method,
      route,
      status,
      reason,
    ]),
  ).toEqual([
    ["request.done", "GET", "/status", 200, undefined],
    ["request.done", "GET", "/v1/blobs", 405, "METHOD_NOT_ALLOWED"],
    ["request.done", "GET", null, 404, "PATH_NOT_FOUND"],
  ]);
});

test("what the caller does wrong is no error of ours, whatever its status", async () => {
  const authorization = `Bearer ${await signedToken(-600)}`;
  const vars = { OPEN_WRITES: undefined, JWT_SECRET };
  const init = { method: "PUT", body: BODY, headers: { authorization } };
  expect((await ask("/v1/blobs", init, vars)).status).toBe(504);
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const requests = records.filter(({ event }) => event === "request.done");
  expect(requests.map(({ level, reason }) => [level, reason])).toEqual([
    ["info", "EXPIRED_SIGNATURE"],
  ]);
});
