/** Refusals of tokens as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { AUTH_DOMAIN, type Problem, unauthenticated } from "../../../shared/http/problem.ts";
import { JWKS_COOLDOWN_MS, JWT_EXP_SECONDS_MAX } from "../../../shared/limits.ts";
import type { Allowance, ClaimFailure } from "./claims.ts";
import type { TokenFailure } from "./verify.ts";

const MISSING = unauthenticated("Bearer", {
  reason: "TOKEN_MISSING",
  domain: AUTH_DOMAIN,
  message: "Authorization: Bearer <token> is missing",
  exact: { status: 400, text: "Header of type `authorization` was missing" },
});

const MALFORMED: Problem = {
  ...MISSING,
  message: "Authorization is not Bearer <token>",
  exact: { status: 400, text: "invalid HTTP header (authorization)" },
};

const UNSIGNED = unauthenticated('Bearer error="invalid_token"', {
  reason: "INVALID_SIGNATURE",
  domain: AUTH_DOMAIN,
  message: "the token's signature does not fit",
});

/** The problem to answer with: statuses and reasons of the official publisher. */
export function tokenProblem(failure: TokenFailure): Problem {
  switch (failure.kind) {
    case "writes-closed":
      return problem(
        "PERMISSION_DENIED",
        "WRITES_CLOSED",
        "this gateway takes no writes: configure JWT_SECRET or JWT_JWKS, or set " +
          "OPEN_WRITES=true to let anybody spend its wallet",
      );
    case "scope-closed":
      return problem(
        "PERMISSION_DENIED",
        "SCOPE_CLOSED",
        `OPEN_WRITES=true lets anybody store and list, no more: this needs a token of the scope ` +
          `${failure.scope}, so configure JWT_SECRET or JWT_JWKS`,
      );
    case "token-keys-unavailable":
      return {
        ...problem(
          "UNAVAILABLE",
          "TOKEN_KEYS_UNAVAILABLE",
          "the keys of JWT_JWKS cannot be read, so no token can be verified; try again",
        ),
        retryAfterSeconds: JWKS_COOLDOWN_MS / 1_000,
      };
    case "token-missing":
      return MISSING;
    case "token-header-malformed":
      return MALFORMED;
    case "token-signature":
      return UNSIGNED;
    case "token-expired":
      return {
        ...problem("DEADLINE_EXCEEDED", "EXPIRED_SIGNATURE", "the token has expired"),
        isCallersDoing: true,
      };
    case "token-used":
      return problem("RESOURCE_EXHAUSTED", "TOKEN_ALREADY_USED", "the token was used before");
    case "token-invalid":
      return precondition("INVALID_TOKEN", `the token cannot be used: ${failure.detail}`);
    case "token-inconsistent":
    case "token-lifetime":
    case "token-timestamp":
    case "token-epochs":
    case "token-size":
    case "token-recipient":
    case "token-scope":
      return claimProblem(failure);
  }
}

/** What its claims do not allow. */
function claimProblem(failure: Exclude<ClaimFailure, { readonly kind: "token-invalid" }>): Problem {
  switch (failure.kind) {
    case "token-inconsistent":
      return precondition(
        "INCONSISTENT_TOKEN",
        `the claims ${failure.claims.join(" and ")} exclude each other`,
      );
    case "token-lifetime":
      return precondition(
        "INVALID_EXPIRATION",
        `the token must expire ${failure.expectedSeconds} s after it was issued`,
      );
    case "token-timestamp":
      return precondition(
        "INVALID_TIMESTAMP",
        `exp must be in seconds since 1970 and at most ${JWT_EXP_SECONDS_MAX}, not ${failure.exp}`,
      );
    case "token-epochs":
      return precondition(
        "INVALID_EPOCHS",
        `the token allows ${told(failure.allowed)} epochs, not ${failure.asked}`,
      );
    case "token-size":
      return precondition(
        "INVALID_SIZE",
        `the token allows a body of ${told(failure.allowed)} bytes, not ${failure.asked ?? "more"}`,
      );
    case "token-recipient":
      return precondition(
        "INVALID_SEND_OBJECT_TO",
        `the token allows only send_object_to=${failure.allowed}`,
      );
    case "token-scope":
      return problem(
        "PERMISSION_DENIED",
        "INSUFFICIENT_SCOPE",
        `the token lacks the scope ${failure.scope}`,
      );
  }
}

function told({ relation, count }: Allowance): string {
  return `${relation} ${count}`;
}

function precondition(reason: string, message: string): Problem {
  return problem("FAILED_PRECONDITION", reason, message);
}

function problem(statusWord: Problem["statusWord"], reason: string, message: string): Problem {
  return { statusWord, reason, domain: AUTH_DOMAIN, message };
}
