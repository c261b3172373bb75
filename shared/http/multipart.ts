/**
 * Finds the parts of a `multipart/form-data` body of any length without holding it (RFC 7578). Pure
 * over the body given.
 *
 * The platform's `formData()` copies every part and decodes those without a file name as UTF-8,
 * which would change binary ones unnoticed; a store must keep every byte.
 */
import { freeBytes, utf8Bytes } from "../bytes/arrays.ts";
import {
  MULTIPART_DELIMITER_REST_BYTES_MAX,
  MULTIPART_HEADER_BYTES_MAX,
  MULTIPART_PARTS_MAX,
  MULTIPART_SEARCH_BYTES,
} from "../limits.ts";
import { err, ok, type Result } from "../result.ts";

/** A body that can be read by ranges, wherever it lies. */
export interface MultipartBody {
  readonly byteCount: number;
  /** Exactly the bytes asked for, which belong to the reader; only ranges within are asked for. */
  read(offset: number, byteCount: number): Promise<Uint8Array>;
}

/** One part: its field name, and where its data lies in the body. */
export interface MultipartPart {
  readonly name: string;
  readonly offset: number;
  readonly byteCount: number;
}

/** Why a body is no form. */
export interface MultipartFailure {
  readonly kind: "multipart-malformed";
  readonly detail: string;
}

const CR = 0x0d;
const CRLF = "\r\n";

/** One parameter of a header, from where the one before ended: its name, and its value either way. */
const PARAMETER = /\s*([^\s=;"]+)=(?:"((?:\\"|[^"])*)"|([^\s;"]*))\s*(?:;|$)/gy;

/** The boundary that a `Content-Type` names; `null` unless it is `multipart/form-data` with one. */
export function multipartBoundary(contentType: string | null): string | null {
  if (contentType === null || !/^\s*multipart\/form-data\s*;/i.test(contentType)) return null;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** The parts of `body` in their order. */
export async function findParts(
  body: MultipartBody,
  boundary: string,
): Promise<Result<readonly MultipartPart[], MultipartFailure>> {
  const delimiter = utf8Bytes(`${CRLF}--${boundary}`);
  // The first delimiter has no line break before it when there is no preamble.
  const opening = delimiter.subarray(CRLF.length);
  const opensAtOnce = startsWith(await peek(body, 0, opening.length), opening, 0);
  const first = opensAtOnce ? -CRLF.length : await find(body, delimiter, 0);
  if (first === null) return malformed("the boundary does not occur");
  const parts: MultipartPart[] = [];
  let offset = first + delimiter.length;
  for (;;) {
    const after = await peek(body, offset, MULTIPART_DELIMITER_REST_BYTES_MAX);
    if (startsWith(after, utf8Bytes("--"), 0)) return ok(parts);
    const padding = paddingBytes(after);
    if (!startsWith(after, utf8Bytes(CRLF), padding)) return malformed("a delimiter is cut off");
    offset += padding;
    const end = await find(body, delimiter, offset);
    if (end === null) return malformed("the last delimiter is missing");
    const part = await readPart(body, offset, end);
    if (!part.ok) return part;
    if (parts.length >= MULTIPART_PARTS_MAX) {
      return malformed(`more than ${MULTIPART_PARTS_MAX} parts`);
    }
    parts.push(part.value);
    offset = end + delimiter.length;
  }
}

/** Reads `CRLF headers CRLF CRLF data`; a part without headers has no name and is refused. */
async function readPart(
  body: MultipartBody,
  start: number,
  end: number,
): Promise<Result<MultipartPart, MultipartFailure>> {
  const bytes = await peek(body, start, Math.min(end - start, MULTIPART_HEADER_BYTES_MAX));
  const headersEnd = indexOf(bytes, utf8Bytes(CRLF + CRLF), 0);
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
  const offset = start + headersEnd + CRLF.length * 2;
  return ok({ name, offset, byteCount: end - offset });
}

/**
 * `name="…"`: browsers escape quotes and line breaks as %22, %0D, %0A; others as `\"`. Parameters are
 * read one after another, since a file's name may hold what looks like another one.
 */
function fieldName(disposition: string): string | null {
  const parameters = [...disposition.matchAll(PARAMETER)];
  const match = parameters.find(([, parameter]) => parameter?.toLowerCase() === "name");
  const name = match?.[2] ?? match?.[3];
  if (name === undefined) return null;
  return name
    .replaceAll('\\"', '"')
    .replaceAll(/%22/g, '"')
    .replaceAll(/%0D/gi, "\r")
    .replaceAll(/%0A/gi, "\n");
}

/** RFC 2046 allows blanks after a delimiter. */
function paddingBytes(bytes: Uint8Array): number {
  const end = bytes.findIndex((byte) => byte !== 0x20 && byte !== 0x09);
  return end === -1 ? bytes.length : end;
}

/** At most `byteCount` bytes from `offset` on: fewer at the end of the body. */
function peek(body: MultipartBody, offset: number, byteCount: number): Promise<Uint8Array> {
  const available = Math.max(0, Math.min(byteCount, body.byteCount - offset));
  return available === 0 ? Promise.resolve(new Uint8Array()) : body.read(offset, available);
}

/** Searches the body window by window; each begins with what a delimiter may have begun before. */
async function find(
  body: MultipartBody,
  needle: Uint8Array,
  start: number,
): Promise<number | null> {
  for (let offset = start; offset < body.byteCount; offset += MULTIPART_SEARCH_BYTES) {
    const window = await peek(body, offset, MULTIPART_SEARCH_BYTES + needle.length - 1);
    const at = indexOf(window, needle, 0);
    freeBytes(window);
    if (at !== null) return offset + at;
  }
  return null;
}

function indexOf(bytes: Uint8Array, needle: Uint8Array, start: number): number | null {
  for (let at = bytes.indexOf(CR, start); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (startsWith(bytes, needle, at)) return at;
  }
  return null;
}

function startsWith(bytes: Uint8Array, needle: Uint8Array, offset: number): boolean {
  if (offset + needle.length > bytes.length) return false;
  return needle.every((byte, index) => bytes[offset + index] === byte);
}

function malformed(detail: string): Result<never, MultipartFailure> {
  return err({ kind: "multipart-malformed", detail });
}
