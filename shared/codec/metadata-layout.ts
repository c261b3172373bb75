/**
 * BCS of BlobMetadata (what a client PUTs) and BlobMetadataWithId (what a node answers).
 *
 * Reading checks the layout and nothing else: `Codec.verifyMetadata` ties metadata to a blob ID.
 * Source: `walrus-core metadata.rs`, `merkle.rs::Node`, `lib.rs::EncodingTypeForSerde`.
 */
import { type BcsReader, readBcs } from "../bcs/reader.ts";
import { BcsWriter } from "../bcs/writer.ts";
import { SHARDS_MAX, SHARDS_MIN } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { LayoutFailure, MetadataFailure } from "./failure.ts";
import { pairIndexOfSliver } from "./mapping.ts";
import { DIGEST_BYTES, isShardCount, metadataBytes } from "./parameters.ts";
import type { BlobMetadata, SliverAxis } from "./types.ts";

/** Metadata under the blob ID it claims; claimed only. */
export interface MetadataWithId {
  readonly blobId: Uint8Array;
  readonly metadata: BlobMetadata;
}

/** RS2, Red Stuff over Reed–Solomon: the only one (`walrus-core lib.rs::SUPPORTED_ENCODING_TYPES`). */
export const ENCODING_TYPE_RS2 = 1;

const METADATA_V1 = 0;
const NODE_EMPTY = 0;
const NODE_DIGEST = 1;
const HASHES_PER_PAIR = 2;

/** Writes BlobMetadata (66,012 bytes at 1,000 shards). */
export function encodeMetadata(metadata: BlobMetadata): Uint8Array<ArrayBuffer> {
  return writeMetadata(new BcsWriter(metadataBytes(metadata.shardCount)), metadata).finish();
}

/** Writes BlobMetadataWithId. */
export function encodeMetadataWithId(
  metadata: BlobMetadata,
  blobId: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (blobId.length !== DIGEST_BYTES) {
    throw new TypeError(
      `Cannot write metadata: expected a blob ID of 32 bytes, got ${blobId.length}`,
    );
  }
  const writer = new BcsWriter(DIGEST_BYTES + metadataBytes(metadata.shardCount)).fixed(blobId);
  return writeMetadata(writer, metadata).finish();
}

/** Reads BlobMetadata. */
export function decodeMetadata(
  bytes: Uint8Array,
): Result<BlobMetadata, LayoutFailure | MetadataFailure> {
  const raw = readBcs("BlobMetadata", bytes, readMetadata);
  return raw.ok ? checkMetadata(raw.value) : raw;
}

/** Reads BlobMetadataWithId. */
export function decodeMetadataWithId(
  bytes: Uint8Array,
): Result<MetadataWithId, LayoutFailure | MetadataFailure> {
  const raw = readBcs("BlobMetadataWithId", bytes, (reader) => {
    const blobId = reader.fixed(DIGEST_BYTES).slice();
    return { blobId, metadata: readMetadata(reader) };
  });
  if (!raw.ok) return raw;
  const metadata = checkMetadata(raw.value.metadata);
  return metadata.ok ? ok({ blobId: raw.value.blobId, metadata: metadata.value }) : metadata;
}

/** The 32-byte hash of one sliver, as a view of the metadata. */
export function sliverHash(
  metadata: BlobMetadata,
  axis: SliverAxis,
  sliverIndex: number,
): Uint8Array {
  const pairIndex = pairIndexOfSliver(axis, sliverIndex, metadata.shardCount);
  const half = axis === "primary" ? 0 : 1;
  const start = (pairIndex * HASHES_PER_PAIR + half) * DIGEST_BYTES;
  return metadata.sliverHashes.subarray(start, start + DIGEST_BYTES);
}

interface RawMetadata {
  readonly encodingType: number;
  readonly unencodedBytes: bigint;
  readonly shardCount: number;
  readonly sliverHashes: Uint8Array;
  readonly emptyPairIndex: number | null;
}

function writeMetadata(writer: BcsWriter, metadata: BlobMetadata): BcsWriter {
  const { shardCount, unencodedBytes, sliverHashes } = metadata;
  const expected = shardCount * HASHES_PER_PAIR * DIGEST_BYTES;
  if (sliverHashes.length !== expected) {
    throw new TypeError(
      `Cannot write metadata: expected ${expected} bytes of hashes, got ${sliverHashes.length}`,
    );
  }
  writer.uleb(METADATA_V1).uleb(ENCODING_TYPE_RS2).u64(BigInt(unencodedBytes)).uleb(shardCount);
  for (let start = 0; start < expected; start += DIGEST_BYTES) {
    writer.uleb(NODE_DIGEST).fixed(sliverHashes.subarray(start, start + DIGEST_BYTES));
  }
  return writer;
}

function readMetadata(reader: BcsReader): RawMetadata {
  const versionOffset = reader.offset;
  if (reader.uleb() !== METADATA_V1) reader.fail("bad-tag", versionOffset);
  const encodingType = reader.uleb();
  const unencodedBytes = reader.u64();
  const shardCount = reader.length(HASHES_PER_PAIR);
  // An out-of-range count is its own failure; reading on would only build arrays for nothing.
  if (!isShardCount(shardCount)) {
    reader.fixed(reader.remaining);
    return { ...NO_HASHES, encodingType, unencodedBytes, shardCount };
  }
  const sliverHashes = new Uint8Array(shardCount * HASHES_PER_PAIR * DIGEST_BYTES);
  let emptyPairIndex: number | null = null;
  for (let index = 0; index < shardCount * HASHES_PER_PAIR; index++) {
    const tagOffset = reader.offset;
    const tag = reader.uleb();
    if (tag === NODE_DIGEST) sliverHashes.set(reader.fixed(DIGEST_BYTES), index * DIGEST_BYTES);
    else if (tag === NODE_EMPTY) emptyPairIndex ??= Math.floor(index / HASHES_PER_PAIR);
    else reader.fail("bad-tag", tagOffset);
  }
  return { encodingType, unencodedBytes, shardCount, sliverHashes, emptyPairIndex };
}

const NO_HASHES = { sliverHashes: new Uint8Array(0), emptyPairIndex: null };

function checkMetadata(raw: RawMetadata): Result<BlobMetadata, LayoutFailure | MetadataFailure> {
  const { encodingType, shardCount, sliverHashes, emptyPairIndex } = raw;
  if (encodingType !== ENCODING_TYPE_RS2) {
    return err({ kind: "unsupported-encoding-type", encodingType });
  }
  if (!isShardCount(shardCount)) {
    return err({
      kind: "unsupported-shard-count",
      shardCount,
      shardCountMin: SHARDS_MIN,
      shardCountMax: SHARDS_MAX,
    });
  }
  // The empty node stands for "no sliver" and hashes as zeros; no encoder writes it here.
  if (emptyPairIndex !== null) return err({ kind: "empty-sliver-hash", pairIndex: emptyPairIndex });
  // Lengths above 2^53 stay above every maximum after rounding, so they are still refused as such.
  return ok({ shardCount, unencodedBytes: Number(raw.unencodedBytes), sliverHashes });
}
