/** Media types as senders write them. Pure. */
import { MEDIA_TYPE_CHARS_MAX } from "../limits.ts";

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/;

/** What clients send when they know nothing: says nothing of the bytes. */
const UNINFORMATIVE = /^(?:application\/(?:octet-stream|x-www-form-urlencoded)|multipart\/.*)$/i;

/** Whether a text, written by an uploader, is a media type. */
export function isMediaType(text: string): boolean {
  return text.length <= MEDIA_TYPE_CHARS_MAX && MEDIA_TYPE.test(text);
}

/** The one type that all of `texts` which say something agree on; `null` where there is none. */
export function agreedType(texts: readonly string[]): string | null {
  const [first = null, ...others] = new Set(texts.flatMap((text) => informative(text) ?? []));
  return others.length === 0 ? first : null;
}

function informative(type: string): string | null {
  const text = type.trim();
  const essence = (text.split(";")[0] ?? "").trim();
  return isMediaType(text) && !UNINFORMATIVE.test(essence) ? text : null;
}
