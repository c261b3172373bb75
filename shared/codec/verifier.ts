/**
 * Whether metadata, slivers and symbols are what a blob ID commits to; each lie its own failure.
 *
 * Sources: `walrus-core metadata.rs::UnverifiedBlobMetadataWithId::verify`, `encoding/slivers.rs`,
 * `encoding/symbols.rs::GeneralRecoverySymbol::verify`.
 */
import { equalBytes } from "../bytes/arrays.ts";
import { SYMBOL_BYTES_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { decodeSliverData } from "./blob-decoder.ts";
import { sealMetadata } from "./blob-hasher.ts";
import type {
  CodecFailure,
  LayoutFailure,
  MetadataFailure,
  SizeFailure,
  SliverFailure,
  SymbolFailure,
} from "./failure.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { otherAxis } from "./mapping.ts";
import { proofLength, provesLeaf } from "./merkle.ts";
import { sliverHash } from "./metadata-layout.ts";
import { DIGEST_BYTES, sliverBytes, symbolBytesFor } from "./parameters.ts";
import { sliverRoot } from "./sliver-expander.ts";
import type {
  BlobMetadata,
  DecodingSymbol,
  RecoverySymbol,
  Sliver,
  SliverTarget,
  VerifiedMetadata,
} from "./types.ts";

/** Ties metadata to a blob ID. */
export function verifyMetadata(
  kernel: Kernel,
  metadata: BlobMetadata,
  blobId: Uint8Array,
): Result<VerifiedMetadata, SizeFailure | LayoutFailure | MetadataFailure> {
  const { shardCount, unencodedBytes, sliverHashes } = metadata;
  const hashBytes = shardCount * 2 * DIGEST_BYTES;
  if (sliverHashes.length !== hashBytes) {
    throw new TypeError(
      `Cannot verify metadata: expected ${hashBytes} bytes of hashes, got ${sliverHashes.length}`,
    );
  }
  const symbolBytes = symbolBytesFor(unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const sealed = sealMetadata(kernel, metadata);
  if (equalBytes(sealed.blobId, blobId)) return ok(sealed);
  return err({
    kind: "blob-id-mismatch",
    expectedBlobId: blobId.slice(),
    actualBlobId: sealed.blobId,
  });
}

/** Checks a sliver's shape, then its root. */
export function verifySliver(
  kernel: Kernel,
  sliver: Sliver,
  metadata: VerifiedMetadata,
): Result<void, SizeFailure | SliverFailure> {
  const { shardCount } = metadata;
  const symbolBytes = symbolBytesFor(metadata.unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const shape = checkSliverShape(sliver, shardCount, symbolBytes.value);
  if (!shape.ok) return shape;
  const { axis, sliverIndex } = sliver;
  const root = sliverRoot(kernel, sliver, shardCount);
  if (equalBytes(root, sliverHash(metadata, axis, sliverIndex))) return ok(undefined);
  return err({ kind: "sliver-hash-mismatch", axis, sliverIndex });
}

/** Checks everything about a sliver but its content. */
export function checkSliverShape(
  sliver: Sliver,
  shardCount: number,
  symbolBytes: number,
): Result<void, SliverFailure> {
  const { axis, sliverIndex, data } = sliver;
  if (!isIndex(sliverIndex, shardCount)) {
    return err({ kind: "sliver-index-out-of-range", axis, sliverIndex, shardCount });
  }
  const isLegal = symbolBytes > 0 && symbolBytes <= SYMBOL_BYTES_MAX && symbolBytes % 2 === 0;
  if (sliver.symbolBytes !== symbolBytes || !isLegal) {
    return err({
      kind: "symbol-size-mismatch",
      expectedBytes: symbolBytes,
      actualBytes: sliver.symbolBytes,
    });
  }
  const expectedBytes = sliverBytes(axis, symbolBytes, shardCount);
  if (data.length === expectedBytes) return ok(undefined);
  return err({
    kind: "sliver-length-mismatch",
    axis,
    sliverIndex,
    expectedBytes,
    actualBytes: data.length,
  });
}

/** Checks a cell's place and its proof against the hash of the sliver it came from. */
export function verifyRecoverySymbol(
  kernel: Kernel,
  symbol: RecoverySymbol,
  target: SliverTarget,
  metadata: VerifiedMetadata,
): Result<void, SizeFailure | SymbolFailure> {
  const { shardCount } = metadata;
  const symbolBytes = symbolBytesFor(metadata.unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const { sourceIndex, targetIndex, data, proof } = symbol;
  if (!isIndex(sourceIndex, shardCount)) {
    return err({
      kind: "symbol-index-out-of-range",
      which: "source",
      index: sourceIndex,
      shardCount,
    });
  }
  if (!isIndex(targetIndex, shardCount)) {
    return err({
      kind: "symbol-index-out-of-range",
      which: "target",
      index: targetIndex,
      shardCount,
    });
  }
  if (data.length !== symbolBytes.value) {
    return err({
      kind: "symbol-length-mismatch",
      expectedBytes: symbolBytes.value,
      actualBytes: data.length,
    });
  }
  if (orientSymbol(symbol, target) === null) return err({ kind: "symbol-not-usable", ...target });
  const expectedLength = proofLength(shardCount);
  if (proof.length !== expectedLength) {
    return err({ kind: "proof-length-mismatch", expectedLength, actualLength: proof.length });
  }
  const root = sliverHash(metadata, otherAxis(symbol.targetAxis), sourceIndex);
  if (provesLeaf(kernel, data, targetIndex, proof, root)) return ok(undefined);
  return err({ kind: "proof-mismatch", sourceIndex, targetIndex });
}

/**
 * The cell as a symbol of `target`, or `null` when it is not one of its cells.
 *
 * A cell lies in one row and one column, so it serves either: used the other way round, its index
 * in the code word is the index of the sliver it was offered for.
 */
export function orientSymbol(symbol: RecoverySymbol, target: SliverTarget): DecodingSymbol | null {
  const { targetAxis, sourceIndex, targetIndex, data } = symbol;
  const isDirect = targetAxis === target.axis;
  if ((isDirect ? targetIndex : sourceIndex) !== target.sliverIndex) return null;
  return {
    targetAxis: target.axis,
    sourceIndex: isDirect ? sourceIndex : targetIndex,
    data,
  };
}

/** Rebuilds one sliver and checks it. */
export function recoverSliver(
  kernel: Kernel,
  target: SliverTarget,
  symbols: readonly DecodingSymbol[],
  metadata: VerifiedMetadata,
): Result<Sliver, CodecFailure> {
  const { axis, sliverIndex } = target;
  const { shardCount } = metadata;
  if (!isIndex(sliverIndex, shardCount)) {
    return err({ kind: "sliver-index-out-of-range", axis, sliverIndex, shardCount });
  }
  const symbolBytes = symbolBytesFor(metadata.unencodedBytes, shardCount);
  if (!symbolBytes.ok) return symbolBytes;
  const data = decodeSliverData(kernel, axis, symbols, shardCount, symbolBytes.value);
  if (!data.ok) return data;
  const sliver = { axis, sliverIndex, symbolBytes: symbolBytes.value, data: data.value };
  const verified = verifySliver(kernel, sliver, metadata);
  return verified.ok ? ok(sliver) : verified;
}

function isIndex(index: number, shardCount: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < shardCount;
}
