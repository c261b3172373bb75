/**
 * What type the content has, and which types a browser may show on our origin.
 *
 * Uploaders choose bytes, attributes and tags, so everything that could run is sent with
 * `Content-Security-Policy: sandbox`, and callers may choose inert types only. The type is guessed
 * from the first bytes by `file-type`; what it does not know is text or not, by the rule of WHATWG
 * MIME Sniffing §7.2.
 */
import { fileTypeFromBuffer } from "file-type";

/** Types that nothing runs in: what `?content_type=` takes. */
export const INERT_TYPES: ReadonlySet<string> = new Set([
  "application/gzip",
  "application/json",
  "application/octet-stream",
  "application/pdf",
  "application/vnd.apple.mpegurl",
  "application/zip",
  "audio/aac",
  "audio/flac",
  "audio/mp4",
  "audio/mpeg",
  "audio/ogg",
  "audio/wav",
  "audio/webm",
  "font/otf",
  "font/ttf",
  "font/woff",
  "font/woff2",
  "image/avif",
  "image/bmp",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/x-icon",
  "text/csv",
  "text/plain",
  "video/mp2t",
  "video/mp4",
  "video/ogg",
  "video/quicktime",
  "video/webm",
]);

const UNKNOWN_TYPE = "application/octet-stream";
const PASSIVE_FAMILY = /^(?:audio|font|image|video)\/[\w.-]+$/;
/** Control bytes that text does not hold (WHATWG MIME Sniffing, "binary data byte"). */
const BINARY_BYTE = new Set([
  ...range(0x00, 0x08),
  0x0b,
  ...range(0x0e, 0x1a),
  ...range(0x1c, 0x1f),
]);

/** Whether nothing in content of this type can run: media, fonts, plain text, archives. */
export function isInert(contentType: string): boolean {
  const essence = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  return INERT_TYPES.has(essence) || PASSIVE_FAMILY.test(essence);
}

/** The type with the charset that text needs. */
export function textTypeOf(type: string): string {
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** Guesses the type from the first bytes of the content; the same bytes give the same type. */
export async function sniffType(head: Uint8Array): Promise<string> {
  if (head.length === 0) return UNKNOWN_TYPE;
  const known = await fileTypeFromBuffer(head).catch(() => {
    // A parser that trips over hostile or cut-off bytes has recognised nothing.
    return undefined;
  });
  if (known !== undefined) return known.mime;
  return isText(head) ? "text/plain; charset=utf-8" : UNKNOWN_TYPE;
}

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => BINARY_BYTE.has(byte))) return false;
  try {
    // As a stream, because the last character may be cut.
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
