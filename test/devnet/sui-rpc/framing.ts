/**
 * gRPC-web frames: one byte of flags, four bytes of length (big-endian), the message.
 *
 * Source: grpc `doc/PROTOCOL-WEB.md`. The text format is base64 of the same bytes.
 */
import { concatBytes, utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { invalidArgument } from "./failure.ts";

const HEADER_BYTES = 5;
const TRAILER_FLAG = 0x80;

/** Content types of requests, and what answers them. */
const TEXT_TYPES = ["application/grpc-web-text", "application/grpc-web-text+proto"];
const BINARY_TYPES = ["application/grpc-web", "application/grpc-web+proto"];

export type WebFormat = "text" | "binary";

/** Format of a request, or null when it is no gRPC-web request. */
export function formatOf(contentType: string | null): WebFormat | null {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (TEXT_TYPES.includes(type)) return "text";
  return BINARY_TYPES.includes(type) ? "binary" : null;
}

/** The one message of a unary request. */
export function readMessage(body: Uint8Array, format: WebFormat): Uint8Array {
  const bytes = format === "text" ? fromText(body) : body;
  if (bytes.length < HEADER_BYTES) throw invalidArgument("Cannot read a gRPC frame: too short");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (bytes[0] !== 0 || bytes.length !== HEADER_BYTES + length) {
    throw invalidArgument("Cannot read a gRPC frame: expected one uncompressed data frame");
  }
  return bytes.subarray(HEADER_BYTES);
}

function fromText(body: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(new TextDecoder().decode(body), "base64"));
}

/** A whole response body: the message, if any, then the status. */
export function writeReply(
  message: Uint8Array | null,
  status: { readonly code: number; readonly message: string },
  format: WebFormat,
): Uint8Array<ArrayBuffer> {
  const lines = [`grpc-status: ${status.code}`];
  if (status.message !== "") lines.push(`grpc-message: ${encodeURIComponent(status.message)}`);
  const trailer = frame(TRAILER_FLAG, utf8Bytes(`${lines.join("\r\n")}\r\n`));
  const bytes = concatBytes(...(message === null ? [] : [frame(0, message)]), trailer);
  return format === "text" ? utf8Bytes(Buffer.from(bytes).toString("base64")) : bytes;
}

/** `application/grpc-web-text+proto` or `application/grpc-web+proto`. */
export function contentTypeOf(format: WebFormat): string {
  return format === "text" ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
}

function frame(flags: number, message: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = flags;
  new DataView(header.buffer).setUint32(1, message.length);
  return concatBytes(header, message);
}
