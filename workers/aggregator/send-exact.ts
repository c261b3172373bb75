/**
 * Sends a representation as the official aggregator does, used with `COMPAT=exact`.
 *
 * Unquoted tags, a fixed lifetime, a type that mirrors what the client names, one closed range or
 * none, and no conditions at all. What it does not send and cannot harm is kept: `nosniff`, the
 * sandbox of active types, `Cache-Tag`, `Cache-Status` and the `X-Walrus-…` headers. A `HEAD` is
 * told the headers of its `GET`, but reads nothing. A list is JSON whatever the client names. Source: `walrus-service
 * client/daemon/routes.rs::populate_response_headers_from_request`, `read_blob_inner`, `range.rs`.
 */
import { type ByteRange, contentRange } from "../../shared/http/range.ts";
import type { Representation } from "./representation.ts";
import { bodiless, deliver, type Sending, setType } from "./send.ts";

const CACHE_CONTROL = "public, max-age=86400, stale-while-revalidate=3600";
const OWN_HEADERS = ["Accept-Ranges", "Repr-Digest", "Content-Disposition", "Content-Language"];
const CLOSED_RANGE = /^\s*bytes=(\d{1,15})-(\d{1,15})\s*$/;

/** Answers `request` with the content. */
export async function sendExact(
  request: Request,
  content: Representation,
  sending: Sending,
): Promise<Response> {
  const { totalBytes, official } = content;
  const header = official.hasRanges ? request.headers.get("Range") : null;
  const range = header === null ? null : closedRange(header, totalBytes);
  if (range === "unsatisfiable") {
    return sending.refuse({ kind: "range-not-satisfiable", totalBytes });
  }
  const headers = new Headers(content.headers);
  for (const name of OWN_HEADERS) headers.delete(name);
  for (const [name, value] of Object.entries(official.headers)) headers.set(name, value);
  if (official.tag === null) headers.delete("Cache-Tag");
  else headers.set("ETag", official.tag);
  if (range !== null) headers.set("Content-Range", contentRange(range, totalBytes));
  const caching = official.tag === null ? "no-store" : CACHE_CONTROL;
  const sent: Representation = {
    ...content,
    contentType:
      official.tag === null ? content.contentType : mirroredType(request, official.contentType),
    learnType: null,
    hasUnknownLength: !official.hasLength,
    lease: {
      ...content.lease,
      headers: () => ({ ...content.lease.headers(), "Cache-Control": caching }),
    },
  };
  const { start, end } = range ?? { start: 0, end: totalBytes };
  const status = range === null ? 200 : 206;
  if (request.method !== "HEAD") {
    return deliver(request, sent, headers, { start, end }, status, sending);
  }
  setType(headers, sent.contentType);
  if (official.hasLength) headers.set("Content-Length", String(end - start));
  return bodiless(sent, headers, status);
}

/** The official grammar: one closed range that lies inside. */
function closedRange(header: string, totalBytes: number): ByteRange | "unsatisfiable" {
  const [, first, last] = CLOSED_RANGE.exec(header) ?? [];
  if (first === undefined || last === undefined) return "unsatisfiable";
  const [start, end] = [Number(first), Number(last) + 1];
  return start < end && end <= totalBytes ? { start, end } : "unsatisfiable";
}

/** `Accept` without a wildcard word by word, then a `GET`'s own `Content-Type`, then the attribute. */
function mirroredType(request: Request, attribute: string | null): string | null {
  const accept = request.headers.get("Accept");
  if (accept !== null && accept !== "" && !accept.includes("*")) return accept;
  // The official router runs the handler of GET for HEAD, too, but tells it the method.
  const own = request.method === "GET" ? request.headers.get("Content-Type") : null;
  return own ?? attribute;
}
