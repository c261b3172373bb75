/**
 * Every failure of the publisher as the envelope clients know. Pure: one exhaustive switch.
 *
 * Texts of nodes and RPC servers stay in the log; a problem says what the caller can act on.
 * Reasons and statuses of stores are the official publisher's where it has one (`walrus-service
 * client/daemon/routes.rs::StoreBlobError`).
 */
import type { BodyFailure } from "../../shared/http/body.ts";
import {
  type ExactAnswer,
  GLOBAL_DOMAIN,
  misconfigured,
  type Problem,
  unauthenticated,
  unreadable,
} from "../../shared/http/problem.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { TokenFailure } from "./auth/verify.ts";
import { type GateFailure, gateProblem } from "./gate/problem.ts";
import { type HookRefusal, hookProblem } from "./hook-problem.ts";
import { objectProblem, type ObjectRefused } from "./objects/object-problem.ts";
import type { QueryFailure } from "./query.ts";
import { badQuery, queryProblem } from "./query-problem.ts";
import { quiltProblem, type QuiltRefusal } from "./quilt-problem.ts";
import type { IdempotencyFailure } from "./idempotency.ts";
import { nameProblem, type NameRefusal } from "./names/name-problem.ts";
import type { RateLimited } from "./quota/limit-write.ts";
import { type RelayFailure, relayProblem } from "./relay/relay-problem.ts";
import type { UploadFailure } from "./upload/failure.ts";

/** Why the publisher refuses or fails. */
export type PublisherFailure =
  | QueryFailure
  | HookRefusal
  | UploadFailure
  | BodyFailure
  | IdempotencyFailure
  | ObjectRefused
  | { readonly kind: "token-refused"; readonly refusal: TokenFailure }
  | { readonly kind: "relay-refused"; readonly refusal: RelayFailure }
  | RateLimited
  | { readonly kind: "name-refused"; readonly refusal: NameRefusal }
  | { readonly kind: "metrics-token-refused" }
  | { readonly kind: "quilt-refused"; readonly refusal: QuiltRefusal }
  | RequestBodyTooLarge
  | { readonly kind: "upload-unknown" }
  | { readonly kind: "upload-not-cancellable" }
  | { readonly kind: "gate-refused"; readonly refusal: GateFailure }
  | { readonly kind: "misconfigured" };

/** The body of a change or a question, which is no blob, is longer than its route takes. */
interface RequestBodyTooLarge {
  readonly kind: "request-body-too-large";
  readonly bytesMax: number;
}

const SECONDS_TO_RETRY = 5;

/** Every other failure of a store at the official publisher. */
const INTERNAL: ExactAnswer = { statusWord: "INTERNAL", reason: "INTERNAL_ERROR" };

/** The problem to answer with. */
export function failureToProblem(failure: PublisherFailure): Problem {
  switch (failure.kind) {
    case "query-malformed":
    case "query-too-many":
    case "query-unknown":
    case "query-repeated":
    case "query-unsupported":
    case "query-conflict":
    case "persistence-conflict":
      return queryProblem(failure);
    case "object-refused":
      return objectProblem(failure.refusal);
    case "hook-header-missing":
    case "hook-header-malformed":
    case "hook-stale":
    case "hook-signature-mismatch":
    case "hook-event-reused":
    case "hook-source-unknown":
      return hookProblem(failure);
    case "idempotency-key-malformed":
    case "idempotency-mismatch":
    case "upload-unknown":
    case "upload-not-cancellable":
    case "cancelled":
      return uploadProblem(failure);
    case "gate-refused":
      return gateProblem(failure.refusal);
    case "misconfigured":
      return { ...misconfigured(), exact: INTERNAL };
    case "body-too-large":
    case "request-body-too-large":
    case "blob-exceeds-protocol":
    case "body-interrupted":
    case "body-length-mismatch":
      return bodyProblem(failure);
    case "token-refused":
      return tokenProblem(failure.refusal);
    case "relay-refused":
      return relayProblem(failure.refusal);
    case "name-refused":
      return nameProblem(failure.refusal);
    case "metrics-token-refused":
      return metricsTokenProblem();
    case "rate-limited":
      return rateProblem(failure);
    case "quilt-refused":
      return quiltProblem(failure.refusal);
    case "epochs-none":
    case "epochs-too-many":
    case "chain-unavailable":
    case "wallet-pending":
    case "interrupted":
    case "epoch-unsettled":
    case "insufficient-funds":
    case "spend-capped":
    case "transaction-refused":
    case "insufficient-confirmations":
    case "blob-blocked":
    case "marked-invalid":
      return storeProblem(failure);
  }
}

