/**
 * Reads quilts from their columns, that is from verified secondary slivers. Pure.
 *
 * Every length is hostile until it has been compared with the bytes there are. Source:
 * `quilt_encoding.rs::QuiltVersionV1`, `QuiltDecoderV1`.
 */
import { type BcsReader, readBcs } from "../../bcs/reader.ts";
import { concatBytes } from "../../bytes/arrays.ts";
import { err, ok, type Result } from "../../result.ts";
import { MASK_TAGS, PATCH_HEADER_BYTES, QUILT_VERSION_1, readTags, readText } from "./layout.ts";
import { INDEX_COLUMNS_MAX, INDEX_PREFIX_BYTES } from "./symbol-size.ts";
import type { QuiltFailure, QuiltIndex, QuiltPatch, QuiltPatchEntry } from "./types.ts";

/** Fewest bytes of an index entry: end index, identifier of one byte, empty tag map. */
const ENTRY_BYTES_MIN = 5;

/**
 * The index from columns 0 … of the quilt.
 *
 * One column is enough to start: when more are needed, the failure `quilt-columns-missing` says
 * how many.
 */
export function decodeQuiltIndex(columns: readonly Uint8Array[]): Result<QuiltIndex, QuiltFailure> {
  const joined = joinColumns(columns);
  if (!joined.ok) return joined;
  const bytes = joined.value;
  const columnBytes = columns[0]?.length ?? 0;
  if (bytes.length < INDEX_PREFIX_BYTES) return malformed("index", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== QUILT_VERSION_1) return err({ kind: "quilt-version-unsupported", version });
  const end = INDEX_PREFIX_BYTES + view.getUint32(1, true);
  if (end > INDEX_COLUMNS_MAX * columnBytes) return malformed("index", 1);
  const columnCount = Math.ceil(end / columnBytes);
  if (end > bytes.length) {
    return err({ kind: "quilt-columns-missing", columnCount, givenCount: columns.length });
  }
  const patches = readBcs("QuiltIndexV1", bytes.subarray(INDEX_PREFIX_BYTES, end), (reader) =>
    readEntries(reader, columnCount),
  );
  if (!patches.ok) return malformed("index", INDEX_PREFIX_BYTES + patches.failure.offset);
  return ok({ columnCount, patches: patches.value });
}

/** A patch from all of its columns, startIndex … endIndex - 1, in order. */
export function decodeQuiltPatch(columns: readonly Uint8Array[]): Result<QuiltPatch, QuiltFailure> {
  const joined = joinColumns(columns);
  if (!joined.ok) return joined;
  const bytes = joined.value;
  if (bytes.length < PATCH_HEADER_BYTES) return malformed("patch", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== QUILT_VERSION_1) return err({ kind: "quilt-version-unsupported", version });
  const end = PATCH_HEADER_BYTES + view.getUint32(1, true);
  const hasTags = (view.getUint8(5) & MASK_TAGS) !== 0;
  if (end > bytes.length) {
    const columnCount = Math.ceil(end / (columns[0]?.length ?? 1));
    return err({ kind: "quilt-columns-missing", columnCount, givenCount: columns.length });
  }
  const patch = readBcs("QuiltPatch", bytes.subarray(PATCH_HEADER_BYTES, end), (reader) => {
    const identifier = readSized(reader, readText);
    const tags = hasTags ? readSized(reader, readTags) : new Map<string, string>();
    return { identifier, tags, data: reader.fixed(reader.remaining) };
  });
  return patch.ok ? patch : malformed("patch", PATCH_HEADER_BYTES + patch.failure.offset);
}

function readEntries(reader: BcsReader, indexColumns: number): QuiltPatchEntry[] {
  const entries: QuiltPatchEntry[] = [];
  let startIndex = indexColumns;
  for (let count = reader.length(ENTRY_BYTES_MIN); count > 0; count--) {
    const offset = reader.offset;
    const endIndex = reader.u16();
    if (endIndex <= startIndex) reader.fail("bad-tag", offset);
    const identifier = readText(reader);
    entries.push({ identifier, tags: readTags(reader), startIndex, endIndex });
    startIndex = endIndex;
  }
  return entries;
}

/** A value behind a u16 that must be exactly its size. */
function readSized<T>(reader: BcsReader, read: (reader: BcsReader) => T): T {
  const size = reader.u16();
  const start = reader.offset;
  const value = read(reader);
  if (reader.offset - start !== size) reader.fail("bad-length", start);
  return value;
}

function joinColumns(columns: readonly Uint8Array[]): Result<Uint8Array, QuiltFailure> {
  const [first] = columns;
  if (first === undefined) {
    return err({ kind: "quilt-columns-missing", columnCount: 1, givenCount: 0 });
  }
  const odd = columns.findIndex((column) => column.length !== first.length);
  if (odd >= 0) return err({ kind: "quilt-column-size-mismatch", columnIndex: odd });
  return ok(columns.length === 1 ? first : concatBytes(...columns));
}

function malformed(part: "index" | "patch", offset: number): Result<never, QuiltFailure> {
  return err({ kind: "quilt-malformed", part, offset });
}
