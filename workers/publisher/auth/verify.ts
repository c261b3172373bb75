/**
 * Who may write: reads and verifies the bearer token of a request. Nothing is consumed here.
 *
 * Signatures are checked by `jose` on Web Crypto, with the algorithm that is configured and no
 * other. The clock is a port.
 */
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import { JWT_CHARS_MAX, JWT_LEEWAY_SECONDS } from "../../../shared/limits.ts";
import type { Log } from "../../../shared/ports.ts";
import { err, type Result } from "../../../shared/result.ts";
import { type ClaimFailure, type Claims, readClaims } from "./claims.ts";
import { type KeyPorts, KeysUnavailableError, type RemoteKeys } from "./remote-keys.ts";

/** How tokens are verified. */
export interface TokenRules {
  /** The one algorithm, or those of the keys of a set. */
  readonly algorithms: readonly string[];
  readonly key:
    | { readonly kind: "secret"; readonly bytes: Uint8Array }
    | { readonly kind: "jwks"; readonly keys: JSONWebKeySet }
    | { readonly kind: "remote"; readonly keys: RemoteKeys };
  readonly audience: string | null;
  readonly issuer: string | null;
  /** `exp - iat` must be this; `null` allows any. */
  readonly lifetimeSeconds: number | null;
}

/** Who may write at all. */
export type WriteAccess =
  | { readonly kind: "closed" }
  /** Anybody may store and list; the rules are those of tokens for everything else, if any. */
  | { readonly kind: "open"; readonly rules: TokenRules | null }
  | { readonly kind: "token"; readonly rules: TokenRules };

/** Why a token is refused. */
export type TokenFailure =
  | ClaimFailure
  | { readonly kind: "writes-closed" }
  /** An open gateway that takes no tokens does this for nobody. */
  | { readonly kind: "scope-closed"; readonly scope: string }
  | { readonly kind: "token-keys-unavailable" }
  | { readonly kind: "token-missing" }
  /** There is an `Authorization`, but no bearer token in it. */
  | { readonly kind: "token-header-malformed" }
  | { readonly kind: "token-signature" }
  | { readonly kind: "token-expired" }
  | { readonly kind: "token-used" };

/** What verifying needs; keys are fetched only where they are behind a URL. */
export interface VerifyPorts extends KeyPorts {
  readonly log: Log;
}

/** Verifies the token of a request now. */
export async function verifyToken(
  headers: Headers,
  rules: TokenRules,
  ports: VerifyPorts,
): Promise<Result<Claims, TokenFailure>> {
  const header = headers.get("Authorization");
  if (header === null) return err({ kind: "token-missing" });
  const token = /^Bearer +([^\s,]+) *$/i.exec(header)?.[1];
  if (token === undefined) return err({ kind: "token-header-malformed" });
  if (token.length > JWT_CHARS_MAX) {
    return err({ kind: "token-invalid", detail: `it is longer than ${JWT_CHARS_MAX} characters` });
  }
  const options = {
    algorithms: [...rules.algorithms],
    clockTolerance: JWT_LEEWAY_SECONDS,
    currentDate: new Date(ports.clock.nowMs()),
    ...(rules.audience === null ? {} : { audience: rules.audience }),
    ...(rules.issuer === null ? {} : { issuer: rules.issuer }),
  };
  try {
    const { payload } = await verified(token, rules.key, options, ports);
    if (payload.aud !== undefined && rules.audience === null) {
      return err({
        kind: "token-invalid",
        detail: "it is for an audience, and none is configured",
      });
    }
    return readClaims(payload, rules.lifetimeSeconds);
  } catch (error) {
    if (error instanceof KeysUnavailableError) {
      ports.log.error({ event: "token.keys-unreadable", error: error.message });
    }
    return err(failureOf(error, rules.algorithms));
  }
}

function verified(
  token: string,
  key: TokenRules["key"],
  options: JWTVerifyOptions,
  ports: KeyPorts,
): Promise<JWTVerifyResult> {
  switch (key.kind) {
    case "secret":
      return jwtVerify(token, key.bytes, options);
    case "jwks":
      return verifiedBySet(token, createLocalJWKSet(key.keys), options);
    case "remote":
      return verifiedBySet(token, key.keys.keyOf(ports), options);
  }
}

/** A token that names no key (`kid` may be absent, RFC 7515 §4.1.4) is tried with each that fits. */
async function verifiedBySet(
  token: string,
  keyOf: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keyOf, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (mismatch) {
        if (!(mismatch instanceof errors.JWSSignatureVerificationFailed)) throw mismatch;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function failureOf(error: unknown, algorithms: readonly string[]): TokenFailure {
  if (error instanceof KeysUnavailableError) return { kind: "token-keys-unavailable" };
  if (error instanceof errors.JWTExpired) return { kind: "token-expired" };
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey
  ) {
    return { kind: "token-signature" };
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { kind: "token-invalid", detail: `the claim ${error.claim} does not fit` };
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return { kind: "token-invalid", detail: `its algorithm is none of ${algorithms.join(", ")}` };
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return { kind: "token-invalid", detail: "it is malformed, or no key fits its algorithm" };
  }
  throw error;
}
