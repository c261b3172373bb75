/**
 * Takes a `multipart/form-data` body apart without copying or decoding a part (RFC 7578). Pure.
 *
 * The platform's `formData()` copies every part and decodes those without a file name as UTF-8,
 * which would change binary ones unnoticed; a store must keep every byte.
 */
import { utf8Bytes } from "../bytes/arrays.ts";
import { MULTIPART_HEADER_BYTES_MAX, MULTIPART_PARTS_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";

/** One part: its field name, and a view of its bytes in the body. */
export interface MultipartPart {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Why a body is no form. */
export interface MultipartFailure {
  readonly kind: "multipart-malformed";
  readonly detail: string;
}

const CR = 0x0d;
const CRLF = "\r\n";

/** The boundary that a `Content-Type` names; `null` unless it is `multipart/form-data` with one. */
export function multipartBoundary(contentType: string | null): string | null {
  if (contentType === null || !/^\s*multipart\/form-data\s*;/i.test(contentType)) return null;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** The parts of `body` in their order. */
export function parseMultipart(
  body: Uint8Array,
  boundary: string,
): Result<readonly MultipartPart[], MultipartFailure> {
  const delimiter = utf8Bytes(`${CRLF}--${boundary}`);
  // The first delimiter has no line break before it when there is no preamble.
  const opening = delimiter.subarray(CRLF.length);
  const first = startsWith(body, opening, 0) ? 0 : after(find(body, delimiter, 0), CRLF.length);
  if (first === null) return malformed("the boundary does not occur");
  const parts: MultipartPart[] = [];
  let offset = first + opening.length;
  for (;;) {
    if (startsWith(body, utf8Bytes("--"), offset)) return ok(parts);
    offset = skipPadding(body, offset);
    if (!startsWith(body, utf8Bytes(CRLF), offset)) return malformed("a delimiter is cut off");
    const end = find(body, delimiter, offset);
    if (end === null) return malformed("the last delimiter is missing");
    const part = readPart(body.subarray(offset, end));
    if (!part.ok) return part;
    if (parts.length >= MULTIPART_PARTS_MAX) {
      return malformed(`more than ${MULTIPART_PARTS_MAX} parts`);
    }
    parts.push(part.value);
    offset = end + delimiter.length;
  }
}

/** Reads `CRLF headers CRLF CRLF data`; a part without headers has no name and is refused. */
function readPart(bytes: Uint8Array): Result<MultipartPart, MultipartFailure> {
  const headersEnd = find(bytes.subarray(0, MULTIPART_HEADER_BYTES_MAX), utf8Bytes(CRLF + CRLF), 0);
  if (headersEnd === null) return malformed("the headers of a part have no end");
  let headers: string;
  try {
    headers = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(0, headersEnd),
    );
  } catch {
    return malformed("the headers of a part are not UTF-8");
  }
  const disposition = /(?:^|\r\n)content-disposition:\s*form-data\s*;([^\r]*)/i.exec(headers)?.[1];
  const name = disposition === undefined ? null : fieldName(disposition);
  if (name === null) return malformed("a part has no field name");
  return ok({ name, data: bytes.subarray(headersEnd + CRLF.length * 2) });
}

/** `name="…"`: browsers escape quotes and line breaks as %22, %0D, %0A; others as `\"`. */
function fieldName(disposition: string): string | null {
  const match = /(?:^|;)\s*name=(?:"((?:\\"|[^"])*)"|([^\s;"]+))/i.exec(disposition);
  const name = match?.[1] ?? match?.[2];
  if (name === undefined) return null;
  return name
    .replaceAll('\\"', '"')
    .replaceAll(/%22/g, '"')
    .replaceAll(/%0D/gi, "\r")
    .replaceAll(/%0A/gi, "\n");
}

/** RFC 2046 allows blanks after a delimiter. */
function skipPadding(bytes: Uint8Array, start: number): number {
  let offset = start;
  while (bytes[offset] === 0x20 || bytes[offset] === 0x09) offset++;
  return offset;
}

function find(bytes: Uint8Array, needle: Uint8Array, start: number): number | null {
  for (let at = bytes.indexOf(CR, start); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (startsWith(bytes, needle, at)) return at;
  }
  return null;
}

function startsWith(bytes: Uint8Array, needle: Uint8Array, offset: number): boolean {
  if (offset + needle.length > bytes.length) return false;
  return needle.every((byte, index) => bytes[offset + index] === byte);
}

function after(offset: number | null, byteCount: number): number | null {
  return offset === null ? null : offset + byteCount;
}

function malformed(detail: string): Result<never, MultipartFailure> {
  return err({ kind: "multipart-malformed", detail });
}
