/**
 * The codec as one object: pure policy over one compiled kernel.
 *
 * `createCodec` takes the module because workerd refuses to compile WebAssembly at run time: each
 * Worker imports the built kernel, tests and scripts read it from disk.
 */
import { equalBytes } from "../bytes/arrays.ts";
import {
  IN_MEMORY_BLOB_BYTES_MAX,
  IN_MEMORY_METADATA_BLOB_BYTES_MAX,
  SYMBOL_BYTES_MAX,
} from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { decodeBlob } from "./blob-decoder.ts";
import { encodeMatrix } from "./blob-encoder.ts";
import { hashMatrix } from "./blob-hasher.ts";
import { checkPaddingRows, checkRows, ZeroRowHashes } from "./consistency.ts";
import type {
  CodecFailure,
  ConsistencyFailure,
  DecodeFailure,
  LayoutFailure,
  MetadataFailure,
  SizeFailure,
  SliverFailure,
  SymbolFailure,
} from "./failure.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { KernelPool } from "./kernel/pool.ts";
import { MessageMatrix } from "./message-matrix.ts";
import { DIGEST_BYTES, encodingParameters, symbolBytesFor } from "./parameters.ts";
import { expandSliver } from "./sliver-expander.ts";
import {
  checkSliverShape,
  recoverSliver,
  verifyMetadata,
  verifyRecoverySymbol,
  verifySliver,
} from "./verifier.ts";
import type {
  BlobBytes,
  BlobCommitment,
  BlobMetadata,
  DecodingSymbol,
  EncodedBlob,
  ExpandedSliver,
  RecoverySymbol,
  Sliver,
  SliverTarget,
  VerifiedMetadata,
} from "./types.ts";

/** Row parity up to this is held as a whole; above, metadata is computed with half of it at a time. */
const WHOLE_PARITY_BYTES_MAX = 6 * 1024 * 1024;

/** Red Stuff over one kernel. Every call is synchronous and leaves its arguments untouched. */
export interface Codec {
  /** BLAKE2b with 32 bytes of output, unkeyed. */
  hash(bytes: Uint8Array): Uint8Array<ArrayBuffer>;

  /**
   * Blob ID, root and all sliver hashes of `blob`, without keeping slivers.
   *
   * @throws {RangeError} When chunks do not add up to the length they claim.
   */
  metadata(blob: BlobBytes, shardCount: number): Result<VerifiedMetadata, SizeFailure>;

  /**
   * Metadata now, slivers on demand.
   *
   * @throws {RangeError} When chunks do not add up to the length they claim.
   */
  encode(blob: BlobBytes, shardCount: number): Result<EncodedBlob, SizeFailure>;

  /**
   * The blob from any P primary or any S secondary slivers, which the caller has verified.
   * Duplicates and slivers of the wrong shape are passed over; surplus is ignored. The result is
   * as trustworthy as the slivers: to check it against the blob ID, compute its `metadata`.
   */
  decode(
    slivers: readonly Sliver[],
    metadata: VerifiedMetadata,
  ): Result<Uint8Array<ArrayBuffer>, SizeFailure | DecodeFailure>;

  /** Checks that `metadata` hashes to the 32-byte `blobId` and that its length is encodable. */
  verifyMetadata(
    metadata: BlobMetadata,
    blobId: Uint8Array,
  ): Result<VerifiedMetadata, SizeFailure | LayoutFailure | MetadataFailure>;

  /** Checks one sliver's shape and its Merkle root against metadata. */
  verifySliver(
    sliver: Sliver,
    metadata: VerifiedMetadata,
  ): Result<void, SizeFailure | SliverFailure>;

  /** The hash of a row (or column) of zeros, kept for each shard count and symbol size. */
  zeroRowHash(shardCount: number, symbolBytes: number): Uint8Array;

