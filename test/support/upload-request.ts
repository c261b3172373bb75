/** An upload as a client of HTTP asks for it, for tests that begin behind HTTP. */
import type { UploadRequest } from "../../workers/publisher/upload/journal.ts";

/** A deletable blob for one epoch whose uploader waits, but for what is given. */
export function uploadRequest(more: Partial<UploadRequest> = {}): UploadRequest {
  return {
    uploadId: "u",
    source: "http",
    epochs: 1,
    deletable: true,
    sendObjectTo: null,
    waits: true,
    contentDigest: null,
    ...more,
  };
}
