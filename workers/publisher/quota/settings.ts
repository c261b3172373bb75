/**
 * The rate limits from the configuration. Pure.
 *
 * On a public network they hold unless they are lifted; on the local one only where they are set.
 */
import type { NetworkName } from "../../../shared/protocol/networks.ts";
import {
  RATE_LIMIT_BYTES_DEFAULT,
  RATE_LIMIT_REQUESTS_DEFAULT,
  RATE_LIMIT_WINDOW_SECONDS_DEFAULT,
  RATE_LIMIT_WINDOW_SECONDS_MAX,
} from "../../../shared/limits.ts";
import type { QuotaPolicy } from "./bucket.ts";

/** Variables, all optional. */
export interface RateLimitVars {
  /** Writes a client may ask for in one window; 0 lifts the limit. */
  readonly RATE_LIMIT_REQUESTS?: string;
  /** Bytes a client may send in one window; 0 lifts the limit. */
  readonly RATE_LIMIT_BYTES?: string;
  /** Length of the window in seconds. */
  readonly RATE_LIMIT_WINDOW_SECONDS?: string;
}

/** The policies in force (none: nothing is limited), or every problem with the variables. */
export function rateLimits(
  vars: RateLimitVars,
  network: NetworkName | null,
): { readonly policies: readonly QuotaPolicy[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const isOff = network === "local";
  const read = (name: keyof RateLimitVars, usual: number, min: number, max: number): number => {
    const text = vars[name];
    if (text === undefined) return usual;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name}: expected a whole number from ${min} to ${max}`);
    return usual;
  };
  const windowMs =
    1_000 *
    read(
      "RATE_LIMIT_WINDOW_SECONDS",
      RATE_LIMIT_WINDOW_SECONDS_DEFAULT,
      1,
      RATE_LIMIT_WINDOW_SECONDS_MAX,
    );
  const most = Number.MAX_SAFE_INTEGER;
  const requests = isOff ? 0 : RATE_LIMIT_REQUESTS_DEFAULT;
  const bytes = isOff ? 0 : RATE_LIMIT_BYTES_DEFAULT;
  const policies = [
    { name: "requests", quota: read("RATE_LIMIT_REQUESTS", requests, 0, most), windowMs },
    { name: "bytes", quota: read("RATE_LIMIT_BYTES", bytes, 0, most), windowMs },
  ] as const;
  return { policies: policies.filter(({ quota }) => quota > 0), problems };
}
