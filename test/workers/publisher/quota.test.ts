/** Rate limits inside workerd: the counters are real Durable Objects. */
import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { seededBytes } from "../../support/contents.ts";
import { ask, bindings, reasonOf } from "./ask.ts";

const SECRET = "a secret that nobody else knows of";
/** A window so long that nothing worth mentioning comes back while a test runs. */
const LIMITED = {
  RATE_LIMIT_REQUESTS: "3",
  RATE_LIMIT_BYTES: "10000",
  RATE_LIMIT_WINDOW_SECONDS: "86400",
};
const FROM_A = { "CF-Connecting-IP": "192.0.2.1" };
const FROM_B = { "CF-Connecting-IP": "192.0.2.2" };

beforeEach(() => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

function store(
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream = seededBytes(100, 1),
  vars: object = {},
) {
  // Requests that come over HTTP with a whole body have this header; here it must be said.
  const length: Record<string, string> =
    body instanceof ReadableStream ? {} : { "content-length": String(body.length) };
  const init = { method: "PUT", body, headers: { prefer: "respond-async", ...length, ...headers } };
  return ask("/v1/blobs", init, { ...LIMITED, ...vars });
}

async function sign(sub: string, jti: string): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const token = await new SignJWT({ exp, sub, jti })
    .setProtectedHeader({ alg: "HS256" })
    .sign(utf8Bytes(SECRET));
  return `Bearer ${token}`;
}

async function quotaOf(client: readonly [string, string]) {
  const digest = await crypto.subtle.digest("SHA-256", utf8Bytes(JSON.stringify(client)));
  return bindings.QUOTAS.getByName(toHex(new Uint8Array(digest)));
}

describe("one client", () => {
  test("is told what is left, then 429 with the time to wait; another one goes on", async () => {
    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await store(FROM_A));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
    expect(answers[0]?.headers.get("RateLimit-Policy")).toBe(
      '"requests";q=3;w=86400, "bytes";q=10000;qu="content-bytes";w=86400',
    );
    expect(answers[0]?.headers.get("RateLimit")).toBe(
      '"requests";r=2;t=28800, "bytes";r=9900;t=864',
    );
    const refused = answers[3];
    const wait = Number(refused?.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(28_800);
    expect(refused?.headers.get("RateLimit")).toContain(`"requests";r=0;t=${wait}`);
    expect(refused?.headers.get("Access-Control-Expose-Headers")).toContain("RateLimit-Policy");
    expect(await refused?.json()).toMatchObject({
      error: {
        status: "RESOURCE_EXHAUSTED",
        code: 429,
        details: [{ reason: "RATE_LIMIT_EXCEEDED", metadata: { policy: "requests", quota: "3" } }],
      },
    });
    expect((await store(FROM_B)).status).toBe(202);
  });

  test("survives the object's eviction, and reads are never counted", async () => {
    for (let count = 0; count < 3; count++) await store(FROM_A);
    await evictDurableObject(await quotaOf(["ip", "192.0.2.1"]));
    expect((await store(FROM_A)).status).toBe(429);
    const read = await ask("/edge/v1/uploads/x", { headers: FROM_A }, LIMITED);
    expect([read.status, read.headers.get("RateLimit")]).toEqual([404, null]);
  });

  test("bytes count as declared, before the body is read", async () => {
    expect((await store(FROM_A, seededBytes(9_000, 1))).status).toBe(202);
    let isRead = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          isRead = true;
          controller.enqueue(seededBytes(2_000, 2));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const refused = await store({ ...FROM_A, "content-length": "2000000" }, body, {
      MAX_BLOB_BYTES: "5000000",
    });
    expect(refused.status).toBe(429);
    expect(isRead).toBe(false);
    expect(await refused.json()).toMatchObject({
      error: { details: [{ metadata: { policy: "bytes" } }] },
    });
  });

  test("a body of unknown length is counted when it has come", async () => {
    const stream = new Response(seededBytes(9_990, 1)).body;
    expect((await store(FROM_A, stream ?? "")).status).toBe(202);
    await vi.waitFor(async () => {
      await runInDurableObject(await quotaOf(["ip", "192.0.2.1"]), (_, state) => {
        const rows = state.storage.sql.exec("SELECT used FROM buckets WHERE policy = 'bytes'");
        expect(Number(rows.one()["used"])).toBeGreaterThan(9_000);
      });
    });
    expect((await store(FROM_A, seededBytes(100, 2))).status).toBe(429);
  });

  test("is the subject of its token, wherever it comes from", async () => {
    const tokens = { OPEN_WRITES: undefined, JWT_SECRET: SECRET };
    const statuses = [];
    for (let count = 0; count < 4; count++) {
      const authorization = await sign("alice", `a${count}`);
      const from = count % 2 === 0 ? FROM_A : FROM_B;
      statuses.push((await store({ ...from, authorization }, "x", tokens)).status);
    }
    expect(statuses).toEqual([202, 202, 202, 429]);
    const authorization = await sign("bob", "b");
    expect((await store({ ...FROM_A, authorization }, "x", tokens)).status).toBe(202);
  });

  test("is not counted before it is known: a wrong token takes nothing of anybody", async () => {
    const tokens = { OPEN_WRITES: undefined, JWT_SECRET: SECRET };
    for (let count = 0; count < 5; count++) {
      const refused = await store({ ...FROM_A, authorization: "Bearer x.y.z" }, "x", tokens);
      expect(refused.headers.get("RateLimit")).toBeNull();
    }
    const authorization = await sign("carol", "c");
    const taken = await store({ ...FROM_A, authorization }, "x", tokens);
    expect(taken.headers.get("RateLimit")).toContain('"requests";r=2');
  });

  test("is forgotten when its buckets are full again", async () => {
    await store(FROM_A);
    const quota = await quotaOf(["ip", "192.0.2.1"]);
    await runInDurableObject(quota, (_, state) => {
      state.storage.sql.exec("UPDATE buckets SET full_at_ms = 0");
    });
    expect(await runDurableObjectAlarm(quota)).toBe(true);
    await runInDurableObject(quota, (_, state) => {
      const tables = state.storage.sql.exec(
        "SELECT name FROM sqlite_master WHERE name = 'buckets'",
      );
      expect(tables.toArray()).toEqual([]);
    });
    expect((await store(FROM_A)).headers.get("RateLimit")).toContain('"requests";r=2');
  });
});

test.each([
  ["PUT", "/v1/quilts"],
  ["POST", `/v1/blob-upload-relay?blob_id=${"A".repeat(43)}`],
  ["POST", "/edge/v1/hooks/billing"],
  ["DELETE", `/edge/v1/uploads/${"A".repeat(22)}`],
])("%s %s is limited too", async (method, path) => {
  for (let count = 0; count < 3; count++) await ask(path, { method, headers: FROM_A }, LIMITED);
  const refused = await ask(path, { method, headers: FROM_A }, LIMITED);
  expect([refused.status, await reasonOf(refused)]).toEqual([429, "RATE_LIMIT_EXCEEDED"]);
});

describe("a quota that cannot be asked", () => {
  const broken = (error: unknown) => ({
    QUOTAS: { getByName: () => ({ take: () => Promise.reject(error), charge: () => undefined }) },
  });

  test("lets a store through: a counter that is away is no reason to refuse one", async () => {
    expect((await store(FROM_A, "x", broken(new Error("reset")))).status).toBe(202);
  });

  test("refuses where it is overloaded by the one who asks it", async () => {
    const overloaded = Object.assign(new Error("too much"), { overloaded: true });
    const refused = await store(FROM_A, "x", broken(overloaded));
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "86400"]);
  });
});
