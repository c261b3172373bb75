/** The text form of patch IDs (`walrus-core lib.rs::QuiltPatchId`). Pure. */
import { concatBytes } from "../../bytes/arrays.ts";
import { fromBase64Url, toBase64Url } from "../../bytes/text.ts";
import { DIGEST_BYTES } from "../parameters.ts";
import type { QuiltPatchId } from "./types.ts";

/** quilt ID (32) ‖ version ‖ start u16 ‖ end u16 */
const PATCH_ID_BYTES = 37;
const VERSION_1 = 1;
const U16_MAX = 0xffff;

/** The text of a patch ID: base64url without padding, 50 characters. */
export function formatPatchId({ quiltId, startIndex, endIndex }: QuiltPatchId): string {
  if (quiltId.length !== DIGEST_BYTES || !isRange(startIndex, endIndex)) {
    throw new TypeError(
      `Cannot write patch ID: expected 32 bytes and a range of u16, ` +
        `got ${quiltId.length} bytes and ${startIndex} to ${endIndex}`,
    );
  }
  const tail = new Uint8Array(PATCH_ID_BYTES - DIGEST_BYTES);
  const view = new DataView(tail.buffer);
  view.setUint8(0, VERSION_1);
  view.setUint16(1, startIndex, true);
  view.setUint16(3, endIndex, true);
  return toBase64Url(concatBytes(quiltId, tail));
}

/** Reads a patch ID; `null` unless it is 37 bytes of version 1 with a non-empty range. */
export function parsePatchId(text: string): QuiltPatchId | null {
  const bytes = fromBase64Url(text);
  if (bytes === null || bytes.length !== PATCH_ID_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(DIGEST_BYTES) !== VERSION_1) return null;
  const startIndex = view.getUint16(DIGEST_BYTES + 1, true);
  const endIndex = view.getUint16(DIGEST_BYTES + 3, true);
  if (!isRange(startIndex, endIndex)) return null;
  return { quiltId: bytes.slice(0, DIGEST_BYTES), startIndex, endIndex };
}

function isRange(startIndex: number, endIndex: number): boolean {
  return isU16(startIndex) && isU16(endIndex) && startIndex < endIndex;
}

function isU16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= U16_MAX;
}
