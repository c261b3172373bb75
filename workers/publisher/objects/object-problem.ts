/** Refusals of what is asked of a stored object. Pure; part of the switch in failure-to-problem.ts. */
import { err, type Result } from "../../../shared/result.ts";
import { strongEtag } from "../../../shared/http/etag.ts";
import { flawedBody, type JsonFlaw } from "../../../shared/http/json-body.ts";
import { GLOBAL_DOMAIN, type Problem } from "../../../shared/http/problem.ts";

/** Why an object cannot be told or changed. */
export type ObjectFailure =
  | { readonly kind: "object-unknown" }
  | { readonly kind: "orphan-unknown" }
  /** It is in a SharedBlob: nobody owns it, nobody can take it out. */
  | { readonly kind: "object-shared"; readonly sharedObjectId: string }
  /** It was given away: only its owner can change it. */
  | { readonly kind: "object-not-ours"; readonly owner: string }
  | { readonly kind: "object-permanent"; readonly endEpoch: number }
  | { readonly kind: "object-expired" }
  | { readonly kind: "object-not-certified" }
  /** It is not as `If-Match` or `If-None-Match` says; the version is what it has. */
  | { readonly kind: "object-changed"; readonly version: string }
  /** Others change it faster than a change can be planned. */
  | { readonly kind: "object-contended" }
  | { readonly kind: "extension-malformed"; readonly flaw: JsonFlaw };

/** The same among the failures of the publisher. */
export interface ObjectRefused {
  readonly kind: "object-refused";
  readonly refusal: ObjectFailure;
}

/** A refusal as a failed result. */
export function refusedObject(refusal: ObjectFailure): Result<never, ObjectRefused> {
  return err({ kind: "object-refused", refusal });
}

/** The problem to answer with. */
export function objectProblem(failure: ObjectFailure): Problem {
  switch (failure.kind) {
    case "object-unknown":
      return {
        statusWord: "NOT_FOUND",
        reason: "OBJECT_NOT_FOUND",
        domain: GLOBAL_DOMAIN,
        message: "this gateway has stored no such object for you, or it is gone",
      };
    case "orphan-unknown":
      return {
        statusWord: "NOT_FOUND",
        reason: "ORPHAN_NOT_FOUND",
        domain: GLOBAL_DOMAIN,
        message: "there is no orphan of this object ID; GET /edge/v1/orphans lists them",
      };
    case "object-shared":
      return conflict(
        "OBJECT_SHARED",
        "the blob is in a SharedBlob, which can only be funded and extended",
        { sharedObjectId: failure.sharedObjectId },
      );
    case "object-not-ours":
      return conflict(
        "OBJECT_NOT_OWNED",
        "the Blob object was given away: only its owner can change it",
        { owner: failure.owner },
      );
    case "object-permanent":
      return conflict(
        "OBJECT_PERMANENT",
        "the blob is certified as permanent: nobody can delete it before its end",
        { endEpoch: String(failure.endEpoch) },
      );
    case "object-expired":
      return conflict("OBJECT_EXPIRED", "the storage of this object has ended", {});
    case "object-not-certified":
      return conflict("OBJECT_NOT_CERTIFIED", "only a certified blob can be extended", {});
    case "object-changed":
      return {
        statusWord: "FAILED_PRECONDITION",
        status: 412,
        reason: "OBJECT_CHANGED",
        domain: GLOBAL_DOMAIN,
        message: `the object has version ${failure.version}, which If-Match does not name; read it again`,
        metadata: { version: failure.version },
        headers: { ETag: strongEtag(failure.version) },
      };
    case "object-contended":
      return {
        statusWord: "UNAVAILABLE",
        reason: "OBJECT_CONTENDED",
        domain: GLOBAL_DOMAIN,
        message: "others keep changing this object; nothing was changed, try again",
        retryAfterSeconds: 5,
      };
    case "extension-malformed":
      return flawedBody(failure.flaw, '{"epochs": whole number from 1}');
  }
}

function conflict(
  reason: string,
  message: string,
  metadata: Readonly<Record<string, string>>,
): Problem {
  return {
    statusWord: "FAILED_PRECONDITION",
    status: 409,
    reason,
    domain: GLOBAL_DOMAIN,
    message,
    metadata,
  };
}