  /** Checks that the rows past the blob's end are rows of zeros, by their hashes alone. */
  checkPaddingRows(metadata: VerifiedMetadata): Result<void, SizeFailure | ConsistencyFailure>;

  /**
   * The default check of a decoded blob: every systematic row has the hash that metadata says.
   *
   * @param verifiedRows Rows that were fetched as such and verified; empty for a blob decoded from
   *   secondary slivers.
   * @throws {TypeError} When `blob` has not the length that metadata says.
   */
  checkRows(
    blob: Uint8Array,
    metadata: VerifiedMetadata,
    verifiedRows: ReadonlySet<number>,
  ): Result<void, SizeFailure | ConsistencyFailure>;

  /**
   * The strict check of a decoded blob: encoded again, it has the blob ID. It alone rules out that
   * other slivers decode to other bytes.
   *
   * @throws {TypeError} When `blob` has not the length that is committed to.
   */
  checkBlobId(
    blob: BlobBytes,
    expected: BlobCommitment,
  ): Result<void, SizeFailure | MetadataFailure>;

  /** Expands a sliver to its whole row or column: what recovery symbols and proofs come from. */
  expandSliver(sliver: Sliver, shardCount: number): Result<ExpandedSliver, SliverFailure>;

  /** Checks that `symbol` is a cell of `target` and that its source sliver's hash proves it. */
  verifyRecoverySymbol(
    symbol: RecoverySymbol,
    target: SliverTarget,
    metadata: VerifiedMetadata,
  ): Result<void, SizeFailure | SymbolFailure>;

  /**
   * Rebuilds `target` from symbols taken from slivers of the other axis and checks it against
   * metadata. Symbols need no proofs: a lying one makes the last check fail with
   * `sliver-hash-mismatch`.
   */
  recoverSliver(
    target: SliverTarget,
    symbols: readonly DecodingSymbol[],
    metadata: VerifiedMetadata,
  ): Result<Sliver, CodecFailure>;
}

/** Makes a codec from the compiled kernel. Cheap; one for each isolate is enough. */
export function createCodec(module: WebAssembly.Module): Codec {
  const pool = new KernelPool(module);
  const zeroRows = new ZeroRowHashes();
  return {
    hash: (bytes) => pool.with((kernel) => hashWith(kernel, bytes)),
    metadata: (blob, shardCount) => metadataOf(pool, blob, shardCount),
    encode: (blob, shardCount) => encodeBlob(pool, blob, shardCount),
    decode(slivers, metadata) {
      const { shardCount, unencodedBytes } = metadata;
      const symbolBytes = symbolBytesInMemory(unencodedBytes, shardCount);
      if (!symbolBytes.ok) return symbolBytes;
      return pool.with((kernel) =>
        decodeBlob(kernel, slivers, shardCount, symbolBytes.value, unencodedBytes),
      );
    },
    verifyMetadata: (metadata, blobId) =>
      pool.with((kernel) => verifyMetadata(kernel, metadata, blobId)),
    verifySliver: (sliver, metadata) =>
      pool.with((kernel) => verifySliver(kernel, sliver, metadata)),
    zeroRowHash(shardCount, symbolBytes) {
      assertSymbolBytes(symbolBytes);
      encodingParameters(shardCount);
      return pool.with((kernel) => zeroRows.of(kernel, shardCount, symbolBytes));
    },
    checkPaddingRows: (metadata) =>
      pool.with((kernel) => checkPaddingRows(kernel, zeroRows, metadata)),
    checkRows: (blob, metadata, verifiedRows) =>
      pool.with((kernel) => checkRows(kernel, zeroRows, blob, metadata, verifiedRows)),
    checkBlobId: (blob, expected) => checkBlobId(pool, blob, expected),
    expandSliver(sliver, shardCount) {
      const shape = checkSliverShape(sliver, shardCount, sliver.symbolBytes);
      if (!shape.ok) return shape;
      return pool.with((kernel) => ok(expandSliver(kernel, sliver, shardCount)));
    },
    verifyRecoverySymbol: (symbol, target, metadata) =>
      pool.with((kernel) => verifyRecoverySymbol(kernel, symbol, target, metadata)),
    recoverSliver: (target, symbols, metadata) =>
      pool.with((kernel) => recoverSliver(kernel, target, symbols, metadata)),
  };
}

