/** Encodings that a dishonest writer makes: sound slivers under metadata that says something else. */
import type { BlobMetadata, Codec, EncodedBlob } from "../../shared/codec/index.ts";

/** The encoding of `blob` under metadata that `change` has altered; its blob ID is that metadata's. */
export function tampered(
  codec: Codec,
  blob: Uint8Array,
  shardCount: number,
  change: (metadata: BlobMetadata) => BlobMetadata,
): EncodedBlob {
  const encoded = codec.encode(blob, shardCount);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  const claimed = change(encoded.value.metadata);
  const named = codec.verifyMetadata(claimed, new Uint8Array(32));
  if (named.ok || named.failure.kind !== "blob-id-mismatch") throw new Error("unexpected");
  const metadata = codec.verifyMetadata(claimed, named.failure.actualBlobId);
  if (!metadata.ok) throw new Error(metadata.failure.kind);
  const { parameters, symbolBytes, memoryBytes } = encoded.value;
  return {
    metadata: metadata.value,
    parameters,
    symbolBytes,
    memoryBytes,
    sliver: (axis, index) => encoded.value.sliver(axis, index),
    slivers: (pairs) => encoded.value.slivers(pairs),
    release: () => encoded.value.release(),
  };
}

/** Flips a bit of the hash at `offset` of the sliver hashes. */
export function withOtherHash(offset: number): (metadata: BlobMetadata) => BlobMetadata {
  return (metadata) => {
    const sliverHashes = metadata.sliverHashes.slice();
    sliverHashes[offset] = (sliverHashes[offset] ?? 0) ^ 1;
    return { ...metadata, sliverHashes };
  };
}

/** Claims fewer bytes than were encoded, so that what follows the end is not zero. */
export function withLength(unencodedBytes: number): (metadata: BlobMetadata) => BlobMetadata {
  return (metadata) => ({ ...metadata, unencodedBytes });
}
