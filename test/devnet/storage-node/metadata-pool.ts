/** Verified metadata shared by the nodes of a thread, so that equal bytes are checked once. */
import {
  type BlobMetadata,
  type Codec,
  decodeMetadata,
  type LayoutFailure,
  type MetadataFailure,
  parseBlobId,
  type SizeFailure,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** Entries kept unless said otherwise; at 1,000 shards one is 132 KB. */
const POOL_COUNT_MAX = 64;

/** Why metadata was refused. */
export type PoolFailure =
  | LayoutFailure
  | MetadataFailure
  | SizeFailure
  | { readonly kind: "wrong-shard-count"; readonly shardCount: number };

interface Entry {
  readonly bytes: Uint8Array;
  readonly verified: VerifiedMetadata;
}

/** The pool of one thread. */
export class MetadataPool {
  readonly #codec: Codec;
  readonly #shardCount: number;
  readonly #countMax: number;
  readonly #entries = new Map<string, Entry>();

  /** @param countMax Blobs whose slivers come at the same time: each beyond it is checked anew for every sliver. */
  constructor(codec: Codec, shardCount: number, countMax = POOL_COUNT_MAX) {
    this.#codec = codec;
    this.#shardCount = shardCount;
    this.#countMax = countMax;
  }

  /** Metadata verified before: a blob ID commits to every byte of its metadata. */
  known(blobKey: string): VerifiedMetadata | null {
    return this.#entries.get(blobKey)?.verified ?? null;
  }

  /** Decodes `BlobMetadata` and checks that it hashes to the blob ID. */
  verify(blobKey: string, bytes: Uint8Array): Result<VerifiedMetadata, PoolFailure> {
    const known = this.#entries.get(blobKey);
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return ok(known.verified);
    const decoded = decodeMetadata(bytes);
    if (!decoded.ok) return decoded;
    const verified = this.#verifyDecoded(blobKey, decoded.value);
    if (!verified.ok) return verified;
    if (this.#entries.size >= this.#countMax) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(blobKey, { bytes: bytes.slice(), verified: verified.value });
    return verified;
  }

  #verifyDecoded(blobKey: string, metadata: BlobMetadata): Result<VerifiedMetadata, PoolFailure> {
    if (metadata.shardCount !== this.#shardCount) {
      return err({ kind: "wrong-shard-count", shardCount: metadata.shardCount });
    }
    const blobId = parseBlobId(blobKey);
    if (blobId === null) throw new TypeError(`Cannot verify metadata: bad blob key ${blobKey}`);
    return this.#codec.verifyMetadata(metadata, blobId);
  }
}
