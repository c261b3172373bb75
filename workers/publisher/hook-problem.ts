/** Refusals of webhook deliveries as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { GLOBAL_DOMAIN, type Problem, unauthenticated } from "../../shared/http/problem.ts";
import type { HookFailure } from "./hook-signature.ts";

/** Why a delivery is refused. */
export type HookRefusal =
  | HookFailure
  /** Another body was delivered under this id. */
  | { readonly kind: "hook-event-reused"; readonly eventId: string }
  | { readonly kind: "hook-source-unknown"; readonly source: string };

/** The headers that carry a signature: https://www.standardwebhooks.com, symmetric scheme `v1`. */
const HOOK_CHALLENGE =
  'StandardWebhooks version="v1", headers="webhook-id webhook-timestamp webhook-signature"';

/** The problem to answer with. */
export function hookProblem(failure: HookRefusal): Problem {
  switch (failure.kind) {
    case "hook-header-missing":
      return unsigned("HOOK_HEADER_MISSING", `the header ${failure.header} is missing`);
    case "hook-header-malformed":
      return unsigned("HOOK_HEADER_MALFORMED", `the header ${failure.header} is malformed`);
    case "hook-stale":
      return unsigned(
        "HOOK_TIMESTAMP_STALE",
        `the timestamp is more than ${failure.toleranceSeconds} s from now`,
      );
    case "hook-signature-mismatch":
      return unsigned("HOOK_SIGNATURE_MISMATCH", "no signature fits this delivery");
    case "hook-event-reused":
      return {
        statusWord: "INVALID_ARGUMENT",
        status: 422,
        reason: "HOOK_EVENT_REUSED",
        domain: GLOBAL_DOMAIN,
        message: `another body was delivered as event ${JSON.stringify(failure.eventId)}`,
        metadata: { event: failure.eventId },
      };
    case "hook-source-unknown":
      return {
        statusWord: "NOT_FOUND",
        reason: "HOOK_SOURCE_NOT_FOUND",
        domain: GLOBAL_DOMAIN,
        message: `HOOK_SECRETS has no source ${JSON.stringify(failure.source)}`,
        metadata: { source: failure.source },
      };
  }
}

function unsigned(reason: string, message: string): Problem {
  return unauthenticated(HOOK_CHALLENGE, { reason, domain: GLOBAL_DOMAIN, message });
}