function metricsTokenProblem(): Problem {
  return unauthenticated("Bearer", {
    reason: "METRICS_TOKEN_REFUSED",
    domain: GLOBAL_DOMAIN,
    message: "Authorization: Bearer <METRICS_TOKEN> is missing, or names another token",
  });
}

function rateProblem({ policy, quota, retryAfterSeconds }: RateLimited): Problem {
  return {
    statusWord: "RESOURCE_EXHAUSTED",
    reason: "RATE_LIMIT_EXCEEDED",
    domain: GLOBAL_DOMAIN,
    message: `this client may write ${quota} ${policy} in a window; see RateLimit-Policy`,
    metadata: { policy, quota: String(quota) },
    retryAfterSeconds,
    exact: {
      status: 429,
      text: "the publisher is receiving too many requests; please try again later",
    },
  };
}

type UploadProblemFailure = Extract<
  PublisherFailure,
  {
    readonly kind:
      | "idempotency-key-malformed"
      | "idempotency-mismatch"
      | "upload-unknown"
      | "upload-not-cancellable"
      | "cancelled";
  }
>;

function uploadProblem(failure: UploadProblemFailure): Problem {
  switch (failure.kind) {
    case "idempotency-key-malformed":
      return {
        statusWord: "INVALID_ARGUMENT",
        reason: "INVALID_IDEMPOTENCY_KEY",
        domain: GLOBAL_DOMAIN,
        message: `Idempotency-Key must be 1 to ${failure.charsMax} printable characters`,
      };
    case "idempotency-mismatch":
      return {
        statusWord: "INVALID_ARGUMENT",
        status: 422,
        reason: "IDEMPOTENCY_KEY_REUSED",
        domain: GLOBAL_DOMAIN,
        message:
          "this Idempotency-Key was used with another query or body, or with other attributes " +
          "(Content-Type, X-Walrus-Attribute-*)",
      };
    case "upload-unknown":
      return {
        statusWord: "NOT_FOUND",
        reason: "UPLOAD_NOT_FOUND",
        domain: GLOBAL_DOMAIN,
        message: "there is no such upload, or its state is no longer kept",
      };
    case "upload-not-cancellable":
      return {
        statusWord: "FAILED_PRECONDITION",
        status: 409,
        reason: "UPLOAD_NOT_CANCELLABLE",
        domain: GLOBAL_DOMAIN,
        message: "the upload is over, or its storage is being paid for; see its state",
      };
    case "cancelled":
      return {
        statusWord: "FAILED_PRECONDITION",
        status: 409,
        reason: "UPLOAD_CANCELLED",
        domain: GLOBAL_DOMAIN,
        message: "the upload was cancelled before anything was paid",
      };
  }
}

type BodyProblemFailure = Extract<
  PublisherFailure,
  {
    readonly kind:
      | "body-too-large"
      | "request-body-too-large"
      | "blob-exceeds-protocol"
      | "body-interrupted"
      | "body-length-mismatch";
  }
>;

function bodyProblem(failure: BodyProblemFailure): Problem {
  switch (failure.kind) {
    case "body-too-large":
    case "blob-exceeds-protocol":
      return {
        statusWord: "SIZE_EXCEEDED",
        status: 413,
        reason: "BLOB_TOO_LARGE",
        message:
          failure.kind === "body-too-large"
            ? `this gateway takes at most ${failure.bytesMax} bytes in one request`
            : `this network encodes at most ${failure.bytesMax} bytes in one blob`,
        metadata: { limitBytes: String(failure.bytesMax) },
        exact: unreadBody(413, "length limit exceeded"),
      };
    case "request-body-too-large":
      return {
        statusWord: "INVALID_ARGUMENT",
        status: 413,
        reason: "INVALID_BODY",
        domain: GLOBAL_DOMAIN,
        message: `the body of such a request has at most ${failure.bytesMax} bytes`,
        metadata: { limitBytes: String(failure.bytesMax) },
      };
    case "body-interrupted":
    case "body-length-mismatch":
      return {
        statusWord: "INVALID_ARGUMENT",
        reason: "MALFORMED_REQUEST",
        message: "the body broke off, or is not as long as declared",
        metadata: { receivedBytes: String(failure.receivedBytes) },
        exact: unreadBody(400, "error reading a body from connection"),
      };
  }
}

