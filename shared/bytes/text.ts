/**
 * Bytes to text and back. Pure.
 *
 * `@scure/base` does the work: it is strict (it refuses wrong padding and non-zero trailing bits),
 * as the official Rust decoder is. The wrappers only turn its exceptions into `null`.
 */
import { base58, base64, base64urlnopad, hex } from "@scure/base";

/** base64url without padding: blob IDs and patch IDs in URLs (walrus-core lib.rs::BlobId). */
export function toBase64Url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Decodes base64url without padding; `null` when the text is not canonical. */
export function fromBase64Url(text: string): Uint8Array | null {
  return attempt(() => base64urlnopad.decode(text));
}

/** Standard base64 with padding: signed messages in JSON (walrus-core messages.rs::SignedMessage). */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes);
}

/** Decodes standard base64 with padding; `null` when the text is not canonical. */
export function fromBase64(text: string): Uint8Array | null {
  return attempt(() => base64.decode(text));
}

/** Lowercase hex without a prefix. */
export function toHex(bytes: Uint8Array): string {
  return hex.encode(bytes);
}

/** Decodes hex without a prefix; `null` when it is not hex of whole bytes. */
export function fromHex(text: string): Uint8Array | null {
  return attempt(() => hex.decode(text.toLowerCase()));
}

/** base58: Sui digests. */
export function toBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

/** Decodes base58; `null` when the text holds a character outside the alphabet. */
export function fromBase58(text: string): Uint8Array | null {
  return attempt(() => base58.decode(text));
}

function attempt(decode: () => Uint8Array): Uint8Array | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
