/** Bytes as the journal writes them. What does not parse was not written by it. */
import { fromBase64 } from "../../../shared/bytes/text.ts";
import { parseBlobId } from "../../../shared/codec/index.ts";

/** The 32 bytes of a blob ID. */
export function idBytes(blobId: string): Uint8Array {
  const bytes = parseBlobId(blobId);
  if (bytes === null) throw new TypeError(`Cannot read journal: ${blobId} is no blob ID`);
  return bytes;
}

/** What base64 stands for. */
export function base64Bytes(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes === null) throw new TypeError("Cannot read journal: expected base64");
  return bytes;
}
