/** The failures of the upload relay as problems. Pure; part of the switch in failure-to-problem.ts. */
import { type Problem, problemStatus, unauthenticated } from "../../../shared/http/problem.ts";
import type { TipFailure } from "./tip.ts";

/** Why the relay refuses. */
export type RelayFailure =
  | TipFailure
  | { readonly kind: "relay-blob-mismatch"; readonly blobId: string };

const UNAUTHENTIC = {
  input: "the first input of the transaction is not the 72 bytes that authorise an upload",
  nonce: "the nonce is not the one the transaction holds the hash of",
  length: "the body is not as long as the transaction says",
  digest: "the body is not the one the transaction holds the hash of",
} as const;

/** The problem to answer with; statuses are the official relay's. */
export function relayProblem(failure: RelayFailure): Problem {
  switch (failure.kind) {
    case "relay-blob-mismatch":
      return badRequest("BLOB_ID_MISMATCH", `the body has the blob ID ${failure.blobId}`);
    case "tip-parameter-missing":
      return {
        ...badRequest("TIP_REQUIRED", `a tip is required: ${failure.parameter} is missing`),
        metadata: { parameter: failure.parameter },
      };
    case "tip-transaction-unknown":
      return {
        ...badRequest("TIP_TRANSACTION_NOT_FOUND", "the transaction is not known"),
        retryAfterSeconds: 2,
      };
    case "tip-transaction-failed":
      return badRequest("TIP_TRANSACTION_FAILED", "the transaction has failed");
    case "tip-transaction-untimed":
      return badRequest("TIP_TRANSACTION_UNTIMED", "the transaction is in no checkpoint yet");
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
        message: UNAUTHENTIC[failure.part],
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

function payment(message: string, metadata: Readonly<Record<string, string>>): Problem {
  return {
    statusWord: "FAILED_PRECONDITION",
    status: 402,
    reason: "TIP_INSUFFICIENT",
    message,
    metadata,
  };
}
