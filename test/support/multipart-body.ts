/** A form in memory as the parser reads it: each range a copy that is the reader's. */
import type { MultipartBody } from "../../shared/http/multipart.ts";

/** The body over `bytes`. */
export function multipartBody(bytes: Uint8Array): MultipartBody {
  return {
    byteCount: bytes.length,
    read: (offset, byteCount) => Promise.resolve(bytes.slice(offset, offset + byteCount)),
  };
}
