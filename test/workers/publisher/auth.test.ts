/** Who may write, inside workerd: the replay guard is a real Durable Object. */
import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { JWT_EXP_SECONDS_MAX } from "../../../shared/limits.ts";
import { tokenShard } from "../../../workers/publisher/auth/token-guard.ts";
import type { PublisherEnv } from "../../../workers/publisher/env.ts";
import worker from "../../../workers/publisher/index.ts";
import type { Upload } from "../../../workers/publisher/upload/object.ts";
import { seededBytes } from "../../support/contents.ts";
import { ask, bindings, reasonOf, WALLET_SECRET_KEY } from "./ask.ts";

const SECRET = "a secret that nobody else knows of";
const TOKENS = { OPEN_WRITES: undefined, JWT_SECRET: SECRET };
const BODY = seededBytes(1_000, 1);

beforeEach(() => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

function sign(payload: JWTPayload): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  return new SignJWT({ exp, ...payload })
    .setProtectedHeader({ alg: "HS256" })
    .sign(utf8Bytes(SECRET));
}

function store(
  token: string | null,
  headers: Record<string, string> = {},
  body = BODY,
  query = "",
) {
  return ask(
    `/v1/blobs?${query}`,
    {
      method: "PUT",
      body,
      headers: {
        prefer: "respond-async",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    },
    TOKENS,
  );
}

/** The upload of an answer ends as failed, for `failure`. */
async function fail(location: string, change: string): Promise<void> {
  const uploadId = location.split("/").at(-1) ?? "";
  await runInDurableObject(bindings.UPLOADS.getByName(uploadId), (_: Upload, state) => {
    state.storage.sql.exec(`UPDATE journal SET json = json_set(json, ${change})`);
  });
}

test.each([
  ["PUT", "/v1/blobs"],
  ["PUT", "/v1/quilts"],
  ["POST", "/v1/blob-upload-relay?blob_id=" + "A".repeat(43)],
  ["DELETE", `/edge/v1/uploads/${"A".repeat(22)}`],
])(
  "a gateway without authentication refuses %s %s and says how to open it",
  async (method, path) => {
    const response = await ask(path, { method }, { OPEN_WRITES: undefined });
    expect(response.status).toBe(403);
    const body = await response.clone().text();
    expect(body).toContain("OPEN_WRITES=true");
    expect(await reasonOf(response)).toBe("WRITES_CLOSED");
  },
);

test("a broken authentication closes the gateway altogether", async () => {
  const vars = { OPEN_WRITES: undefined, JWT_SECRET: SECRET, JWT_ALGORITHM: "none" };
  expect((await ask("/v1/blobs", { method: "PUT" }, vars)).status).toBe(500);
});

describe("a gateway with tokens", () => {
  test("refuses a store without one, and one that does not allow it", async () => {
    const missing = await store(null);
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    for (const [payload, status, reason, query] of [
      [{ max_epochs: 1 }, 400, "INVALID_EPOCHS", "epochs=2"],
      [{ max_size: 999 }, 400, "INVALID_SIZE", ""],
      [{ size: 1_001 }, 400, "INVALID_SIZE", ""],
      [{ send_object_to: `0x${"1".repeat(64)}` }, 400, "INVALID_SEND_OBJECT_TO", ""],
      [{ exp: 1_000 }, 504, "EXPIRED_SIGNATURE", ""],
      [{ scope: "list" }, 403, "INSUFFICIENT_SCOPE", ""],
    ] as const) {
      const token = await sign({ jti: "same", ...payload });
      const length = { "content-length": String(BODY.length) };
      const response = await store(token, length, BODY, query);
      expect([response.status, await reasonOf(response)]).toEqual([status, reason]);
    }
    // None of them has used the token up.
    expect((await store(await sign({ jti: "same" }))).status).toBe(202);
  });

  test("refuses a body whose length nobody declared once it is not what the token allows", async () => {
    for (const [payload, message] of [
      [{ max_size: 999 }, "the token allows a body of at most 999 bytes, not more"],
      [{ size: 999 }, "the token allows a body of exactly 999 bytes, not more"],
      [{ size: 1_001 }, "the token allows a body of exactly 1001 bytes, not 1000"],
    ] as const) {
      const response = await store(await sign({ jti: "undeclared", ...payload }), {}, BODY);
      const { error } = await response.clone().json<{ error: { message: string } }>();
      expect([response.status, error.message]).toEqual([400, message]);
      expect(await reasonOf(response)).toBe("INVALID_SIZE");
    }
    // None of them has used the token up.
    expect((await store(await sign({ jti: "undeclared" }))).status).toBe(202);
  });

  test("refuses an end in milliseconds, and takes the latest there may be", async () => {
    const inMs = await store(await sign({ jti: "ms", exp: Date.now() + 60_000 }));
    expect([inMs.status, await reasonOf(inMs)]).toEqual([400, "INVALID_TIMESTAMP"]);
    const beyond = await store(await sign({ jti: "beyond", exp: JWT_EXP_SECONDS_MAX + 1 }));
    expect([beyond.status, await reasonOf(beyond)]).toEqual([400, "INVALID_TIMESTAMP"]);
    const key = { "idempotency-key": "for a long time" };
    const latest = await store(await sign({ jti: "latest", exp: JWT_EXP_SECONDS_MAX }), key);
    expect(latest.status).toBe(202);
  });

  test("forgets a token that has expired, whatever else is kept for longer", async () => {
    const tokens = bindings.TOKENS.getByName("forgets");
    const nowMs = Date.now();
    await tokens.use("for years", "a", nowMs + 10 * 365 * 86_400_000);
    await tokens.use("for a day", "b", nowMs + 86_400_000);
    const alarm = await runInDurableObject(tokens, (_, state) => state.storage.getAlarm());
    expect(alarm).toBe(nowMs + 86_400_000);
  });

  test("takes a token once, though the guard is restarted in between", async () => {
    const token = await sign({ jti: "once" });
    expect((await store(token)).status).toBe(202);
    const digest = await crypto.subtle.digest("SHA-256", utf8Bytes("once"));
    const hash = toHex(new Uint8Array(digest));
    await evictDurableObject(bindings.TOKENS.getByName(tokenShard(hash)));
    const again = await store(token);
    expect([again.status, await reasonOf(again)]).toEqual([429, "TOKEN_ALREADY_USED"]);
    // The alarm at its expiry leaves a token alone that has not expired.
    await runDurableObjectAlarm(bindings.TOKENS.getByName(tokenShard(hash)));
    expect((await store(token)).status).toBe(429);
  });

  test("takes the same token again with the same key, for the same upload", async () => {
    const token = await sign({ jti: "keyed" });
    const headers = { "idempotency-key": "k" };
    const [first, second] = await Promise.all([store(token, headers), store(token, headers)]);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect((await store(token, headers, seededBytes(1_000, 2))).status).toBe(422);
    expect((await store(token, { "idempotency-key": "l" })).status).toBe(429);
  });

  test("a repetition with another token leaves that one unused, whoever comes first", async () => {
    const headers = { "idempotency-key": "k" };
    const tokens = await Promise.all(["a", "b", "c"].map((jti) => sign({ jti })));
    const answers = await Promise.all(tokens.map((token) => store(token, headers)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const locations = new Set(answers.map((answer) => answer.headers.get("location")));
    expect(locations.size).toBe(1);
    // One token has bought the upload; each of the others still buys one.
    const again = await Promise.all(tokens.map((token) => store(token)));
    expect(again.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([202, 202, 429]);
  });

  test("a key with another body takes no token either", async () => {
    const headers = { "idempotency-key": "k" };
    expect((await store(await sign({ jti: "a" }), headers)).status).toBe(202);
    const second = await sign({ jti: "b" });
    expect((await store(second, headers, seededBytes(1_000, 2))).status).toBe(422);
    expect((await store(second)).status).toBe(202);
  });

  test("a key is kept for a day after its token has expired", async () => {
    const exp = Math.floor(Date.now() / 1_000) + 30 * 86_400;
    const token = await sign({ jti: "long", exp });
    const location = (await store(token, { "idempotency-key": "k" })).headers.get("location") ?? "";
    const uploadId = location.split("/").at(-1) ?? "";
    await fail(location, `'$.state', 'failed', '$.finishedAtMs', 0`);
    const stub = bindings.UPLOADS.getByName(uploadId);
    // Its week is long over, but the key must still find it.
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, async (_: Upload, state) => {
      expect(await state.storage.getAlarm()).toBe((exp + 86_400) * 1_000);
    });
    expect(await stub.view()).not.toBeNull();
  });

  test("keeps the keys of different subjects apart", async () => {
    const headers = { "idempotency-key": "k" };
    const ours = await store(await sign({ jti: "1", sub: "us" }), headers);
    const theirs = await store(await sign({ jti: "2", sub: "them" }), headers);
    expect(ours.headers.get("location")).not.toBe(theirs.headers.get("location"));
  });

  test("gives a token back when its body does not arrive", async () => {
    const token = await sign({ jti: "broken", max_size: 500 });
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(BODY);
        controller.close();
      },
    });
    const init = {
      method: "PUT",
      body: chunked,
      duplex: "half",
      headers: { authorization: `Bearer ${token}`, prefer: "respond-async" },
    } as RequestInit;
    expect(await reasonOf(await ask("/v1/blobs", init, TOKENS))).toBe("INVALID_SIZE");
    expect((await store(token, {}, BODY.slice(0, 500))).status).toBe(202);
  });

  test("gives a token back when its upload is cancelled, by its own subject alone", async () => {
    const token = await sign({ jti: "cancelled", sub: "us" });
    const location = (await store(token)).headers.get("location") ?? "";
    const end = async (payload: JWTPayload) => {
      const authorization = `Bearer ${await sign(payload)}`;
      return ask(location, { method: "DELETE", headers: { authorization } }, TOKENS);
    };
    expect((await ask(location, { method: "DELETE" }, TOKENS)).status).toBe(401);
    expect((await end({ jti: "x", sub: "them" })).status).toBe(404);
    expect((await store(token)).status).toBe(429);
    expect((await end({ jti: "x", sub: "us" })).status).toBe(200);
    expect((await store(token)).status).toBe(202);
  });

  test("lets a paid upload that failed be finished, but not exchanged", async () => {
    const token = await sign({ jti: "paid" });
    const headers = { "idempotency-key": "k" };
    const location = (await store(token, headers)).headers.get("location") ?? "";
    await fail(
      location,
      `'$.state', 'failed', '$.steps.register.status', 'done', '$.walletAddress', '0xa'`,
    );
    expect((await store(token, headers, seededBytes(1_000, 2))).status).toBe(422);
    expect((await store(token, headers)).status).toBe(202);
  });
});

test("keys behind a URL are fetched in workerd, once for what an isolate verifies", async () => {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k" }];
  const fetched: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    fetched.push(request.url);
    return Response.json({ keys });
  });
  // One environment for all: what an isolate holds belongs to it.
  const isolate = {
    ...bindings,
    OPEN_WRITES: undefined,
    JWT_JWKS: "https://issuer.example/keys",
    WALLET_SECRET_KEY,
  } as unknown as PublisherEnv;
  const list = async (kid: string) => {
    const token = await new SignJWT({ jti: crypto.randomUUID(), scope: "list" })
      .setProtectedHeader({ alg: "EdDSA", kid })
      .setExpirationTime("1h")
      .sign(privateKey);
    const headers = { authorization: `Bearer ${token}` };
    return worker.fetch(
      new Request("https://publisher.test/edge/v1/objects", { headers }),
      isolate,
    );
  };
  try {
    expect((await list("k")).status).toBe(200);
    expect((await list("k")).status).toBe(200);
    const unknown = await list("another");
    expect([unknown.status, await reasonOf(unknown)]).toEqual([401, "INVALID_SIGNATURE"]);
    expect(fetched).toEqual(["https://issuer.example/keys"]);
  } finally {
    vi.unstubAllGlobals();
  }
});
