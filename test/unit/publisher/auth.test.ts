import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { JWT_CHARS_MAX, JWT_LEEWAY_SECONDS } from "../../../shared/limits.ts";
import { type AccessVars, parseWriteAccess } from "../../../workers/publisher/auth/access.ts";
import { checkSize, checkStore, type Claims } from "../../../workers/publisher/auth/claims.ts";
import { createTokenRows } from "../../../workers/publisher/auth/token-guard.ts";
import { type VerifyPorts, verifyToken } from "../../../workers/publisher/auth/verify.ts";
import { systemTimer } from "../../../shared/system.ts";
import { memoryLog } from "../../support/chain-world.ts";
import { memorySql } from "../../support/memory-sql.ts";

const NOW_SECONDS = 1_800_000_000;
const SECRET = "a secret that nobody else knows of";
const ADDRESS = `0x${"ab".repeat(32)}`;

const JWKS_EXPECTED =
  "JWT_JWKS: expected a JWK Set of public EC, RSA or OKP keys, or the https URL of one";

function portsAt(nowMs: number): VerifyPorts {
  const fetch = () => Promise.reject(new TypeError("nothing is to be fetched"));
  return { clock: { nowMs: () => nowMs }, timer: systemTimer, fetch, log: memoryLog() };
}

function rules(vars: AccessVars) {
  const access = parseWriteAccess(vars);
  if (!("kind" in access) || access.kind !== "token") throw new Error(JSON.stringify(access));
  return access.rules;
}

