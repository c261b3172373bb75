/**
 * Entity tags: strong ones for immutable content, and the conditions that name them. Pure.
 *
 * The official aggregator sends the blob ID unquoted, which clients have stored: a bare tag in
 * `If-None-Match` is therefore read as if it were quoted. Otherwise RFC 9110 §8.8.3 and §13.1.
 */

/** A strong entity tag: the quoted text. */
export function strongEtag(opaque: string): string {
  return `"${opaque}"`;
}

/** Tags, weak or strong or bare, separated by commas. */
const LISTED_TAG = /(?:W\/)?"([^"]*)"|([^\s",]+)/g;

const WEAK_TAG = /W\/"[^"]*"/g;

/**
 * Whether `If-None-Match` names the content, so that the answer is 304.
 *
 * @param header The header's value, or `null` when it is absent.
 * @param opaque The tag without its quotes.
 */
export function matchesNone(header: string | null, opaque: string): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  // Weak comparison: the W/ says nothing here.
  return tagsOf(header).includes(opaque);
}

/**
 * Whether `If-Match` lets the request through: it is absent, `*`, or names the content. Strong
 * comparison: a tag marked weak never matches.
 */
export function matchesSome(header: string | null, opaque: string): boolean {
  if (header === null || header.trim() === "*") return true;
  return tagsOf(header.replaceAll(WEAK_TAG, "")).includes(opaque);
}

/** Whether `Range` may be honoured: no `If-Range`, or the same strong tag. Dates never match. */
export function matchesRange(header: string | null, opaque: string): boolean {
  if (header === null) return true;
  const tag = header.trim();
  return tag === strongEtag(opaque) || tag === opaque;
}

function tagsOf(header: string): string[] {
  return Array.from(header.matchAll(LISTED_TAG), (match) => match[1] ?? match[2] ?? "");
}
