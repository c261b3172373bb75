/**
 * Who may write, from the configuration. Pure. Closed unless something else is said.
 */
import * as v from "valibot";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { fromHex } from "../../../shared/bytes/text.ts";
import { RemoteKeys } from "./remote-keys.ts";
import type { TokenRules, WriteAccess } from "./verify.ts";

/** The variables and secrets that decide it. */
export interface AccessVars {
  /** `true`: anybody may store, and spend the wallet; all else needs a token still. */
  readonly OPEN_WRITES?: string;
  /** Secret of HMAC tokens: text, or `0x` and hex. */
  readonly JWT_SECRET?: string;
  /** JWK Set (JSON) of the public keys tokens are signed with, or the URL of one. */
  readonly JWT_JWKS?: string;
  /** The one algorithm taken; HS256 for a secret, any asymmetric one for a key set unless given. */
  readonly JWT_ALGORITHM?: string;
  readonly JWT_AUDIENCE?: string;
  readonly JWT_ISSUER?: string;
  /** Seconds between `iat` and `exp`, exactly; any unless given. */
  readonly JWT_EXPIRING_SEC?: string;
  /** Only the local network may have its keys behind `http`. */
  readonly NETWORK?: string | undefined;
}

const HMAC = ["HS256", "HS384", "HS512"];
const ASYMMETRIC = [
  "ES256",
  "ES384",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
];

const jwksSchema = v.object({
  keys: v.pipe(v.array(v.looseObject({ kty: v.picklist(["EC", "RSA", "OKP"]) })), v.minLength(1)),
});

/** The access, or every problem with what decides it; secrets are never in a problem. */
export function parseWriteAccess(vars: AccessVars): WriteAccess | readonly string[] {
  const { JWT_SECRET: secret, JWT_JWKS: jwks, OPEN_WRITES: open = "false" } = vars;
  const isToken = secret !== undefined || jwks !== undefined;
  const problems: string[] = [];
  if (open !== "true" && open !== "false") problems.push("OPEN_WRITES: expected true or false");
  if (secret !== undefined && jwks !== undefined) problems.push("JWT_JWKS: excludes JWT_SECRET");
  if (problems.length > 0) return problems;
  if (!isToken) return open === "true" ? { kind: "open", rules: null } : { kind: "closed" };

  const key =
    secret === undefined ? parseJwks(jwks ?? "", vars.NETWORK === "local") : parseSecret(secret);
  if (key === null) {
    problems.push(
      secret === undefined
        ? "JWT_JWKS: expected a JWK Set of public EC, RSA or OKP keys, or the https URL of one"
        : "JWT_SECRET: expected a text, or 0x and hex",
    );
  }
  const allowed = secret === undefined ? ASYMMETRIC : HMAC;
  const algorithm = vars.JWT_ALGORITHM ?? (secret === undefined ? null : "HS256");
  if (algorithm !== null && !allowed.includes(algorithm)) {
    problems.push(`JWT_ALGORITHM: expected one of ${allowed.join(", ")}`);
  }
  const lifetime = vars.JWT_EXPIRING_SEC ?? null;
  if (lifetime !== null && !/^[1-9]\d{0,8}$/.test(lifetime)) {
    problems.push("JWT_EXPIRING_SEC: expected a whole number of seconds");
  }
  if (key === null || problems.length > 0) return problems;
  const rules: TokenRules = {
    algorithms: algorithm === null ? allowed : [algorithm],
    key,
    audience: vars.JWT_AUDIENCE ?? null,
    issuer: vars.JWT_ISSUER ?? null,
    lifetimeSeconds: lifetime === null ? null : Number(lifetime),
  };
  return { kind: open === "true" ? "open" : "token", rules };
}

function parseSecret(text: string): TokenRules["key"] | null {
  const bytes = text.startsWith("0x") ? fromHex(text.slice(2)) : utf8Bytes(text);
  return bytes === null || bytes.length === 0 ? null : { kind: "secret", bytes };
}

function parseJwks(text: string, isLocal: boolean): TokenRules["key"] | null {
  if (/^https?:/.test(text)) return parseJwksUrl(text, isLocal);
  try {
    const keys: unknown = JSON.parse(text);
    return v.is(jwksSchema, keys) ? { kind: "jwks", keys } : null;
  } catch {
    return null;
  }
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

function parseJwksUrl(text: string, isLocal: boolean): TokenRules["key"] | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, username, href } = new URL(text);
  const isTrusted = protocol === "https:" || (isLocal && LOOPBACK.includes(hostname));
  return isTrusted && username === "" ? { kind: "remote", keys: new RemoteKeys(href) } : null;
}
