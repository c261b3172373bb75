/** Refusals of tokens as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { AUTH_DOMAIN, type Problem, unauthenticated } from "../../../shared/http/problem.ts";
import { JWKS_COOLDOWN_MS } from "../../../shared/limits.ts";
import type { TokenFailure } from "./verify.ts";

const MISSING = unauthenticated("Bearer", {
  reason: "TOKEN_MISSING",
  domain: AUTH_DOMAIN,
  message: "Authorization: Bearer <token> is missing",
  exact: { status: 400, text: "Header of type `authorization` was missing" },
});

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
    case "token-signature":
      return UNSIGNED;
    case "token-expired":
      return problem("DEADLINE_EXCEEDED", "EXPIRED_SIGNATURE", "the token has expired");
    case "token-used":
      return problem("RESOURCE_EXHAUSTED", "TOKEN_ALREADY_USED", "the token was used before");
    case "token-invalid":
      return precondition("INVALID_TOKEN", `the token cannot be used: ${failure.detail}`);
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
    case "token-epochs":
      return precondition("INVALID_EPOCHS", "the token does not allow so many epochs");
    case "token-size":
      return precondition("INVALID_SIZE", "the token does not allow a body of this size");
    case "token-recipient":
      return precondition(
        "INVALID_SEND_OBJECT_TO",
        "the token allows another value of send_object_to",
      );
    case "token-scope":
      return problem(
        "PERMISSION_DENIED",
        "INSUFFICIENT_SCOPE",
        `the token lacks the scope ${failure.scope}`,
      );
  }
}

function precondition(reason: string, message: string): Problem {
  return problem("FAILED_PRECONDITION", reason, message);
}

function problem(statusWord: Problem["statusWord"], reason: string, message: string): Problem {
  return { statusWord, reason, domain: AUTH_DOMAIN, message };
}
