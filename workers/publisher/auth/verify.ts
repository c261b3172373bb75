/**
 * Who may write: reads and verifies the bearer token of a request. Nothing is consumed here.
 *
 * Signatures are checked by `jose` on Web Crypto, with the algorithm that is configured and no
 * other. The clock is a port.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { JWT_CHARS_MAX, JWT_LEEWAY_SECONDS } from "../../../shared/limits.ts";
import { err, type Result } from "../../../shared/result.ts";
import { type ClaimFailure, type Claims, readClaims } from "./claims.ts";

/** How tokens are verified. */
export interface TokenRules {
  /** The one algorithm, or those of the keys of a set. */
  readonly algorithms: readonly string[];
  readonly key:
    | { readonly kind: "secret"; readonly bytes: Uint8Array }
    | { readonly kind: "jwks"; readonly keys: JSONWebKeySet };
  readonly audience: string | null;
  readonly issuer: string | null;
  /** `exp - iat` must be this; `null` allows any. */
  readonly lifetimeSeconds: number | null;
}

/** Who may write at all. */
export type WriteAccess =
  | { readonly kind: "closed" }
  | { readonly kind: "open" }
  | { readonly kind: "token"; readonly rules: TokenRules };

/** Why a token is refused. */
export type TokenFailure =
  | ClaimFailure
  | { readonly kind: "writes-closed" }
  | { readonly kind: "token-missing" }
  | { readonly kind: "token-signature" }
  | { readonly kind: "token-expired" }
  | { readonly kind: "token-used" };

/** Verifies the token of a request at `nowMs`. */
export async function verifyToken(
  headers: Headers,
  rules: TokenRules,
  nowMs: number,
): Promise<Result<Claims, TokenFailure>> {
  const token = /^Bearer +([^\s,]+) *$/i.exec(headers.get("Authorization") ?? "")?.[1];
  if (token === undefined) return err({ kind: "token-missing" });
  if (token.length > JWT_CHARS_MAX) {
    return err({ kind: "token-invalid", detail: `it is longer than ${JWT_CHARS_MAX} characters` });
  }
  const options = {
    algorithms: [...rules.algorithms],
    clockTolerance: JWT_LEEWAY_SECONDS,
    currentDate: new Date(nowMs),
    ...(rules.audience === null ? {} : { audience: rules.audience }),
    ...(rules.issuer === null ? {} : { issuer: rules.issuer }),
  };
  try {
    const { payload } =
      rules.key.kind === "secret"
        ? await jwtVerify(token, rules.key.bytes, options)
        : await jwtVerify(token, createLocalJWKSet(rules.key.keys), options);
    if (payload.aud !== undefined && rules.audience === null) {
      return err({
        kind: "token-invalid",
        detail: "it is for an audience, and none is configured",
      });
    }
    return readClaims(payload, rules.lifetimeSeconds);
  } catch (error) {
    return err(failureOf(error));
  }
}

function failureOf(error: unknown): TokenFailure {
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
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return { kind: "token-invalid", detail: "it is malformed, or of another algorithm" };
  }
  throw error;
}
