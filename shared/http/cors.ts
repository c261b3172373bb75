/**
 * Cross-origin rules, the same for all Workers: any origin, no credentials. Pure.
 *
 * The official daemons answer a literal `*` in allow-headers, which by the Fetch standard does not
 * cover `Authorization`; so the requested headers are reflected. They expose nothing; we expose
 * what a script needs to read a blob.
 */
import { CORS_MAX_AGE_SECONDS, CORS_REQUESTED_HEADERS_CHARS_MAX } from "../limits.ts";

const EXPOSED_HEADERS = [
  "ETag",
  "Content-Range",
  "Content-Length",
  "Accept-Ranges",
  "Cache-Status",
  "Location",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "Link",
  "Content-Disposition",
  "Content-Location",
  "WWW-Authenticate",
  "Allow",
  "Preference-Applied",
  "X-Request-Id",
  "X-Quilt-Patch-Identifier",
  "X-Walrus-Streaming",
  "X-Walrus-Verified",
  "X-Walrus-End-Epoch",
  "Repr-Digest",
].join(", ");
/** Attributes are shown under names of their own, which are exposed where they occur. */
const ATTRIBUTE_HEADER = /^x-walrus-attribute-/;

const VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const HEADER_LIST = /^[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;

/** Answers a preflight, for any path: 200 without a body, as the official daemons do. */
export function preflightResponse(request: Request): Response {
  const requested = request.headers.get("Access-Control-Request-Headers")?.trim() ?? "";
  const reflects =
    requested.length <= CORS_REQUESTED_HEADERS_CHARS_MAX && HEADER_LIST.test(requested);
  return new Response(null, {
    status: 200,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS",
      "Access-Control-Allow-Headers": reflects ? requested : "*, Authorization",
      "Access-Control-Max-Age": String(CORS_MAX_AGE_SECONDS),
      Vary: VARY,
    },
  });
}

/** Adds the cross-origin headers; the response is copied when its headers are immutable. */
export function withCors(response: Response): Response {
  const open = mutable(response);
  open.headers.set("Access-Control-Allow-Origin", "*");
  const attributes = [...open.headers.keys()].filter((name) => ATTRIBUTE_HEADER.test(name));
  const exposed = [EXPOSED_HEADERS, ...attributes].join(", ");
  open.headers.set("Access-Control-Expose-Headers", exposed);
  return open;
}

/** A copy with headers of its own: those of `fetch`, a cache or another Worker are immutable. */
export function mutable(response: Response): Response {
  return new Response(response.body, response);
}
