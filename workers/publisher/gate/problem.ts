/** Refusals of the operator's routes as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { flawedBody, type JsonFlaw } from "../../../shared/http/json-body.ts";
import { GLOBAL_DOMAIN, type Problem } from "../../../shared/http/problem.ts";
import type { BlocklistFull } from "./gate.ts";

/** What the operator's routes refuse. */
export type GateFailure =
  | BlocklistFull
  | { readonly kind: "not-blocked" }
  | { readonly kind: "purge-malformed"; readonly flaw: JsonFlaw }
  | { readonly kind: "blob-id-malformed" };

/** The problem to answer with. */
export function gateProblem(failure: GateFailure): Problem {
  switch (failure.kind) {
    case "blocklist-full":
      return {
        statusWord: "FAILED_PRECONDITION",
        status: 409,
        reason: "BLOCKLIST_FULL",
        domain: GLOBAL_DOMAIN,
        message: `the blocklist holds ${failure.entriesMax} blobs (BLOCKLIST_ENTRIES_MAX); unblock some`,
        metadata: { limit: String(failure.entriesMax) },
      };
    case "not-blocked":
      return {
        statusWord: "NOT_FOUND",
        reason: "NOT_BLOCKED",
        domain: GLOBAL_DOMAIN,
        message: "this blob is not on the blocklist",
      };
    case "purge-malformed":
      return {
        ...flawedBody(failure.flaw, '{"blobId": "<blob ID>"} or {"all": true}'),
        reason: "INVALID_BODY",
      };
    case "blob-id-malformed":
      return {
        statusWord: "INVALID_ARGUMENT",
        reason: "INVALID_BLOB_ID",
        message:
          "expected 43 characters of URL-safe base64, 0x and 64 hex digits, or a decimal u256",
        metadata: { parameter: "blob_id" },
      };
  }
}
