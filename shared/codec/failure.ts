/** What may go wrong in the codec without a bug of the caller: data, never prose. */
import type { SliverAxis } from "./types.ts";

/** The blob has no encoding at all, or none within memory. */
export type SizeFailure =
  | {
      /** Larger than the protocol can encode at this shard count. */
      readonly kind: "blob-exceeds-protocol";
      readonly unencodedBytes: number;
      readonly unencodedBytesMax: number;
      readonly shardCount: number;
    }
  | {
      /** Encodable, but what was asked for is not done in memory for blobs as large. */
      readonly kind: "blob-exceeds-memory";
      readonly unencodedBytes: number;
      readonly unencodedBytesMax: number;
    };

/** Bytes that are not the BCS layout they should be. */
export type LayoutFailure =
  | {
      readonly kind: "malformed-bcs";
      /** The structure that was being read. */
      readonly layout: string;
      /** Offset of the byte at which reading failed. */
      readonly offset: number;
      readonly reason: "too-short" | "too-long" | "bad-length" | "bad-tag";
    }
  | { readonly kind: "unsupported-encoding-type"; readonly encodingType: number }
  | {
      readonly kind: "unsupported-shard-count";
      readonly shardCount: number;
      readonly shardCountMin: number;
      readonly shardCountMax: number;
    };

/** Metadata that does not belong to its blob ID. */
export type MetadataFailure =
  | {
      readonly kind: "blob-id-mismatch";
      readonly expectedBlobId: Uint8Array;
      readonly actualBlobId: Uint8Array;
    }
  | { readonly kind: "empty-sliver-hash"; readonly pairIndex: number };

/** A sliver that is not the one its metadata commits to. */
export type SliverFailure =
  | {
      readonly kind: "sliver-index-out-of-range";
      readonly axis: SliverAxis;
      readonly sliverIndex: number;
      readonly shardCount: number;
    }
  | {
      readonly kind: "symbol-size-mismatch";
      readonly expectedBytes: number;
      readonly actualBytes: number;
    }
  | {
      readonly kind: "sliver-length-mismatch";
      readonly axis: SliverAxis;
      readonly sliverIndex: number;
      readonly expectedBytes: number;
      readonly actualBytes: number;
    }
  | {
      readonly kind: "sliver-hash-mismatch";
      readonly axis: SliverAxis;
      readonly sliverIndex: number;
    };

/** Too little left to decode from. */
export type DecodeFailure =
  | {
      /** Neither P usable primary nor S usable secondary slivers; duplicates count once. */
      readonly kind: "not-enough-slivers";
      readonly primaryUsable: number;
      readonly primaryRequired: number;
      readonly secondaryUsable: number;
      readonly secondaryRequired: number;
    }
  | {
      /** Too few distinct symbols for one sliver. */
      readonly kind: "not-enough-symbols";
      readonly usable: number;
      readonly required: number;
    };

/** A blob whose writer encoded something else than this blob: no honest reader accepts it. */
export type ConsistencyFailure =
  | {
      /** The row of the decoded blob does not hash to what metadata says. */
      readonly kind: "row-inconsistent";
      readonly rowIndex: number;
    }
  | {
      /** Something else than zeros follows the blob's last byte. */
      readonly kind: "padding-not-zero";
      readonly rowIndex: number;
    };

/** A recovery symbol that does not prove what it should. */
export type SymbolFailure =
  | {
      readonly kind: "symbol-index-out-of-range";
      readonly which: "source" | "target";
      readonly index: number;
      readonly shardCount: number;
    }
  | {
      readonly kind: "symbol-length-mismatch";
      readonly expectedBytes: number;
      readonly actualBytes: number;
    }
  | {
      /** A sound cell, but not one of the sliver asked for. */
      readonly kind: "symbol-not-usable";
      readonly axis: SliverAxis;
      readonly sliverIndex: number;
    }
  | {
      readonly kind: "proof-length-mismatch";
      readonly expectedLength: number;
      readonly actualLength: number;
    }
  | { readonly kind: "proof-mismatch"; readonly sourceIndex: number; readonly targetIndex: number };

/** Every expected failure of the codec proper. Quilts have their own: `QuiltFailure`. */
export type CodecFailure =
  | SizeFailure
  | LayoutFailure
  | MetadataFailure
  | SliverFailure
  | DecodeFailure
  | SymbolFailure;
