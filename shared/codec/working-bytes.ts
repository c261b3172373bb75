/**
 * What a call of the codec needs of an isolate's memory: kernel, arguments and results together.
 *
 * Upper bounds to ask a permit for, not measurements; tests hold them against the kernel.
 */
import { SLIVER_BAND_BYTES_MAX } from "../limits.ts";

const MIB = 1024 * 1024;

/** Tables, trees, work positions, metadata and slivers on their way out. */
const ENCODING_FIXED_BYTES = 8 * MIB;

/** Tables, trees, work positions, metadata, and row parity that is held as a whole. */
const METADATA_FIXED_BYTES = 8 * MIB;

/** Tables and work positions. */
const DECODING_FIXED_BYTES = 4 * MIB;

/** All slivers together, as a multiple of the blob: n·(P + S) over P·S, 4.5 at n = 1,000. */
const EXPANSION = 4.6;

/**
 * Bytes to ask for before `Codec.metadata` or `checkBlobId` of a blob of L bytes: the matrix it is
 * copied to and half of its rows' parity. What the caller holds of the blob is not counted.
 */
export function metadataWorkingBytes(unencodedBytes: number): number {
  return METADATA_FIXED_BYTES + Math.ceil(1.27 * unencodedBytes);
}

/**
 * Bytes to ask for before `Codec.encode` of a blob of L bytes: the matrix it is copied to, the parity
 * of its rows and a band of slivers. What the caller holds of the blob is not counted.
 */
export function encodingWorkingBytes(unencodedBytes: number): number {
  const band = Math.min(SLIVER_BAND_BYTES_MAX, EXPANSION * unencodedBytes);
  return ENCODING_FIXED_BYTES + Math.ceil(1.52 * unencodedBytes + band);
}

/**
 * Bytes to ask for before slivers of a blob of L bytes are collected for `Codec.decode`: the
 * slivers, the matrix they are decoded in and the blob that is handed out.
 */
export function decodingWorkingBytes(unencodedBytes: number): number {
  return DECODING_FIXED_BYTES + 3 * unencodedBytes;
}
