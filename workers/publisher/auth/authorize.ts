/**
 * From a request to what it may do: closed, open, or as its token says. The token is consumed in a
 * step of its own, when the upload has its name.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { IDEMPOTENCY_KEPT_PAST_EXPIRY_MS, JWT_LEEWAY_SECONDS } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppContext } from "../context.ts";
import {
  type Allowance,
  checkSize,
  checkStore,
  type Claims,
  hasScope,
  type Scope,
  sizeAllowance,
} from "./claims.ts";
import { tokenShard } from "./token-guard.ts";
import { type TokenFailure, verifyToken } from "./verify.ts";

/** Who writes. */
export interface Caller {
  /** `null` on an open gateway, and for a token without a subject. */
  readonly sub: string | null;
  /** How many bytes its token allows; `null` for no limit of its own. */
  readonly bytesAllowed: Allowance | null;
  /** Whether the token allows a body of this length. */
  checkBody(byteCount: number): Result<null, TokenFailure>;
  /** Until when what was asked with an `Idempotency-Key` is kept at least; `null` for no such time. */
  readonly keyKeptUntilMs: number | null;
  /** Takes the token for an upload; an open gateway has none to take. */
  consume(uploadId: string): Promise<Result<string | null, TokenFailure>>;
  /** Gives back what `consume` took: the upload is another one's purchase. */
  release(tokenHash: string, uploadId: string): Promise<void>;
}

/** What is asked for. */
export interface AskedStore {
  readonly epochs: number;
  readonly sendObjectTo: string | null;
}

const ANYBODY: Caller = {
  sub: null,
  bytesAllowed: null,
  checkBody: () => ok(null),
  keyKeptUntilMs: null,
  consume: () => Promise.resolve(ok(null)),
  release: () => Promise.resolve(),
};

/** Decides whether a store may go on. */
export async function authorizeStore(
  request: Request,
  asked: AskedStore,
  declaredBytes: number | null,
  context: AppContext,
): Promise<Result<Caller, TokenFailure>> {
  const claims = await claimsFor(request, "store", context);
  if (!claims.ok) return claims;
  if (claims.value === null) return ok(ANYBODY);
  const allowed = checkStore(claims.value, asked, declaredBytes);
  return allowed.ok ? ok(callerOf(claims.value, context)) : allowed;
}

/**
 * What an open gateway does for anybody: stores, and lists of what nobody in particular has stored,
 * which the chain shows to everybody anyway. What changes, deletes or blocks needs a token.
 */
const OPEN_SCOPES: readonly Scope[] = ["store", "list"];

/** The claims of a request's token; `null` where anybody may do what `scope` allows. */
async function claimsFor(
  request: Request,
  scope: Scope,
  context: AppContext,
): Promise<Result<Claims | null, TokenFailure>> {
  const { writeAccess } = context.config;
  switch (writeAccess.kind) {
    case "closed":
      return err({ kind: "writes-closed" });
    case "open": {
      const { rules } = writeAccess;
      // Whoever brings a token is who it says, and is told when it is wrong.
      const isAnybody = rules === null || !request.headers.has("Authorization");
      if (isAnybody && OPEN_SCOPES.includes(scope)) return ok(null);
      return rules === null
        ? err({ kind: "scope-closed", scope })
        : verifyToken(request.headers, rules, context);
    }
    case "token":
      return verifyToken(request.headers, writeAccess.rules, context);
  }
}

function callerOf(claims: Claims, { tokens }: AppContext): Caller {
  return {
    sub: claims.sub ?? null,
    bytesAllowed: sizeAllowance(claims),
    checkBody: (byteCount) => checkSize(claims, byteCount),
    keyKeptUntilMs: keyKeptUntilMs(claims),
    async consume(uploadId) {
      const tokenHash = await hashOf(claims.jti);
      const keptUntilMs = (claims.exp + JWT_LEEWAY_SECONDS) * 1_000;
      const shard = tokens.getByName(tokenShard(tokenHash));
      const isHeld = await shard.use(tokenHash, uploadId, keptUntilMs);
      return isHeld ? ok(tokenHash) : err({ kind: "token-used" });
    },
    release: (tokenHash, uploadId) =>
      tokens.getByName(tokenShard(tokenHash)).release(tokenHash, uploadId),
  };
}

function keyKeptUntilMs({ exp }: Claims): number {
  return exp * 1_000 + IDEMPOTENCY_KEPT_PAST_EXPIRY_MS;
}

async function hashOf(jti: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8Bytes(jti))));
}

/** Who asks for something that belongs to a subject. */
export interface Subject {
  /** `null` on an open gateway, and for a token without a subject. */
  readonly sub: string | null;
  /** As in `Caller`. */
  readonly keyKeptUntilMs: number | null;
}

/**
 * Decides whether somebody may do what `scope` allows; the token is not consumed. What it may be
 * done to is the subject's own.
 */
export async function authorizeScope(
  request: Request,
  scope: Scope,
  context: AppContext,
): Promise<Result<Subject, TokenFailure>> {
  const claims = await claimsFor(request, scope, context);
  if (!claims.ok) return claims;
  if (claims.value === null) return ok({ sub: null, keyKeptUntilMs: null });
  return hasScope(claims.value, scope)
    ? ok({ sub: claims.value.sub ?? null, keyKeptUntilMs: keyKeptUntilMs(claims.value) })
    : err({ kind: "token-scope", scope });
}
