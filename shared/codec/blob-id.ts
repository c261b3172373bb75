/**
 * The text and integer forms of a 32-byte blob ID. Pure.
 *
 * Sources: `walrus-core lib.rs::BlobId` Display and FromStr; CLI `BlobIdDecimal`.
 */
import { fromBase64Url, fromHex, toBase64Url } from "../bytes/text.ts";
import { DIGEST_BYTES } from "./parameters.ts";

const TEXT_CHARS = 43;
const BITS_PER_BYTE = 8n;

/** The canonical text of a blob ID: base64url without padding, 43 characters. */
export function formatBlobId(blobId: Uint8Array): string {
  assertBlobId(blobId);
  return toBase64Url(blobId);
}

/**
 * Reads the text of a blob ID: base64url (43 characters), `0x` with 64 hex digits, or the decimal
 * u256 that explorers show, in this order: 43 digits are base64url, as the official CLI reads them.
 *
 * @returns The 32 bytes, or `null` when the text is none of these.
 */
export function parseBlobId(text: string): Uint8Array | null {
  if (text.length === TEXT_CHARS) {
    const bytes = fromBase64Url(text);
    if (bytes !== null) return bytes;
  }
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return fromHex(text.slice(2));
  if (/^(0|[1-9]\d{0,77})$/.test(text)) return blobIdFromU256(BigInt(text));
  return null;
}

/** The blob ID of a u256 as Move holds it (little-endian); `null` when it has more than 256 bits. */
export function blobIdFromU256(value: bigint): Uint8Array<ArrayBuffer> | null {
  if (value < 0n || value >> (BITS_PER_BYTE * BigInt(DIGEST_BYTES)) !== 0n) return null;
  const bytes = new Uint8Array(DIGEST_BYTES);
  let rest = value;
  for (let index = 0; index < DIGEST_BYTES; index++) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= BITS_PER_BYTE;
  }
  return bytes;
}

/** The u256 that Move holds for these 32 bytes: little-endian. Also for root hashes. */
export function blobIdToU256(blobId: Uint8Array): bigint {
  assertBlobId(blobId);
  let value = 0n;
  for (let index = DIGEST_BYTES - 1; index >= 0; index--) {
    value = (value << BITS_PER_BYTE) | BigInt(blobId[index] ?? 0);
  }
  return value;
}

function assertBlobId(blobId: Uint8Array): void {
  if (blobId.length !== DIGEST_BYTES) {
    throw new TypeError(`Cannot convert blob ID: expected 32 bytes, got ${blobId.length}`);
  }
}
