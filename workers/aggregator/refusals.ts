/** What a caller asked wrongly, as answers. Pure. */
import {
  badParameter,
  echoed,
  GLOBAL_DOMAIN,
  type Problem,
  unreadable,
} from "../../shared/http/problem.ts";
import { CONCAT_MAX_IDS } from "../../shared/limits.ts";

/** 412: `If-Match` names other content, or `If-None-Match` of a `POST` names this one. */
export function preconditionFailed(): Problem {
  return {
    statusWord: "FAILED_PRECONDITION",
    status: 412,
    reason: "PRECONDITION_FAILED",
    domain: GLOBAL_DOMAIN,
    message: "the content is not what If-Match or If-None-Match asks for",
  };
}

/** 400 for an ID in the path. */
export function badId(
  what: "blob_id" | "quilt_id" | "quilt_patch_id" | "object_id",
  text: string,
): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: what === "blob_id" ? "INVALID_BLOB_ID" : "INVALID_ID_FORMAT",
    message: unreadable(what, text, EXPECTED_ID[what]),
    metadata: { parameter: what },
    // Officially the path takes any tail, which the read then trips over.
    ...(what === "quilt_patch_id"
      ? { exact: { statusWord: "INTERNAL", reason: "INTERNAL_ERROR" } as const }
      : {}),
  };
}

const BLOB_ID_FORMS = "43 characters of URL-safe base64, 0x and 64 hex digits, or a decimal u256";
const EXPECTED_ID = {
  blob_id: BLOB_ID_FORMS,
  quilt_id: BLOB_ID_FORMS,
  quilt_patch_id: "50 characters of URL-safe base64 that name columns of a quilt",
  object_id: "0x and up to 64 hex digits",
} as const;

/** 400 for a range of the byte-range route: its own official status, unlike 416 for `Range`. */
export function badByteRange(message: string): Problem {
  return { statusWord: "INVALID_ARGUMENT", reason: "INVALID_BYTE_RANGE", message };
}

/** 400 for a concat of too few or too many blobs. */
export function badIdCount(count: number): Problem {
  const expected = `expected 1 to ${CONCAT_MAX_IDS} blob IDs or object IDs, got ${count}`;
  const problem = badParameter("ids", `${expected} (CONCAT_MAX_IDS)`);
  if (count > 0) return problem;
  const text = "at least one blob ID or object ID must be provided";
  return { ...problem, exact: { status: 400, text } };
}

/** 400 for an ID of a concat. */
export function badConcatId(text: string): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: "INVALID_ID_FORMAT",
    message: `\`${echoed(text)}\` is neither a blob ID nor an object ID`,
    metadata: { parameter: "ids" },
  };
}

/** 415, 400, 413 and 422 for the body of a concat. */
export function badBody(status: 400 | 413 | 415 | 422, message: string): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    status,
    reason: "INVALID_BODY",
    domain: GLOBAL_DOMAIN,
    message,
    exact: { status, text: OFFICIAL_BODY_FAULT[status] },
  };
}

/** axum's `Json` extractor (`axum::extract::rejection`). */
const OFFICIAL_BODY_FAULT = {
  400: "Failed to parse the request body as JSON",
  413: "Failed to buffer the request body: length limit exceeded",
  415: "Expected request with `Content-Type: application/json`",
  422: "Failed to deserialize the JSON body into the target type",
} as const;
