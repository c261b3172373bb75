/**
 * The words of the codec: what a sliver, its metadata and an encoded blob are.
 *
 * Notation follows the protocol: `n` shards, `f` faulty at most, `P` = n - 2f rows (primary source
 * symbols), `S` = n - f columns (secondary source symbols), `B` bytes a symbol.
 */

/** The two directions of the code: a primary sliver is a row, a secondary sliver a column. */
export type SliverAxis = "primary" | "secondary";

/** One row or column of the expanded message matrix, cut to its source symbols. */
export interface Sliver {
  readonly axis: SliverAxis;
  /** Index on its own axis, 0 … n-1. Not the pair index: see `pairIndexOfSliver`. */
  readonly sliverIndex: number;
  /** B: bytes of one symbol, even. */
  readonly symbolBytes: number;
  /** S·B bytes (primary) or P·B bytes (secondary). */
  readonly data: Uint8Array;
}

/** What one shard stores of a blob: primary sliver p and secondary sliver n-1-p. */
export interface SliverPair {
  readonly pairIndex: number;
  readonly primary: Sliver;
  readonly secondary: Sliver;
}

/** Names one sliver of a blob. */
export interface SliverTarget {
  readonly axis: SliverAxis;
  readonly sliverIndex: number;
}

/**
 * What a blob ID commits to: the length and one Merkle root per sliver.
 *
 * `sliverHashes` holds, for each pair p = 0 … n-1, 64 bytes: the hash of primary sliver p, then the
 * hash of secondary sliver n-1-p (the order of the BCS layout and of the pair leaves).
 */
export interface BlobMetadata {
  readonly shardCount: number;
  /** L: bytes of the blob before encoding. */
  readonly unencodedBytes: number;
  readonly sliverHashes: Uint8Array;
}

/**
 * A blob in memory as a whole, or in chunks that add up to `unencodedBytes`. Each chunk is copied and
 * may be freed before the next is asked for, so that a blob is never held twice.
 */
export type BlobBytes =
  | Uint8Array
  | { readonly chunks: Iterable<Uint8Array>; readonly unencodedBytes: number };

/** What a blob ID commits to besides the bytes. */
export type BlobCommitment = Pick<VerifiedMetadata, "blobId" | "unencodedBytes" | "shardCount">;

/** Metadata whose 32-byte blob ID and Merkle root have been computed from it, not claimed. */
export interface VerifiedMetadata extends BlobMetadata {
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
}

/** The counts that follow from the number of shards (`walrus-core bft.rs`, `encoding/config.rs`). */
export interface EncodingParameters {
  /** n */
  readonly shardCount: number;
  /** f: shards that may be faulty, floor((n - 1) / 3). */
  readonly faultyCount: number;
  /** P: rows of the message matrix, n - 2f. */
  readonly primaryCount: number;
  /** S: columns of the message matrix, n - f. */
  readonly secondaryCount: number;
}

/**
 * The siblings of one leaf of a Merkle tree, leaf level first; `null` is the empty node that pads a
 * level of odd length.
 */
export type MerkleProof = readonly (Uint8Array | null)[];

/**
 * One cell of the matrix offered to rebuild a sliver.
 *
 * `targetAxis` is the axis of the sliver it helps to rebuild; the cell was taken from the sliver
 * `sourceIndex` of the other axis, which is also its position in the code word.
 */
export interface DecodingSymbol {
  readonly targetAxis: SliverAxis;
  readonly sourceIndex: number;
  /** B bytes. */
  readonly data: Uint8Array;
}

/** A decoding symbol with the proof that it lies in its source sliver at `targetIndex`. */
export interface RecoverySymbol extends DecodingSymbol {
  /** Index of the sliver to rebuild, on `targetAxis`. */
  readonly targetIndex: number;
  readonly proof: MerkleProof;
}

/** A sliver expanded to the n symbols of its whole row or column, with its Merkle tree. */
export interface ExpandedSliver {
  readonly source: SliverTarget;
  readonly symbolBytes: number;
  /** n·B bytes: symbol i belongs to sliver i of the other axis. */
  readonly symbols: Uint8Array;
  /** The sliver hash that blob metadata holds. */
  readonly rootHash: Uint8Array;
  /** The cell that helps to rebuild sliver `targetIndex` of the other axis. */
  decodingSymbol(targetIndex: number): DecodingSymbol;
  /** The same cell with its proof against this sliver's hash. */
  recoverySymbol(targetIndex: number): RecoverySymbol;
}

/**
 * An encoded blob that hands out its slivers on demand.
 *
 * It holds the padded matrix and the parity of its rows (1.5 times the blob) in a kernel memory of
 * its own, never the whole 4.5-fold expansion. Call `release` when done; a forgotten one is
 * collected with the object.
 */
export interface EncodedBlob {
  readonly metadata: VerifiedMetadata;
  readonly parameters: EncodingParameters;
  /** B */
  readonly symbolBytes: number;
  /** Bytes of kernel memory it holds; 0 once released. */
  readonly memoryBytes: number;
  /** One sliver; a parity row may cost a pass over the matrix, so ask for many with `slivers`. */
  sliver(axis: SliverAxis, sliverIndex: number): Sliver;
  /**
   * Yields the pairs in the order asked for, one at a time and only when the next is asked for: the
   * consumer's pace is the pace. `for await` reads them as it reads those of a blob larger than
   * memory. Parity rows are computed in bands of bounded memory: as many of those asked for as fit
   * come out of one pass over the matrix.
   *
   * @throws {RangeError} When a pair index is not an integer in 0 … n-1.
   */
  slivers(pairIndices: readonly number[]): Iterable<SliverPair>;
  /** Gives the memory back. Later calls throw a TypeError. */
  release(): void;
}
