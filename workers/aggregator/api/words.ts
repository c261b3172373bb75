/** Words that the aggregator's OpenAPI document is written in: parameters, headers, answers. Data only. */
import { about, answerOf, schema, WHOLE } from "../../../shared/http/openapi.ts";

/** Every header that an answer may have, by name, but `Content-Type`, `Content-Length` and CORS. */
export const HEADERS: Readonly<Record<string, object>> = {
  "X-Request-Id": about("Names the request in the log"),
  "Cache-Control": about("To the end of the lease where it is known; no-store on errors"),
  "Cache-Tag": about("The blob ID; of a concat all of them"),
  "Cache-Status": about("RFC 9211: the tier that answered"),
  ETag: about("Strong: of the blob, the patch, the part, or the object's version"),
  "Accept-Ranges": about("bytes"),
  "Content-Range": about("RFC 9110; of a 416 the length alone"),
  "Content-Disposition": about("From filename and download, or the uploader's attribute"),
  "Content-Language": about("The uploader's attribute"),
  "Content-Security-Policy": about("sandbox, where something in the content could run"),
  "Repr-Digest": about("RFC 9530: SHA-256 of the whole, where it is known"),
  "X-Content-Type-Options": about("nosniff"),
  "X-Walrus-Verified": about("How the bytes were checked", {
    enum: ["default", "strict", "slivers"],
  }),
  "X-Walrus-End-Epoch": about("First epoch in which the blob is no longer paid for", WHOLE),
  "X-Walrus-Streaming": about("true", { const: "true" }),
  "X-Walrus-Attribute": about("An attribute of the object, or a tag of the patch"),
  "X-Quilt-Patch-Identifier": about("Where it is header text"),
  "Retry-After": about("Seconds", WHOLE),
  Vary: about("Accept"),
};

/** What every answer has. */
const ALWAYS = ["X-Request-Id", "Cache-Control"];
const KEPT = ["Cache-Tag", "Cache-Status", "ETag", "Accept-Ranges", "X-Content-Type-Options"];
/** What comes with content, whole or in part. */
export const CONTENT = [...KEPT, "X-Walrus-Verified", "X-Walrus-End-Epoch"];
/** What comes with the bytes of a blob, an object or a patch besides. */
export const BYTES = [
  "Content-Disposition",
  "Content-Language",
  "Content-Security-Policy",
  "Repr-Digest",
  "X-Walrus-Attribute-{name}",
];

/** An answer under its headers; `content` by media type. */
export function told(description: string, headers: readonly string[], content?: object): object {
  return answerOf(description, [...ALWAYS, ...headers], content);
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "A parameter cannot be read",
  403: "Larger than what is served",
  404: "Nothing under this ID",
  412: "A condition of the request does not hold",
  413: "The body is too long",
  415: "The body is not JSON by its type",
  416: "The range lies outside",
  422: "The body has another shape",
  451: "Blocked",
  500: "The blob was encoded inconsistently, or the gateway failed",
  503: "Not at the moment",
};

/** Refusals by status. */
export function refusals(statuses: readonly number[]): Record<string, object> {
  const more: Readonly<Record<number, string>> = { 416: "Content-Range", 503: "Retry-After" };
  return Object.fromEntries(
    statuses.map((status) => {
      const own = more[status];
      const headers = ["X-Content-Type-Options", ...(own === undefined ? [] : [own])];
      const content = { "application/json": { schema: schema("Error") } };
      return [String(status), told(REFUSALS[status] ?? "", headers, content)];
    }),
  );
}
