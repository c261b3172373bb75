/**
 * The words of quilts: many small blobs (patches) in the columns of one blob, format version 1.
 *
 * A patch lies in consecutive secondary slivers [startIndex, endIndex) of the quilt, its index in
 * the first ones. Source: `walrus-core encoding/quilt_encoding.rs`, `metadata.rs::QuiltIndexV1`.
 */

/** One blob to put into a quilt. */
export interface QuiltPatchInput {
  /** Unique within the quilt; see `checkQuiltIdentifier`. */
  readonly identifier: string;
  readonly data: Uint8Array;
  readonly tags?: ReadonlyMap<string, string>;
}

/** A patch as the index knows it. */
export interface QuiltPatchEntry {
  readonly identifier: string;
  readonly tags: ReadonlyMap<string, string>;
  /** First secondary sliver. */
  readonly startIndex: number;
  /** One past the last secondary sliver. */
  readonly endIndex: number;
}

/** A patch read from its own slivers. */
export interface QuiltPatch {
  readonly identifier: string;
  readonly tags: ReadonlyMap<string, string>;
  /** A view of the joined columns. */
  readonly data: Uint8Array;
}

/** The table of contents of a quilt. */
export interface QuiltIndex {
  /** Secondary slivers the index takes. */
  readonly columnCount: number;
  /** In the order stored: by the UTF-8 bytes of the identifier. */
  readonly patches: readonly QuiltPatchEntry[];
}

/** A quilt laid out as a blob, to be stored like any other. */
export interface EncodedQuilt {
  /** P·S·B bytes. */
  readonly blob: Uint8Array<ArrayBuffer>;
  readonly symbolBytes: number;
  readonly index: QuiltIndex;
}

/** Names one patch of one quilt. */
export interface QuiltPatchId {
  /** 32 bytes. */
  readonly quiltId: Uint8Array;
  readonly startIndex: number;
  readonly endIndex: number;
}

/** What is wrong with an identifier. */
export type QuiltIdentifierReason =
  | "empty"
  | "too-long"
  | "trailing-whitespace"
  | "control-character"
  | "not-unicode";

/** What may go wrong with a quilt without a bug of the caller. */
export type QuiltFailure =
  | { readonly kind: "quilt-empty" }
  | {
      readonly kind: "quilt-too-many-patches";
      readonly patchCount: number;
      readonly patchCountMax: number;
    }
  | {
      /** No legal symbol size holds these patches. */
      readonly kind: "quilt-too-large";
      readonly symbolBytes: number;
      readonly symbolBytesMax: number;
    }
  | {
      readonly kind: "quilt-exceeds-memory";
      readonly quiltBytes: number;
      readonly quiltBytesMax: number;
    }
  | {
      readonly kind: "quilt-identifier-invalid";
      readonly identifier: string;
      readonly reason: QuiltIdentifierReason;
    }
  | { readonly kind: "quilt-identifier-duplicate"; readonly identifier: string }
  | {
      readonly kind: "quilt-tags-too-large";
      readonly identifier: string;
      readonly tagsBytes: number;
      readonly tagsBytesMax: number;
    }
  | { readonly kind: "quilt-version-unsupported"; readonly version: number }
  | {
      /** Reading needs more columns than were given. */
      readonly kind: "quilt-columns-missing";
      readonly columnCount: number;
      readonly givenCount: number;
    }
  | { readonly kind: "quilt-column-size-mismatch"; readonly columnIndex: number }
  | {
      /** Bytes that contradict themselves. */
      readonly kind: "quilt-malformed";
      readonly part: "index" | "patch";
      readonly offset: number;
    };
