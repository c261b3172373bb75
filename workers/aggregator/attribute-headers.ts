/**
 * Attributes of a Blob object, or tags of a quilt patch, as response headers. Pure.
 *
 * Uploaders write them, so only names that cannot change what the answer means get through: never
 * an encoding, a link, a location, a cookie or credentials. Values must be plain header text.
 */
import { ATTRIBUTE_HEADERS_BYTES_MAX } from "../../shared/limits.ts";
import { isMediaType } from "../../shared/http/media-type.ts";
import type { Presentation } from "./query.ts";
import type { Representation } from "./representation.ts";

const PASSED_HEADERS = ["Content-Disposition", "Content-Language"] as const;
/** The official default of `--allowed-headers`, less what would make us compress or log in. */
const OFFICIAL_HEADERS = [...PASSED_HEADERS, "Content-Location", "Link"] as const;
const HEADER_TEXT = /^[\x20-\x7e]{1,1024}$/;
/** Any other attribute is shown under this prefix, as a store names it: so it means nothing else. */
const ATTRIBUTE_PREFIX = "X-Walrus-Attribute-";
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
const OWN_HEADERS = ["content-type", ...PASSED_HEADERS.map((name) => name.toLowerCase())];

/** Content under what its uploader said of it. What the caller asked for wins. */
export function withAttributes(
  content: Representation,
  attributes: ReadonlyMap<string, string>,
  presentation: Presentation,
): Representation {
  const named = new Map([...attributes].map(([name, value]) => [name.toLowerCase(), value]));
  const headers = new Headers(content.headers);
  for (const [name, value] of textHeaders(named, PASSED_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  for (const [name, value] of prefixedHeaders(attributes)) headers.set(name, value);
  const stored = named.get("content-type")?.trim();
  const isStored = stored !== undefined && isMediaType(stored);
  const official = {
    ...content.official,
    contentType: isStored ? stored : null,
    headers: Object.fromEntries(textHeaders(named, OFFICIAL_HEADERS)),
  };
  if (presentation.contentType !== null || !isStored) return { ...content, headers, official };
  return { ...content, headers, official, contentType: stored, learnType: null };
}

/** At most `ATTRIBUTE_HEADERS_BYTES_MAX` of them: a response has room for so many. */
function prefixedHeaders(attributes: ReadonlyMap<string, string>): [string, string][] {
  const shown: [string, string][] = [];
  let roomBytes = ATTRIBUTE_HEADERS_BYTES_MAX;
  for (const [key, value] of attributes) {
    const isPlain = HEADER_NAME.test(key) && HEADER_TEXT.test(value);
    if (!isPlain || OWN_HEADERS.includes(key.toLowerCase())) continue;
    roomBytes -= ATTRIBUTE_PREFIX.length + key.length + value.length;
    if (roomBytes < 0) break;
    shown.push([ATTRIBUTE_PREFIX + key, value]);
  }
  return shown;
}

function textHeaders(
  named: ReadonlyMap<string, string>,
  names: readonly string[],
): [string, string][] {
  return names.flatMap((name): [string, string][] => {
    const value = named.get(name.toLowerCase());
    return value !== undefined && HEADER_TEXT.test(value) ? [[name, value]] : [];
  });
}
