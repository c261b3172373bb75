/**
 * Red Stuff, the erasure code of Walrus: the one door of the codec.
 *
 * Byte for byte what Walrus mainnet produces. Nothing outside `shared/codec` imports past this
 * file. Computation goes through `createCodec(module)`; layouts, sizes, mapping, text forms and
 * quilts are pure functions.
 */
export { createCodec, type Codec } from "./codec.ts";
export { loadKernel, type KernelFile } from "./kernel/load.ts";
export {
  decodingWorkingBytes,
  encodingWorkingBytes,
  metadataWorkingBytes,
} from "./working-bytes.ts";
export { createExternalCodec, type ExternalCodec } from "./external/external-codec.ts";
export {
  type ExternalCheckpoint,
  expandedBytesDone,
  firstCheckpoint,
  withGroup,
} from "./external/checkpoint.ts";
export {
  dataRowCount,
  type ExternalOptions,
  type ExternalPlan,
  groupAt,
  groupCountOf,
  workingBytesOf,
} from "./external/plan.ts";
export type { BlobSource, ExternalPorts, ScratchStore } from "./external/ports.ts";
export type {
  BlobBytes,
  BlobCommitment,
  BlobMetadata,
  DecodingSymbol,
  EncodedBlob,
  EncodingParameters,
  ExpandedSliver,
  MerkleProof,
  RecoverySymbol,
  Sliver,
  SliverAxis,
  SliverPair,
  SliverTarget,
  VerifiedMetadata,
} from "./types.ts";
export type {
  CodecFailure,
  ConsistencyFailure,
  DecodeFailure,
  LayoutFailure,
  MetadataFailure,
  SizeFailure,
  SliverFailure,
  SymbolFailure,
} from "./failure.ts";
export {
  encodedBlobBytes,
  encodingParameters,
  metadataBytes,
  sliverBytes,
  symbolBytesFor,
  unencodedBytesMax,
} from "./parameters.ts";
export {
  otherAxis,
  pairIndexOfShard,
  pairIndexOfSliver,
  shardIndexOfPair,
  sliverIndexOfPair,
} from "./mapping.ts";
export { checkRowPadding } from "./consistency.ts";
export { orientSymbol } from "./verifier.ts";
export { decodeSliver, encodedSliverBytes, encodeSliver, writeSliver } from "./sliver-layout.ts";
export {
  decodeMetadata,
  decodeMetadataWithId,
  encodeMetadata,
  encodeMetadataWithId,
  ENCODING_TYPE_RS2,
  type MetadataWithId,
} from "./metadata-layout.ts";
export {
  decodeDecodingSymbols,
  decodeRecoverySymbols,
  encodeDecodingSymbols,
  encodeRecoverySymbols,
  parseSymbolId,
  type SymbolId,
} from "./symbol-layout.ts";
export { blobIdFromU256, blobIdToU256, formatBlobId, parseBlobId } from "./blob-id.ts";
export { decodeQuiltIndex, decodeQuiltPatch } from "./quilt/decode.ts";
export {
  encodeQuilt,
  partsOfRows,
  placePart,
  planQuilt,
  type QuiltPatchShape,
  type QuiltPlan,
} from "./quilt/encode.ts";
export { formatPatchId, parsePatchId } from "./quilt/patch-id.ts";
export type {
  EncodedQuilt,
  QuiltFailure,
  QuiltIdentifierReason,
  QuiltIndex,
  QuiltPatch,
  QuiltPatchEntry,
  QuiltPatchId,
  QuiltPatchInput,
} from "./quilt/types.ts";