function metadataOf(
  pool: KernelPool,
  blob: BlobBytes,
  shardCount: number,
): Result<VerifiedMetadata, SizeFailure> {
  const { chunks, unencodedBytes } = chunksOf(blob);
  const bytesMax = IN_MEMORY_METADATA_BLOB_BYTES_MAX;
  const symbolBytes = symbolBytesInMemory(unencodedBytes, shardCount, bytesMax);
  if (!symbolBytes.ok) return symbolBytes;
  const parameters = encodingParameters(shardCount);
  const { primaryCount, faultyCount } = parameters;
  const { value } = symbolBytes;
  const parts = primaryCount * faultyCount * value > WHOLE_PARITY_BYTES_MAX ? 2 : 1;
  const together = Math.ceil(faultyCount / parts);
  return pool.with((kernel) =>
    ok(hashMatrix(new MessageMatrix(kernel, chunks, unencodedBytes, parameters, value, together))),
  );
}

function encodeBlob(
  pool: KernelPool,
  blob: BlobBytes,
  shardCount: number,
): Result<EncodedBlob, SizeFailure> {
  const { chunks, unencodedBytes } = chunksOf(blob);
  const symbolBytes = symbolBytesInMemory(unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const parameters = encodingParameters(shardCount);
  const { value } = symbolBytes;
  return ok(
    encodeMatrix(new MessageMatrix(pool.take(), chunks, unencodedBytes, parameters, value)),
  );
}

function checkBlobId(
  pool: KernelPool,
  blob: BlobBytes,
  { blobId, unencodedBytes, shardCount }: BlobCommitment,
): Result<void, SizeFailure | MetadataFailure> {
  const given = chunksOf(blob).unencodedBytes;
  if (given !== unencodedBytes) {
    throw new TypeError(`Cannot check blob: expected ${unencodedBytes} bytes, got ${given}`);
  }
  const actual = metadataOf(pool, blob, shardCount);
  if (!actual.ok) return actual;
  if (equalBytes(actual.value.blobId, blobId)) return ok(undefined);
  return err({
    kind: "blob-id-mismatch",
    expectedBlobId: blobId.slice(),
    actualBlobId: actual.value.blobId,
  });
}

function chunksOf(blob: BlobBytes): Exclude<BlobBytes, Uint8Array> {
  return blob instanceof Uint8Array ? { chunks: [blob], unencodedBytes: blob.length } : blob;
}

function assertSymbolBytes(symbolBytes: number): void {
  const isEven = symbolBytes % 2 === 0;
  if (!(isEven && symbolBytes > 0 && symbolBytes <= SYMBOL_BYTES_MAX)) {
    throw new RangeError(
      `Cannot hash row: expected an even symbol size up to ${SYMBOL_BYTES_MAX}, got ${symbolBytes}`,
    );
  }
}

function hashWith(kernel: Kernel, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const target = kernel.reserve(DIGEST_BYTES);
  kernel.hashBytes(target, kernel.place(bytes), bytes.length);
  return kernel.read(target, DIGEST_BYTES);
}

/** B for a blob that is to be held in memory as a whole. */
function symbolBytesInMemory(
  unencodedBytes: number,
  shardCount: number,
  unencodedBytesMax: number = IN_MEMORY_BLOB_BYTES_MAX,
): Result<number, SizeFailure> {
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (symbolBytes.ok && unencodedBytes > unencodedBytesMax) {
    return err({ kind: "blob-exceeds-memory", unencodedBytes, unencodedBytesMax });
  }
  return symbolBytes;
}
