/**
 * What holds for every answer of every route by default: caching, cross-origin reads, and the grammar
 * of the headers that programs parse (RFC 9110, 9211, 9530; structured fields by RFC 9651).
 */
import { expect } from "vitest";
import type { Case } from "./case.ts";

const TOKEN = "[A-Za-z*][\\w!#$%&'*+.^`|~:/-]*";
const STRING = '"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"';
const KEY = "[a-z*][a-z0-9_.*-]*";
/** A list of one token with parameters that are tokens, strings, integers or true. */
const CACHE_STATUS = new RegExp(`^${TOKEN}(?:; *${KEY}(?:=(?:${TOKEN}|${STRING}|-?\\d{1,15}))?)*$`);
/** A dictionary of one byte sequence: the SHA-256. */
const REPR_DIGEST = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;
const STRONG_TAG = /^"[\x21\x23-\x7e]+"$/;

/** Judges what comes with an answer. */
export function expectManners(each: Case, response: Response, bytes: Uint8Array): void {
  const { headers, status } = response;
  const policy = headers.get("cache-control");
  expect(policy).not.toBeNull();
  const maxAge = Number(/max-age=(\d+)/.exec(policy ?? "")?.[1] ?? 0);
  expect(headers.has("cache-tag"), "a Cache-Tag exactly where it may be cached").toBe(maxAge > 0);
  if (status >= 400) expect(policy).toBe("no-store");
  if (each.method === "HEAD" || status === 304) expect(bytes.length).toBe(0);
  else if (headers.has("content-length")) {
    expect(headers.get("content-length")).toBe(String(bytes.length));
  }
  if (bytes.length > 0 && each.path !== "/status") {
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  expectFields(response, maxAge > 0);
}

function expectFields({ headers, status }: Response, isContent: boolean): void {
  const has = (name: string, is: boolean) => expect(headers.has(name), name).toBe(is);
  has("cache-status", isContent);
  has("etag", isContent);
  if (isContent) {
    const tier = headers.get("cache-status") ?? "";
    expect(tier).toMatch(CACHE_STATUS);
    expect(/; *hit(?:;|$)/.test(tier), `a hit or forwarded: ${tier}`).toBe(!/; *fwd=/.test(tier));
    expect(headers.get("etag")).toMatch(STRONG_TAG);
  }
  const digest = headers.get("repr-digest");
  if (digest !== null) expect(digest).toMatch(REPR_DIGEST);
  const isMultipart = headers.get("content-type")?.startsWith("multipart/byteranges") === true;
  has("content-range", status === 416 || (status === 206 && !isMultipart));
  has("allow", status === 405);
  has("retry-after", status === 503);
  // What is not there has no type; a 304 tells what a cache may need to update, no more.
  if (status === 304) has("content-length", false);
}
