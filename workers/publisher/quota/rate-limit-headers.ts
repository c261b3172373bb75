/**
 * What a client is told of its limits. Pure.
 *
 * Source: draft-ietf-httpapi-ratelimit-headers-10, sections 3 (`RateLimit-Policy`: `q` quota, `qu`
 * unit, `w` window) and 4 (`RateLimit`: `r` remaining, `t` seconds until reset). Names are
 * Strings of RFC 9651. On a refusal `t` is the same moment as `Retry-After`.
 */
import type { QuotaPolicy } from "./bucket.ts";
import type { QuotaState } from "./quota.ts";

/** Unit of each policy in the draft's registry; requests are the default and not named. */
const UNIT_OF: Readonly<Record<QuotaPolicy["name"], string | null>> = {
  requests: null,
  bytes: "content-bytes",
};

/** `RateLimit-Policy` and `RateLimit` for these policies. */
export function rateLimitHeaders(
  states: readonly QuotaState[],
): Readonly<Record<"RateLimit-Policy" | "RateLimit", string>> {
  return {
    "RateLimit-Policy": states.map(({ policy }) => policyItem(policy)).join(", "),
    RateLimit: states
      .map(({ policy, remaining, resetMs }) => {
        return `"${policy.name}";r=${remaining};t=${wholeSeconds(resetMs)}`;
      })
      .join(", "),
  };
}

/** Milliseconds as `Retry-After` has them: whole seconds, never too few. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function policyItem({ name, quota, windowMs }: QuotaPolicy): string {
  const unit = UNIT_OF[name];
  const qu = unit === null ? "" : `;qu="${unit}"`;
  return `"${name}";q=${quota}${qu};w=${wholeSeconds(windowMs)}`;
}
