/** The operator's routes inside workerd: the one writer is a real Durable Object, the copy real KV. */
import { evictDurableObject, reset } from "cloudflare:test";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { decodeGateRules, GATE_RULES_KEY } from "../../../shared/cache/gate-rules.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import {
  NAME_BODY_BYTES_MAX,
  OBJECT_BODY_BYTES_MAX,
  PURGE_BODY_BYTES_MAX,
} from "../../../shared/limits.ts";
import { GATE_NAME } from "../../../workers/publisher/gate/gate.ts";
import { recentShard } from "../../../workers/publisher/recent/recent.ts";
import { ask, bindings, reasonOf } from "./ask.ts";

const SECRET = "a secret that nobody else knows of";
const TOKENS = { OPEN_WRITES: undefined, JWT_SECRET: SECRET };
const ID = formatBlobId(new Uint8Array(32).fill(7));
const HEX_ID = `0x${"07".repeat(32)}`;

beforeEach(() => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function operate(method: string, path: string, scope: string | null, body?: unknown) {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const claims = {
    exp,
    jti: crypto.randomUUID(),
    sub: "ops",
    ...(scope === null ? {} : { scope }),
  };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .sign(utf8Bytes(SECRET));
  const init = {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return ask(path, init, TOKENS);
}

const copy = async () => decodeGateRules((await bindings.BLOBS.get(GATE_RULES_KEY)) ?? "{}");

describe("blocklist and purge", () => {
  test.each([
    ["GET", "/edge/v1/blocklist"],
    ["GET", `/edge/v1/blocklist/${ID}`],
    ["PUT", `/edge/v1/blocklist/${ID}`],
    ["DELETE", `/edge/v1/blocklist/${ID}`],
    ["POST", "/edge/v1/purge"],
  ])("%s %s needs a token with the scope admin", async (method, path) => {
    const answers = [
      await ask(path, { method }, TOKENS),
      await operate(method, path, null),
      await operate(method, path, "store list manage"),
      await ask(path, { method }, { OPEN_WRITES: undefined }),
    ];
    const seen = await Promise.all(
      answers.map(async (each) => [each.status, await reasonOf(each)]),
    );
    expect(seen).toEqual([
      [401, "TOKEN_MISSING"],
      [403, "INSUFFICIENT_SCOPE"],
      [403, "INSUFFICIENT_SCOPE"],
      [403, "WRITES_CLOSED"],
    ]);
    expect((await copy()).version).toBe(0);
  });

  test("a blob is blocked under every spelling, shown, listed and let through again", async () => {
    const path = `/edge/v1/blocklist/${ID}`;
    expect((await operate("GET", path, "admin")).status).toBe(404);
    const put = await operate("PUT", `/edge/v1/blocklist/${HEX_ID}?reason=court`, "admin");
    expect(put.headers.get("cache-control")).toBe("no-store");
    expect(await put.json()).toMatchObject({ blobId: ID, reason: "court", by: "ops" });
    expect(await (await operate("GET", path, "admin")).json()).toMatchObject({ reason: "court" });
    expect(await (await operate("GET", "/edge/v1/blocklist", "admin")).json()).toMatchObject({
      blocks: [{ blobId: ID }],
      next: null,
    });
    expect((await copy()).blocklist).toEqual(new Set([ID]));
    const gone = await operate("DELETE", path, "admin");
    expect(await gone.json()).toMatchObject({ blobId: ID, wasBlocked: true });
    expect((await copy()).blocklist.size).toBe(0);
  });

  test("a purge says what it means: one blob or all", async () => {
    for (const body of [{}, { all: false }, { blobId: "x" }, { all: true, blobId: ID }, []]) {
      const refused = await operate("POST", "/edge/v1/purge", "admin", body);
      expect([refused.status, await reasonOf(refused)]).toEqual([400, "INVALID_BODY"]);
    }
    const one = await operate("POST", "/edge/v1/purge", "admin", { blobId: HEX_ID });
    expect(await one.json()).toMatchObject({ blobId: ID, generation: 1 });
    const all = await operate("POST", "/edge/v1/purge", "admin", { all: true });
    expect(await all.json()).toMatchObject({ blobId: null, generation: 2 });
    expect(await copy()).toMatchObject({ purgeGeneration: 2, purged: new Map() });
  });

  test.each([
    ["POST", "/edge/v1/purge", "admin", PURGE_BODY_BYTES_MAX],
    ["PUT", "/edge/v1/names/a", "manage", NAME_BODY_BYTES_MAX],
    ["PATCH", `/edge/v1/objects/0x${"1".repeat(64)}`, "manage", OBJECT_BODY_BYTES_MAX],
    ["DELETE", `/edge/v1/orphans/0x${"1".repeat(64)}`, "admin", OBJECT_BODY_BYTES_MAX],
  ])("%s %s takes no longer body than its bound", async (method, path, scope, bytesMax) => {
    // Two bytes more as JSON.
    const told = (byteCount: number) => operate(method, path, scope, "x".repeat(byteCount - 2));
    const tooLong = await told(bytesMax + 1);
    expect([tooLong.status, await reasonOf(tooLong)]).toEqual([413, "INVALID_BODY"]);
    if (path === "/edge/v1/purge") expect((await told(bytesMax)).status).toBe(400);
  });

  test("bad IDs and reasons are refused", async () => {
    const bad = await operate("PUT", "/edge/v1/blocklist/x", "admin");
    expect([bad.status, await reasonOf(bad)]).toEqual([400, "INVALID_BLOB_ID"]);
    const long = await operate(
      "PUT",
      `/edge/v1/blocklist/${ID}?reason=${"a".repeat(257)}`,
      "admin",
    );
    expect(long.status).toBe(400);
  });

  test("two operators at once lose nothing, and a restart neither", async () => {
    const ids = Array.from({ length: 20 }, (_, i) => formatBlobId(new Uint8Array(32).fill(i)));
    const answers = await Promise.all([
      ...ids.map((id) => operate("PUT", `/edge/v1/blocklist/${id}`, "admin")),
      operate("POST", "/edge/v1/purge", "admin", { all: true }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await evictDurableObject(bindings.GATES.getByName(GATE_NAME));
    const rules = await bindings.GATES.getByName(GATE_NAME).rules(null);
    expect(decodeGateRules(rules ?? "")).toMatchObject({
      blocklist: new Set(ids),
      purgeGeneration: 1,
    });
    expect(await copy()).toEqual(decodeGateRules(rules ?? ""));
  });

  test("an aggregator that has the current rules is told so", async () => {
    const gate = bindings.GATES.getByName(GATE_NAME);
    const generation = await gate.purge(null);
    expect(generation).toBe(1);
    expect(await gate.rules(1)).toBeNull();
    expect(await gate.rules(0)).not.toBeNull();
  });
});

test("a certified blob is known lately, in its own shard", async () => {
  const recent = bindings.RECENTS.getByName(recentShard(ID));
  expect(await recent.has(ID)).toBe(false);
  await recent.note(ID);
  expect(await recent.has(ID)).toBe(true);
});
