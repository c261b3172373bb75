/**
 * Asks the quota of whoever writes, after authentication and before the body is read.
 *
 * A client is the subject of its token, or else its address as Cloudflare tells it; no other header
 * is believed. Reads are never limited here.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppContext } from "../context.ts";
import type { QuotaPolicy } from "./bucket.ts";
import { clientAddress } from "./client-address.ts";
import type { QuotaUnits, QuotaVerdict } from "./quota.ts";
import { rateLimitHeaders, wholeSeconds } from "./rate-limit-headers.ts";

/** The client has used up what it may write in this window. */
export interface RateLimited {
  readonly kind: "rate-limited";
  readonly policy: QuotaPolicy["name"];
  readonly quota: number;
  readonly retryAfterSeconds: number;
}

/** A write that may go on. */
export interface WriteAllowance {
  /** Counts what came where its length was not declared. Goes on behind the answer. */
  settle(receivedBytes: number): void;
}

const UNLIMITED: WriteAllowance = { settle: () => undefined };

/**
 * Takes one request and its bytes from the client's quota, and has the answer tell what is left.
 *
 * @param declaredBytes Length of the body; `null` where it is not declared: then the bytes are
 *   counted when they have come, and what is left must suffice for one.
 */
export async function limitWrite(
  request: Request,
  sub: string | null,
  declaredBytes: number | null,
  context: AppContext,
): Promise<Result<WriteAllowance, RateLimited>> {
  const policies = context.config.rateLimits;
  if (policies.length === 0) return ok(UNLIMITED);
  const client = await clientHash(request, sub);
  const verdict = await ask(client, { requests: 1, bytes: declaredBytes ?? 1 }, context);
  if (verdict === null) return ok(UNLIMITED);
  for (const [name, value] of Object.entries(rateLimitHeaders(verdict.states))) {
    context.answerHeaders.set(name, value);
  }
  const exceeded = verdict.states.find(({ isExceeded }) => isExceeded);
  if (exceeded !== undefined) {
    const { name, quota } = exceeded.policy;
    context.log.warn({
      event: "quota.exceeded",
      requestId: context.requestId,
      client,
      policy: name,
    });
    const retryAfterSeconds = wholeSeconds(verdict.retryMs);
    return err({ kind: "rate-limited", policy: name, quota, retryAfterSeconds });
  }
  if (declaredBytes !== null) return ok(UNLIMITED);
  return ok({
    settle(receivedBytes) {
      const charge = context.quotas.getByName(client).charge(policies, { bytes: receivedBytes });
      context.background(charge.catch((error: unknown) => noteUnreachable(error, context)));
    },
  });
}

/**
 * `null` when the quota cannot be asked: a store is not refused because a counter is away, since the
 * wallet has caps of its own. An overloaded one is no such case: its client is the one who asks it.
 */
async function ask(
  client: string,
  units: QuotaUnits,
  context: AppContext,
): Promise<QuotaVerdict | null> {
  const policies = context.config.rateLimits;
  try {
    return await context.quotas.getByName(client).take(policies, units);
  } catch (error) {
    noteUnreachable(error, context);
    return isOverloaded(error) ? overloadedVerdict(policies) : null;
  }
}

function overloadedVerdict(policies: readonly QuotaPolicy[]): QuotaVerdict {
  const states = policies.map((policy) => ({
    policy,
    remaining: 0,
    resetMs: policy.windowMs,
    isExceeded: true,
  }));
  return { isAllowed: false, retryMs: states[0]?.resetMs ?? 0, states };
}

/** Cloudflare marks what an object throws because too much was asked of it. */
function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error
    ? error.overloaded === true
    : false;
}

function noteUnreachable(error: unknown, { log, requestId }: AppContext): void {
  log.warn({ event: "quota.unreachable", requestId, error: String(error) });
}

/** Hex SHA-256: neither a subject nor an address is readable from the name of the object. */
async function clientHash(request: Request, sub: string | null): Promise<string> {
  const client = sub === null ? ["ip", clientAddress(request.headers)] : ["sub", sub];
  const name = utf8Bytes(JSON.stringify(client));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
}