type StoreProblemFailure = Exclude<
  UploadFailure,
  BodyProblemFailure | { readonly kind: "idempotency-mismatch" | "cancelled" }
>;

function storeProblem(failure: StoreProblemFailure): Problem {
  switch (failure.kind) {
    case "epochs-none":
    case "epochs-too-many":
      return epochsProblem(failure);
    case "chain-unavailable":
      return unavailable("CHAIN_UNAVAILABLE", "the Sui RPC service does not answer");
    case "wallet-pending":
      return unavailable("TRANSACTION_PENDING", "a transaction of this upload is on its way");
    case "interrupted":
      return unavailable(
        "UPLOAD_INTERRUPTED",
        "the upload was interrupted; send it again unless it was accepted",
      );
    case "epoch-unsettled":
      return unavailable("EPOCH_CHANGING", "the network is changing its epoch; try again");
    case "insufficient-funds":
      return unavailable("INSUFFICIENT_FUNDS", `the gateway's wallet is short of ${failure.coin}`);
    case "spend-capped":
      return unavailable(
        "SPEND_CAPPED",
        `the gateway has spent what it may in this ${failure.period}`,
      );
    case "transaction-refused":
      return {
        statusWord: "INTERNAL",
        reason: "TRANSACTION_REFUSED",
        message: `the network refused the transaction of step ${failure.step}`,
        metadata: { step: failure.step, cause: failure.detail },
        exact: INTERNAL,
      };
    case "insufficient-confirmations":
      return {
        statusWord: "DEADLINE_EXCEEDED",
        reason: "INSUFFICIENT_CONFIRMATIONS",
        message: "too few storage nodes confirmed the blob",
        metadata: {
          confirmedShards: String(failure.weight),
          requiredShards: String(failure.requiredWeight),
        },
        retryAfterSeconds: SECONDS_TO_RETRY,
      };
    case "blob-blocked":
      return {
        statusWord: "UNAVAILABLE_FOR_LEGAL_REASONS",
        reason: "FORBIDDEN_BLOB",
        message: "the storage nodes block this blob",
      };
    case "marked-invalid":
      return {
        statusWord: "INTERNAL",
        reason: "BLOB_MARKED_INVALID",
        message: "the network has marked this blob as invalid and stores it from nobody",
        metadata: { blobId: failure.blobId, ...failure.event },
        exact: INTERNAL,
      };
  }
}

function unavailable(reason: string, message: string): Problem {
  return {
    statusWord: "UNAVAILABLE",
    reason,
    message,
    retryAfterSeconds: SECONDS_TO_RETRY,
    exact: INTERNAL,
  };
}

/** More or fewer than the network sells. */
function epochsProblem(
  failure: Extract<UploadFailure, { readonly kind: "epochs-none" | "epochs-too-many" }>,
): Problem {
  if (failure.kind === "epochs-none") {
    return {
      ...badQuery("epochs", unreadable("epochs", "0", "a whole number from 1")),
      exact: { ...INTERNAL, message: "the network sells no fewer than one epoch ahead" },
    };
  }
  const { asked, epochsMax } = failure;
  return {
    ...badQuery("epochs", `the network sells at most ${epochsMax} epochs more, not ${asked}`),
    metadata: { parameter: "epochs", limitEpochs: String(epochsMax) },
    exact: INTERNAL,
  };
}

function unreadBody(status: number, detail: string): ExactAnswer {
  return { status, text: `Failed to buffer the request body: ${detail}` };
}
