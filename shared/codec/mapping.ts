/**
 * Which shard stores which slivers. Pure.
 *
 * Pair p is primary sliver p and secondary sliver n-1-p; a blob's pairs are rotated over the shards
 * by its ID. Source: `walrus-core lib.rs::SliverPairIndex`, `encoding/mapping.rs`.
 */
import { encodingParameters } from "./parameters.ts";
import type { SliverAxis } from "./types.ts";

/** The axis across. */
export function otherAxis(axis: SliverAxis): SliverAxis {
  return axis === "primary" ? "secondary" : "primary";
}

/** The pair that holds a sliver: what sliver URLs of storage nodes name. */
export function pairIndexOfSliver(
  axis: SliverAxis,
  sliverIndex: number,
  shardCount: number,
): number {
  assertIndex("sliver", sliverIndex, shardCount);
  return axis === "primary" ? sliverIndex : shardCount - 1 - sliverIndex;
}

/** The sliver of one axis in a pair. */
export function sliverIndexOfPair(axis: SliverAxis, pairIndex: number, shardCount: number): number {
  // The map is an involution on the secondary axis.
  return pairIndexOfSliver(axis, pairIndex, shardCount);
}

/** The shard that stores pair `pairIndex` of the blob with this 32-byte ID. */
export function shardIndexOfPair(
  pairIndex: number,
  blobId: Uint8Array,
  shardCount: number,
): number {
  assertIndex("pair", pairIndex, shardCount);
  return (pairIndex + rotationOffset(blobId, shardCount)) % shardCount;
}

/** The pair of this blob that shard `shardIndex` stores. */
export function pairIndexOfShard(
  shardIndex: number,
  blobId: Uint8Array,
  shardCount: number,
): number {
  assertIndex("shard", shardIndex, shardCount);
  return (shardCount + shardIndex - rotationOffset(blobId, shardCount)) % shardCount;
}

/** The blob ID read as a big-endian integer, modulo n (on chain it is little-endian). */
function rotationOffset(blobId: Uint8Array, shardCount: number): number {
  encodingParameters(shardCount);
  let offset = 0;
  for (const byte of blobId) offset = (offset * 256 + byte) % shardCount;
  return offset;
}

function assertIndex(what: string, index: number, shardCount: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= shardCount) {
    throw new RangeError(`Cannot map ${what} index: expected 0 to ${shardCount - 1}, got ${index}`);
  }
}