function sign(payload: JWTPayload, key: Parameters<SignJWT["sign"]>[0], alg: string, kid?: string) {
  const token = new SignJWT({ exp: NOW_SECONDS + 60, jti: "j", ...payload });
  return token.setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

async function verify(token: string | null, vars: AccessVars = { JWT_SECRET: SECRET }) {
  const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` });
  const verified = await verifyToken(headers, rules(vars), portsAt(NOW_SECONDS * 1_000));
  return verified.ok ? "ok" : verified.failure.kind;
}

describe("a token", () => {
  const key = utf8Bytes(SECRET);

  test.each(["HS256", "HS384", "HS512"])("of %s is verified", async (alg) => {
    const token = await sign({}, key, alg);
    const vars = { JWT_SECRET: SECRET, JWT_ALGORITHM: alg };
    expect(await verify(token, vars)).toBe("ok");
    expect(await verify(token, { ...vars, JWT_SECRET: "another" })).toBe("token-signature");
    expect(
      await verify(token, {
        JWT_SECRET: SECRET,
        JWT_ALGORITHM: alg === "HS256" ? "HS512" : "HS256",
      }),
    ).toBe("token-invalid");
  });

  test("of a secret in hex is verified", async () => {
    const token = await sign({}, Uint8Array.of(1, 2, 3, 255), "HS256");
    expect(await verify(token, { JWT_SECRET: "0x010203ff" })).toBe("ok");
  });

  test.each<[string, JWTPayload, string]>([
    ["in its last moment", { exp: NOW_SECONDS - JWT_LEEWAY_SECONDS + 1 }, "ok"],
    ["after its end", { exp: NOW_SECONDS - JWT_LEEWAY_SECONDS }, "token-expired"],
    ["before its beginning", { nbf: NOW_SECONDS + JWT_LEEWAY_SECONDS + 1 }, "token-invalid"],
    ["without a jti", { jti: undefined } as unknown as JWTPayload, "token-invalid"],
    ["for an audience", { aud: "somebody" }, "token-invalid"],
    ["with both kinds of size", { size: 1, max_size: 1 }, "token-inconsistent"],
    ["with both kinds of epochs", { epochs: 1, max_epochs: 1 }, "token-inconsistent"],
    ["with a size that is no count", { size: "1" }, "token-invalid"],
  ])("%s is judged", async (_, payload, outcome) => {
    expect(await verify(await sign(payload, key, "HS256"))).toBe(outcome);
  });

  test("without an end is refused", async () => {
    const token = await new SignJWT({ jti: "j" }).setProtectedHeader({ alg: "HS256" }).sign(key);
    expect(await verify(token)).toBe("token-invalid");
  });

  test("needs the audience, issuer and lifetime that are configured", async () => {
    const vars = {
      JWT_SECRET: SECRET,
      JWT_AUDIENCE: "us",
      JWT_ISSUER: "them",
      JWT_EXPIRING_SEC: "90",
    };
    const good = { aud: "us", iss: "them", iat: NOW_SECONDS - 30 };
    expect(await verify(await sign(good, key, "HS256"), vars)).toBe("ok");
    for (const [change, outcome] of [
      [{ aud: "you" }, "token-invalid"],
      [{ iss: "you" }, "token-invalid"],
      [{ iat: NOW_SECONDS }, "token-lifetime"],
    ] as const) {
      expect(await verify(await sign({ ...good, ...change }, key, "HS256"), vars)).toBe(outcome);
    }
  });

  test.each([
    [null, "token-missing"],
    ["Basic YTpi", "token-header-malformed"],
    ["nonsense", "token-invalid"],
    ["eyJhbGciOiJub25lIn0.e30.", "token-invalid"],
    ["x".repeat(JWT_CHARS_MAX), "token-invalid"],
    ["x".repeat(JWT_CHARS_MAX + 1), "token-invalid"],
  ])("that is none (%#) is refused", async (token, outcome) => {
    expect(await verify(token)).toBe(outcome);
  });

  describe("of a key set", () => {
    // All that the official publisher takes.
    const ofRsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    const algorithms = ["ES256", "ES384", "EdDSA"].concat(ofRsa);
    const pairs = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
    let jwks = "";

    beforeAll(async () => {
      const keys = [];
      for (const alg of algorithms) {
        const pair = await generateKeyPair(alg, { extractable: true });
        pairs.set(alg, pair);
        keys.push({ ...(await exportJWK(pair.publicKey)), kid: alg, alg });
      }
      jwks = JSON.stringify({ keys });
    });

    test.each(algorithms)("%s is verified with the key it names", async (alg) => {
      const pair = pairs.get(alg);
      if (pair === undefined) throw new Error(alg);
      expect(await verify(await sign({}, pair.privateKey, alg, alg), { JWT_JWKS: jwks })).toBe(
        "ok",
      );
      const unknown = await sign({}, pair.privateKey, alg, "unknown");
      expect(await verify(unknown, { JWT_JWKS: jwks })).toBe("token-signature");
      const other = await generateKeyPair(alg);
      const forged = await sign({}, other.privateKey, alg, alg);
      expect(await verify(forged, { JWT_JWKS: jwks })).toBe("token-signature");
    });

    test("without a key's name is tried with each that fits", async () => {
      const [first, second, stranger] = await Promise.all(
        Array.from({ length: 3 }, () => generateKeyPair("ES256", { extractable: true })),
      );
      if (!first || !second || !stranger) throw new Error("no keys");
      const keys = await Promise.all([first, second].map((pair) => exportJWK(pair.publicKey)));
      const vars = { JWT_JWKS: JSON.stringify({ keys }) };
      for (const [pair, outcome] of [
        [first, "ok"],
        [second, "ok"],
        [stranger, "token-signature"],
      ] as const) {
        expect(await verify(await sign({}, pair.privateKey, "ES256"), vars)).toBe(outcome);
      }
      const expired = await sign({ exp: NOW_SECONDS - 61 }, second.privateKey, "ES256");
      expect(await verify(expired, vars)).toBe("token-expired");
    });

    test("is not verified with a public key taken for a secret", async () => {
      expect(await verify(await sign({}, utf8Bytes(jwks), "HS256"), { JWT_JWKS: jwks })).toBe(
        "token-invalid",
      );
    });
  });
});

describe("the claims of a token", () => {
  const claims: Claims = { exp: 1, jti: "j" };
  const asked = { epochs: 3, sendObjectTo: ADDRESS };

  test.each<[Partial<Claims>, string]>([
    [{}, "ok"],
    [{ epochs: 3 }, "ok"],
    [{ epochs: 2 }, "token-epochs"],
    [{ max_epochs: 3 }, "ok"],
    [{ max_epochs: 2 }, "token-epochs"],
    [{ send_object_to: ADDRESS.toUpperCase().replace("0X", "0x") }, "ok"],
    [{ send_object_to: ADDRESS.slice(2) }, "ok"],
    [{ send_object_to: "0x2" }, "token-recipient"],
    [{ scope: "list store" }, "ok"],
    [{ scope: "list" }, "token-scope"],
    [{ size: 10 }, "ok"],
    [{ size: 11 }, "token-size"],
    [{ max_size: 10 }, "ok"],
    [{ max_size: 9 }, "token-size"],
  ])("%j are judged %s", (change, outcome) => {
    const judged = checkStore({ ...claims, ...change }, asked, 10);
    expect(judged.ok ? "ok" : judged.failure.kind).toBe(outcome);
  });

  test("are judged on the body where its length was not declared", () => {
    expect(checkStore({ ...claims, size: 11 }, asked, null)).toMatchObject({ ok: true });
    expect(checkSize({ ...claims, size: 11 }, 10)).toMatchObject({ ok: false });
  });
});

describe("who may write", () => {
  test.each<[AccessVars, unknown]>([
    [{}, { kind: "closed" }],
    [{ OPEN_WRITES: "false" }, { kind: "closed" }],
    [{ OPEN_WRITES: "true" }, { kind: "open", rules: null }],
    [{ OPEN_WRITES: "yes" }, ["OPEN_WRITES: expected true or false"]],
    [{ OPEN_WRITES: "yes", JWT_SECRET: "s" }, ["OPEN_WRITES: expected true or false"]],
    [{ JWT_SECRET: "s", JWT_JWKS: "{}" }, ["JWT_JWKS: excludes JWT_SECRET"]],
    [{ JWT_SECRET: "" }, ["JWT_SECRET: expected a text, or 0x and hex"]],
    [{ JWT_SECRET: "0xzz" }, ["JWT_SECRET: expected a text, or 0x and hex"]],
    [{ JWT_JWKS: '{"keys":[{"kty":"oct","k":"AA"}]}' }, [JWKS_EXPECTED]],
    [{ JWT_JWKS: "http://issuer.example/keys" }, [JWKS_EXPECTED]],
    [{ JWT_JWKS: "http://127.0.0.1/keys", NETWORK: "testnet" }, [JWKS_EXPECTED]],
    [{ JWT_JWKS: "http://issuer.example/keys", NETWORK: "local" }, [JWKS_EXPECTED]],
    [{ JWT_JWKS: "https://us:secret@issuer.example/keys" }, [JWKS_EXPECTED]],
    [{ JWT_JWKS: "https://" }, [JWKS_EXPECTED]],
    [
      { JWT_SECRET: "s", JWT_EXPIRING_SEC: "0" },
      ["JWT_EXPIRING_SEC: expected a whole number of seconds"],
    ],
    [
      { JWT_SECRET: "s", JWT_ALGORITHM: "none" },
      ["JWT_ALGORITHM: expected one of HS256, HS384, HS512"],
    ],
  ])("%j is %j", (vars, access) => {
    expect(parseWriteAccess(vars)).toEqual(access);
  });

  test.each<AccessVars>([
    { JWT_JWKS: "https://issuer.example/keys?v=1" },
    { JWT_JWKS: "http://127.0.0.1:1/keys", NETWORK: "local" },
    { JWT_JWKS: "http://[::1]/keys", NETWORK: "local" },
  ])("%j has its keys read from there", (vars) => {
    expect(rules(vars).key).toMatchObject({ kind: "remote", keys: { url: vars.JWT_JWKS } });
  });

  test("an open gateway may take tokens for all that is not open", () => {
    const access = parseWriteAccess({ OPEN_WRITES: "true", JWT_SECRET: "s" });
    expect(access).toMatchObject({ kind: "open", rules: { algorithms: ["HS256"] } });
  });
});

test("a used token stays with its upload until it is given back or expires", () => {
  const rows = createTokenRows(memorySql());
  expect(rows.use("t", "upload", 100)).toBe(true);
  expect(rows.use("t", "upload", 100)).toBe(true);
  expect(rows.use("t", "another", 100)).toBe(false);
  rows.release("t", "another");
  expect(rows.use("t", "another", 100)).toBe(false);
  rows.release("t", "upload");
  expect(rows.use("t", "another", 100)).toBe(true);
  rows.use("u", "upload", 200);
  expect(rows.sweep(100)).toBe(200);
  expect(rows.use("t", "third", 100)).toBe(true);
  expect(rows.sweep(200)).toBeNull();
});
