/** Token keys behind a URL, over a real server: rotation, an issuer that is away, and every bound. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  JWKS_BYTES_MAX,
  JWKS_COOLDOWN_MS,
  JWKS_DEADLINE_MS,
  JWKS_HOLD_MS,
  JWKS_STALE_MS,
} from "../../../shared/limits.ts";
import type { LogRecord, Timer } from "../../../shared/ports.ts";
import { parseWriteAccess } from "../../../workers/publisher/auth/access.ts";
import { type VerifyPorts, verifyToken } from "../../../workers/publisher/auth/verify.ts";

/** A key of the issuer, by its name. */
interface IssuerKey {
  readonly kid: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

let keys: Readonly<Record<"a" | "b", IssuerKey>>;
let server: Server;
let url: string;
/** What the issuer answers, and how often it was asked. */
let answer: { readonly status: number; readonly body: string };
let asked = 0;
let nowMs: number;
let logged: LogRecord[];

async function issuerKey(kid: string): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { kid, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" }, privateKey };
}

beforeAll(async () => {
  keys = { a: await issuerKey("a"), b: await issuerKey("b") };
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});
afterAll(() => {
  server.close();
});

beforeEach(() => {
  publish(keys.a);
  asked = 0;
  nowMs = 1_800_000_000_000;
  logged = [];
});

function publish(...published: readonly IssuerKey[]): void {
  const oct = { kty: "oct", k: "AAAA", kid: "not for us" };
  answer = {
    status: 200,
    body: JSON.stringify({ keys: [oct, ...published.map(({ jwk }) => jwk)] }),
  };
}

/** An isolate: it holds what it has read. */
function isolate(vars: object = {}, timer: Timer = { sleep: () => new Promise(() => undefined) }) {
  const access = parseWriteAccess({ JWT_JWKS: url, NETWORK: "local", ...vars });
  if (!("kind" in access) || access.kind !== "token") throw new Error(JSON.stringify(access));
  const { rules } = access;
  const note = (record: LogRecord) => {
    logged.push(record);
  };
  const ports: VerifyPorts = {
    clock: { nowMs: () => nowMs },
    timer,
    fetch: (request) => fetch(request),
    log: { info: note, warn: note, error: note },
  };
  return async ({ kid, privateKey }: IssuerKey) => {
    const token = await new SignJWT({ jti: "j", exp: Math.floor(nowMs / 1_000) + 60 })
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(privateKey);
    const headers = new Headers({ authorization: `Bearer ${token}` });
    const verified = await verifyToken(headers, rules, ports);
    return verified.ok ? "ok" : verified.failure.kind;
  };
}

describe("keys behind a URL", () => {
  test("are read once and held; a key that is not there is no key", async () => {
    const verify = isolate();
    expect(await verify(keys.a)).toBe("ok");
    nowMs += JWKS_HOLD_MS - 1;
    expect(await verify(keys.a)).toBe("ok");
    expect(asked).toBe(1);
    expect(await verify({ ...keys.a, privateKey: keys.b.privateKey })).toBe("token-signature");
    nowMs += 1;
    expect(await verify(keys.a)).toBe("ok");
    expect(asked).toBe(2);
  });

  test("may rotate: a token of a new key has the set read again, and the old key ends", async () => {
    const verify = isolate();
    expect(await verify(keys.a)).toBe("ok");
    publish(keys.b);
    nowMs += JWKS_COOLDOWN_MS;
    expect(await verify(keys.b)).toBe("ok");
    expect(asked).toBe(2);
    expect(await verify(keys.a)).toBe("token-signature");
  });

  test("are not asked for again by every token of an unknown key", async () => {
    const verify = isolate();
    expect(await verify(keys.a)).toBe("ok");
    for (let token = 0; token < 5; token++) expect(await verify(keys.b)).toBe("token-signature");
    expect(asked).toBe(1);
    nowMs += JWKS_COOLDOWN_MS;
    for (let token = 0; token < 5; token++) expect(await verify(keys.b)).toBe("token-signature");
    expect(asked).toBe(2);
  });

  test("are used while the issuer is away, but not for ever", async () => {
    const verify = isolate();
    expect(await verify(keys.a)).toBe("ok");
    answer = { status: 503, body: "" };
    nowMs += JWKS_STALE_MS - 1;
    expect(await verify(keys.a)).toBe("ok");
    nowMs += 1;
    expect(await verify(keys.a)).toBe("token-keys-unavailable");
    nowMs += JWKS_COOLDOWN_MS;
    publish(keys.a);
    expect(await verify(keys.a)).toBe("ok");
  });

  test("let nobody in before they were read, and are asked for no more than now and then", async () => {
    const verify = isolate();
    answer = { status: 500, body: "" };
    for (let token = 0; token < 5; token++) {
      expect(await verify(keys.a)).toBe("token-keys-unavailable");
    }
    expect(asked).toBe(1);
    expect(logged).toHaveLength(5);
    expect(logged[0]).toMatchObject({ event: "token.keys-unreadable", error: "status 500" });
    publish(keys.a);
    nowMs += JWKS_COOLDOWN_MS;
    expect(await verify(keys.a)).toBe("ok");
  });

  test("are read by each of those who come before the first has them", async () => {
    const verify = isolate();
    const outcomes = await Promise.all([verify(keys.a), verify(keys.a), verify(keys.a)]);
    expect(outcomes).toEqual(["ok", "ok", "ok"]);
  });

  test.each([
    ["a redirect", () => ({ status: 302, body: "" })],
    ["what is no JSON", () => ({ status: 200, body: "keys" })],
    ["what is no key set", () => ({ status: 200, body: "[]" })],
    ["too much", () => ({ status: 200, body: `{"keys":[]}${" ".repeat(JWKS_BYTES_MAX)}` })],
  ])("are not taken from %s", async (_, answered) => {
    answer = answered();
    expect(await isolate()(keys.a)).toBe("token-keys-unavailable");
  });

  test("may fill their bound", async () => {
    answer = { status: 200, body: answer.body.padEnd(JWKS_BYTES_MAX) };
    expect(await isolate()(keys.a)).toBe("ok");
  });

  test("are given up when they do not come in time", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const port = (silent.address() as AddressInfo).port;
    const waited: number[] = [];
    const timer: Timer = {
      async sleep(durationMs) {
        waited.push(durationMs);
      },
    };
    const verify = isolate({ JWT_JWKS: `http://127.0.0.1:${port}/` }, timer);
    expect(await verify(keys.a)).toBe("token-keys-unavailable");
    expect(waited).toEqual([JWKS_DEADLINE_MS]);
    silent.closeAllConnections();
    silent.close();
  });
});
