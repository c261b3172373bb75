/** The failures of the upload relay as problems. Pure; part of the switch in failure-to-problem.ts. */
import { type Problem, problemStatus, unauthenticated } from "../../../shared/http/problem.ts";
import type { TipFailure } from "./tip.ts";

/** Why the relay refuses. */
export type RelayFailure =
  | TipFailure
  | { readonly kind: "relay-blob-mismatch"; readonly blobId: string };

/** RPC nodes catch up with each other within seconds. */
const SECONDS_TO_RETRY = 2;

const UNAUTHENTIC = {
  input: {
    own: "the first input of the transaction is not the 72 bytes that authorise an upload",
    official: "the auth package is missing from the first input slot of the PTB",
  },
  nonce: {
    own: "the nonce is not the one the transaction holds the hash of",
    official: "the provided nonce hash in the ptb is invalid",
  },
  length: {
    own: "the body is not as long as the transaction says",
    official: doNotMatch("blob length", "uploaded blob"),
  },
  digest: {
    own: "the body is not the one the transaction holds the hash of",
    official: doNotMatch("blob digest", "uploaded blob"),
  },
} as const;

/** The problem to answer with; statuses are the official relay's, and its words in exact mode. */
export function relayProblem(failure: RelayFailure): Problem {
  const problem = ownProblem(failure);
  const { status = problemStatus(problem), text } = officialWords(failure);
  return { ...problem, exact: { status, text } };
}

/** Source: `walrus-upload-relay error.rs`, `tip/error.rs`, `tip/check.rs`. */
function officialWords(failure: RelayFailure): {
  readonly status?: number;
  readonly text: string;
} {
  const unexpected = "an unexpected transaction response was received";
  switch (failure.kind) {
    case "relay-blob-mismatch":
      return { text: doNotMatch("blob ID", "blob encoding") };
    case "tip-parameter-missing":
      return {
        text:
          "The query parameters are missing the transaction ID or the nonce, but the proxy " +
          "requires them to check the tip payment.",
      };
    case "tip-transaction-unknown":
    case "tip-transaction-unreadable":
      return { status: 500, text: "internal client error" };
    case "tip-transaction-untimed":
      return {
        status: 400,
        text: `${unexpected}: the transaction does not have a timestamp; it has not been executed`,
      };
    case "tip-transaction-early":
      return {
        text: `${unexpected}: the transaction is in the future by more than the allowed threshold`,
      };
    case "tip-transaction-stale":
      return { text: "the received transaction is too old" };
    // It looks at what was moved alone: a failed transaction has moved no tip.
    case "tip-transaction-failed":
    case "tip-missing":
      return { status: 402, text: "no tip was transferred to the proxy account" };
    case "tip-insufficient":
      return {
        text: `the tip is insufficient: balance change ${failure.paidMist}; expected ${failure.expectedMist}`,
      };
    case "tip-unauthentic":
      return { text: UNAUTHENTIC[failure.part].official };
  }
}

function doNotMatch(what: string, source: string): string {
  return `the provided ${what} and the ${what} resulting from the ${source} do not match`;
}

function ownProblem(failure: RelayFailure): Problem {
  switch (failure.kind) {
    case "relay-blob-mismatch":
      return badRequest("BLOB_ID_MISMATCH", `the body has the blob ID ${failure.blobId}`);
    case "tip-parameter-missing":
      return {
        ...badRequest("TIP_REQUIRED", `a tip is required: ${failure.parameter} is missing`),
        metadata: { parameter: failure.parameter },
      };
    case "tip-transaction-unknown":
      return notYet(
        "TIP_TRANSACTION_NOT_FOUND",
        "our RPC node does not know the transaction yet: ask again once it has been executed",
      );
    case "tip-transaction-unreadable":
      return notYet(
        "CHAIN_UNAVAILABLE",
        "the Sui RPC service does not answer, so the tip cannot be checked: ask again",
      );
    case "tip-transaction-failed":
      return badRequest("TIP_TRANSACTION_FAILED", "the transaction has failed");
    case "tip-transaction-untimed":
      return notYet(
        "TIP_TRANSACTION_UNTIMED",
        "the transaction is in no checkpoint that our RPC node knows yet: ask again",
      );
    case "tip-transaction-stale":
      return badRequest("TIP_TRANSACTION_STALE", "the received transaction is too old");
    case "tip-transaction-early":
      return badRequest("TIP_TRANSACTION_EARLY", "the transaction is in the future");
    case "tip-missing":
      return payment("no tip was paid to the relay", { expectedMist: failure.expectedMist });
    case "tip-insufficient":
      return payment("the tip is insufficient", {
        paidMist: failure.paidMist,
        expectedMist: failure.expectedMist,
      });
    case "tip-unauthentic":
      return unauthenticated('WalrusTip config="/v1/tip-config"', {
        reason: "TIP_UNAUTHENTIC",
        message: UNAUTHENTIC[failure.part].own,
        metadata: { part: failure.part },
      });
  }
}

/** Whatever the official relay says is plain text; what is not the client's fault, one and the same. */
export function inRelayWords(problem: Problem): Problem {
  const { exact, message } = problem;
  if (exact !== undefined && "text" in exact) return problem;
  const status = problemStatus({ ...problem, ...exact });
  const isOurs = status >= 500 || problem.statusWord === "UNAVAILABLE_FOR_LEGAL_REASONS";
  return {
    ...problem,
    exact: isOurs ? { status: 500, text: "internal client error" } : { status, text: message },
  };
}

function badRequest(reason: string, message: string): Problem {
  return { statusWord: "INVALID_ARGUMENT", reason, message };
}

/** What one RPC node has not seen may have happened all the same: the answer is not definite. */
function notYet(reason: string, message: string): Problem {
  return { statusWord: "UNAVAILABLE", reason, message, retryAfterSeconds: SECONDS_TO_RETRY };
}

function payment(message: string, metadata: Readonly<Record<string, string>>): Problem {
  return {
    statusWord: "FAILED_PRECONDITION",
    status: 402,
    reason: "TIP_INSUFFICIENT",
    message,
    metadata,
  };
}
