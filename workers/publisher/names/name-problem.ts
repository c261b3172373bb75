/** Refusals about names as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { strongEtag } from "../../../shared/http/etag.ts";
import { flawedBody, type JsonFlaw } from "../../../shared/http/json-body.ts";
import { badParameter, GLOBAL_DOMAIN, type Problem } from "../../../shared/http/problem.ts";
import { NAME_CHARS_MAX } from "../../../shared/limits.ts";
import { etagOf } from "./names.ts";

/** Why a route of names refuses, besides what an upload may fail for. */
export type NameRefusal =
  | { readonly kind: "name-precondition"; readonly version: number | null }
  | { readonly kind: "name-unknown" }
  | { readonly kind: "name-contended" }
  | { readonly kind: "name-malformed" }
  | { readonly kind: "name-target-malformed"; readonly flaw: JsonFlaw }
  /** The object named is no Blob of that blob ID, or not certified. */
  | { readonly kind: "name-target-mismatch" }
  | { readonly kind: "name-condition-malformed" }
  | { readonly kind: "name-unreadable" };

/** The problem to answer with. */
export function nameProblem(refusal: NameRefusal): Problem {
  switch (refusal.kind) {
    case "name-precondition":
      return {
        statusWord: "FAILED_PRECONDITION",
        status: 412,
        reason: "NAME_CHANGED",
        domain: GLOBAL_DOMAIN,
        message:
          refusal.version === null
            ? "there is no such name, so If-Match names no version of it"
            : `the name has version v${refusal.version}, which the precondition excludes; read it again`,
        ...(refusal.version === null
          ? {}
          : {
              metadata: { version: String(refusal.version) },
              headers: { ETag: strongEtag(etagOf({ version: refusal.version })) },
            }),
      };
    case "name-unknown":
      return {
        statusWord: "NOT_FOUND",
        reason: "NAME_NOT_FOUND",
        domain: GLOBAL_DOMAIN,
        message: "there is no such name",
      };
    case "name-contended":
      return {
        statusWord: "UNAVAILABLE",
        reason: "NAME_CONTENDED",
        domain: GLOBAL_DOMAIN,
        message: "somebody else keeps changing the anchor of this name; nothing was changed",
        retryAfterSeconds: 5,
      };
    case "name-malformed":
      return badParameter(
        "name",
        `a name is 1 to ${NAME_CHARS_MAX} letters, digits and . _ ~ -, a letter or digit first`,
      );
    case "name-target-malformed":
      return flawedBody(
        refusal.flaw,
        '{"blobId": 43 characters of base64url, "objectId"?: 0x and 64 hex digits}',
      );
    case "name-target-mismatch":
      return badParameter("objectId", "the object is no certified Blob of this blob ID");
    case "name-condition-malformed":
      return badParameter("If-None-Match", "only If-None-Match: * can be asked for, or If-Match");
    case "name-unreadable":
      return badParameter("redirect", "this gateway knows no aggregator: set AGGREGATOR_URL");
  }
}
