/**
 * What a verified token allows. Pure.
 *
 * Claims, rules and reasons are the official publisher's (`walrus-service client/daemon/auth.rs`);
 * `sub` and `scope` are ours.
 */
import * as v from "valibot";
import { JWT_EXP_SECONDS_MAX } from "../../../shared/limits.ts";
import { GATEWAY_SUBJECT_PREFIX } from "../../../shared/rpc/leases.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { parseSuiId } from "../../../shared/sui/sui-id.ts";

/** Why a token does not allow a store; the reasons of the official publisher. */
export type ClaimFailure =
  | { readonly kind: "token-inconsistent"; readonly claims: readonly string[] }
  | { readonly kind: "token-invalid"; readonly detail: string }
  | { readonly kind: "token-lifetime"; readonly expectedSeconds: number }
  | { readonly kind: "token-timestamp"; readonly exp: number }
  | { readonly kind: "token-epochs"; readonly allowed: Allowance; readonly asked: number }
  /** `asked` is `null` where reading stopped at the first byte too many. */
  | { readonly kind: "token-size"; readonly allowed: Allowance; readonly asked: number | null }
  | { readonly kind: "token-recipient"; readonly allowed: string }
  | { readonly kind: "token-scope"; readonly scope: string };

/** So many, and whether fewer will do. */
export interface Allowance {
  readonly relation: "exactly" | "at most";
  readonly count: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const claimsSchema = v.object({
  exp: count,
  jti: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
  iat: v.optional(count),
  sub: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(512),
      v.check((sub) => !sub.startsWith(GATEWAY_SUBJECT_PREFIX)),
    ),
  ),
  scope: v.optional(v.string()),
  epochs: v.optional(count),
  max_epochs: v.optional(count),
  size: v.optional(count),
  max_size: v.optional(count),
  send_object_to: v.optional(
    v.pipe(
      v.string(),
      v.check((id) => parseSuiId(id) !== null),
    ),
  ),
});

/** The claims that matter here. */
export type Claims = v.InferOutput<typeof claimsSchema>;

/** Reads a verified payload; claims that exclude each other are refused. */
export function readClaims(
  payload: unknown,
  lifetimeSeconds: number | null,
): Result<Claims, ClaimFailure> {
  const parsed = v.safeParse(claimsSchema, payload);
  if (!parsed.success) {
    const claim = v.getDotPath(parsed.issues[0]) ?? "payload";
    return err({ kind: "token-invalid", detail: `the claim ${claim} is missing or malformed` });
  }
  const claims = parsed.output;
  if (claims.exp > JWT_EXP_SECONDS_MAX) return err({ kind: "token-timestamp", exp: claims.exp });
  for (const pair of [
    ["epochs", "max_epochs"],
    ["size", "max_size"],
  ] as const) {
    if (pair.every((name) => claims[name] !== undefined)) {
      return err({ kind: "token-inconsistent", claims: pair });
    }
  }
  if (lifetimeSeconds !== null && claims.exp - (claims.iat ?? 0) !== lifetimeSeconds) {
    return err({ kind: "token-lifetime", expectedSeconds: lifetimeSeconds });
  }
  return ok(claims);
}

/** What a token may allow. `admin` stands for all of them. */
export const SCOPES = ["store", "list", "manage", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a token allows what `scope` names; one without the claim may store, as official ones. */
export function hasScope({ scope: scopes = "store" }: Claims, scope: Scope): boolean {
  return scopes.split(" ").some((each) => each === scope || each === "admin");
}

/** Checks what a store asks for, before its body is read. */
export function checkStore(
  claims: Claims,
  asked: { readonly epochs: number; readonly sendObjectTo: string | null },
  declaredBytes: number | null,
): Result<null, ClaimFailure> {
  if (!hasScope(claims, "store")) return err({ kind: "token-scope", scope: "store" });
  const epochs = allowance(claims.epochs, claims.max_epochs);
  if (epochs !== null && !allows(epochs, asked.epochs)) {
    return err({ kind: "token-epochs", allowed: epochs, asked: asked.epochs });
  }
  const recipient = claims.send_object_to;
  if (recipient !== undefined && parseSuiId(recipient) !== asked.sendObjectTo) {
    return err({ kind: "token-recipient", allowed: recipient });
  }
  return declaredBytes === null ? ok(null) : checkSize(claims, declaredBytes);
}

/** Checks the length of a body. */
export function checkSize(claims: Claims, byteCount: number): Result<null, ClaimFailure> {
  const size = sizeAllowance(claims);
  return size === null || allows(size, byteCount)
    ? ok(null)
    : err({ kind: "token-size", allowed: size, asked: byteCount });
}

/** How many bytes a token allows; `null` for any number. */
export function sizeAllowance({ size, max_size: sizeMax }: Claims): Allowance | null {
  return allowance(size, sizeMax);
}

/** A token has at most one of the two. */
function allowance(exactly: number | undefined, atMost: number | undefined): Allowance | null {
  if (exactly !== undefined) return { relation: "exactly", count: exactly };
  return atMost === undefined ? null : { relation: "at most", count: atMost };
}

function allows({ relation, count: allowed }: Allowance, asked: number): boolean {
  return relation === "exactly" ? asked === allowed : asked <= allowed;
}
