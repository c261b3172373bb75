/**
 * From the number of shards to every count and size of the encoding. Pure arithmetic.
 *
 * Sizes are computed up to the protocol's maximum even where the codec itself refuses such a blob,
 * because prices depend on them. Sources: `walrus-core bft.rs`, `encoding/config.rs`,
 * `encoding/utils.rs::compute_symbol_size`; Move `redstuff.move::encoded_blob_length`.
 */
import { SHARDS_MAX, SHARDS_MIN, SYMBOL_BYTES_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { ulebBytes } from "../bcs/writer.ts";
import type { SizeFailure } from "./failure.ts";
import type { EncodingParameters, SliverAxis } from "./types.ts";

/** Bytes of a BLAKE2b-256 digest. */
export const DIGEST_BYTES = 32;

/** Symbols are whole GF(2^16) elements (`walrus-core lib.rs::required_alignment`). */
const SYMBOL_ALIGNMENT = 2;

/** Whether the codec works at this number of shards. */
export function isShardCount(shardCount: number): boolean {
  return Number.isInteger(shardCount) && shardCount >= SHARDS_MIN && shardCount <= SHARDS_MAX;
}

/**
 * The symbol counts of an encoding over `shardCount` shards.
 *
 * @throws {RangeError} When `shardCount` is not an integer from `SHARDS_MIN` to `SHARDS_MAX`.
 */
export function encodingParameters(shardCount: number): EncodingParameters {
  if (!isShardCount(shardCount)) {
    throw new RangeError(
      `Cannot encode: expected ${SHARDS_MIN} to ${SHARDS_MAX} shards, got ${shardCount}`,
    );
  }
  const faultyCount = Math.floor((shardCount - 1) / 3);
  return {
    shardCount,
    faultyCount,
    primaryCount: shardCount - 2 * faultyCount,
    secondaryCount: shardCount - faultyCount,
  };
}

/** Source symbols of one sliver: S for a primary sliver (a row), P for a secondary one. */
export function symbolCountOf(axis: SliverAxis, parameters: EncodingParameters): number {
  return axis === "primary" ? parameters.secondaryCount : parameters.primaryCount;
}

/** The largest blob the protocol can encode over `shardCount` shards, P·S·65534 bytes. */
export function unencodedBytesMax(shardCount: number): number {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  return primaryCount * secondaryCount * SYMBOL_BYTES_MAX;
}

/**
 * B, the bytes of one symbol: the smallest even number that fits `unencodedBytes` into P·S symbols.
 *
 * @throws {RangeError} When an argument is not a sensible integer.
 */
export function symbolBytesFor(
  unencodedBytes: number,
  shardCount: number,
): Result<number, SizeFailure> {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  if (!Number.isInteger(unencodedBytes) || unencodedBytes < 0) {
    throw new RangeError(`Cannot size blob: expected a byte count, got ${unencodedBytes}`);
  }
  const max = unencodedBytesMax(shardCount);
  if (unencodedBytes > max) {
    return err({
      kind: "blob-exceeds-protocol",
      unencodedBytes,
      unencodedBytesMax: max,
      shardCount,
    });
  }
  // An empty blob is sized as one byte; its recorded length stays 0.
  const exact = Math.ceil(Math.max(unencodedBytes, 1) / (primaryCount * secondaryCount));
  return ok(Math.ceil(exact / SYMBOL_ALIGNMENT) * SYMBOL_ALIGNMENT);
}

/** Bytes of one sliver's symbols: S·B (primary) or P·B (secondary). */
export function sliverBytes(axis: SliverAxis, symbolBytes: number, shardCount: number): number {
  return symbolCountOf(axis, encodingParameters(shardCount)) * symbolBytes;
}

/** Bytes that all shards together are charged for: slivers, and the metadata on each of them. */
export function encodedBlobBytes(
  unencodedBytes: number,
  shardCount: number,
): Result<number, SizeFailure> {
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const slivers = (primaryCount + secondaryCount) * symbolBytes.value;
  const metadata = shardCount * 2 * DIGEST_BYTES + DIGEST_BYTES;
  return ok(shardCount * (slivers + metadata));
}

/** Bytes of the BCS form of BlobMetadata (66,012 at 1,000 shards). */
export function metadataBytes(shardCount: number): number {
  const header = 1 + 1 + 8;
  return header + ulebBytes(shardCount) + shardCount * 2 * (1 + DIGEST_BYTES);
}
