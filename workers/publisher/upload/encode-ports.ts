/** The encoding of what one object has staged, with what the isolate gives to it. */
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../../shared/limits.ts";
import { systemTimer } from "../../../shared/system.ts";
import { isolateMemory } from "../../../shared/working-memory.ts";
import { publisherCodec, publisherExternalCodec } from "../codec.ts";
import type { EncodePorts, LargeBlobs } from "./encode.ts";
import type { UploadStore } from "./store.ts";

/**
 * @param life The object, in this life of it.
 * @param sliceBytes See `LargeBlobs`.
 */
export function encodePortsOf(
  store: UploadStore,
  life: object,
  sliceBytes: number,
): EncodePorts & { readonly large: LargeBlobs } {
  return {
    codec: publisherCodec(),
    timer: systemTimer,
    memory: isolateMemory,
    life,
    stagedRows: (byteCount) => store.stagedRows(byteCount),
    large: {
      codec: publisherExternalCodec(),
      ports: { source: store.source, scratch: store.scratch },
      clear: () => store.scratch.clear(),
      aboveBytes: IN_MEMORY_BLOB_BYTES_MAX,
      sliceBytes,
    },
  };
}
