/**
 * Lays patches out as a quilt (`quilt_encoding.rs::QuiltEncoderV1::construct_quilt`). Pure.
 *
 * Every piece starts at the top of a column of P·B bytes; column c is the bytes of secondary
 * sliver c, which lie B at a time in each row of the blob.
 */
import { concatBytes, utf8Bytes } from "../../bytes/arrays.ts";
import { BcsWriter } from "../../bcs/writer.ts";
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import { encodingParameters } from "../parameters.ts";
import { checkQuiltIdentifier } from "./identifier.ts";
import {
  compareBytes,
  encodeIndex,
  encodeTags,
  encodeText,
  MASK_TAGS,
  PATCH_HEADER_BYTES,
  QUILT_VERSION_1,
} from "./layout.ts";
import { INDEX_PREFIX_BYTES, quiltSymbolBytes } from "./symbol-size.ts";
import type { EncodedQuilt, QuiltFailure, QuiltPatchEntry, QuiltPatchInput } from "./types.ts";

const TAGS_BYTES_MAX = 65_535;

/** Lays `patches` out as one blob over `shardCount` shards. */
export function encodeQuilt(
  patches: readonly QuiltPatchInput[],
  shardCount: number,
): Result<EncodedQuilt, QuiltFailure> {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  if (patches.length === 0) return err({ kind: "quilt-empty" });
  const sorted = sortPatches(patches);
  if (!sorted.ok) return sorted;
  // End indices have a fixed width, so the index is sized before they are known.
  const draft = encodeIndex(sorted.value.map((patch) => ({ ...patch, endIndex: 0 })));
  const sizes = [
    INDEX_PREFIX_BYTES + draft.length,
    ...sorted.value.map((patch) => patch.prefix.length + patch.data.length),
  ];
  const symbolBytes = quiltSymbolBytes(sizes, secondaryCount, primaryCount);
  if (!symbolBytes.ok) return symbolBytes;
  const rowBytes = secondaryCount * symbolBytes.value;
  const quiltBytes = primaryCount * rowBytes;
  if (quiltBytes > IN_MEMORY_BLOB_BYTES_MAX) {
    return err({
      kind: "quilt-exceeds-memory",
      quiltBytes,
      quiltBytesMax: IN_MEMORY_BLOB_BYTES_MAX,
    });
  }
  const columnBytes = primaryCount * symbolBytes.value;
  const [indexColumns = 0, ...patchColumns] = sizes.map((size) => Math.ceil(size / columnBytes));
  let column = indexColumns;
  const entries: QuiltPatchEntry[] = sorted.value.map(({ identifier, tags }, position) => {
    const startIndex = column;
    column += patchColumns[position] ?? 0;
    return { identifier, tags, startIndex, endIndex: column };
  });
  const blob = new Uint8Array(quiltBytes);
  const grid = { blob, rowBytes, columnBytes, symbolBytes: symbolBytes.value };
  writeColumns(grid, 0, [indexPrefix(draft.length), encodeIndex(entries)]);
  sorted.value.forEach(({ prefix, data }, position) => {
    writeColumns(grid, entries[position]?.startIndex ?? 0, [prefix, data]);
  });
  const index = { columnCount: indexColumns, patches: entries };
  return ok({ blob, symbolBytes: symbolBytes.value, index });
}

interface PreparedPatch {
  readonly identifier: string;
  readonly identifierBytes: Uint8Array;
  readonly tags: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
  /** Header, identifier and tags: what precedes the data. */
  readonly prefix: Uint8Array;
}

/** Checks patches and puts them into the order of their identifiers' UTF-8 bytes. */
function sortPatches(patches: readonly QuiltPatchInput[]): Result<PreparedPatch[], QuiltFailure> {
  const prepared: PreparedPatch[] = [];
  const identifiers = new Set<string>();
  for (const { identifier, data, tags = new Map<string, string>() } of patches) {
    const checked = checkQuiltIdentifier(identifier);
    if (!checked.ok) return checked;
    if (identifiers.has(identifier)) return err({ kind: "quilt-identifier-duplicate", identifier });
    identifiers.add(identifier);
    const tagsBytes = encodeTags(tags).length;
    if (tagsBytes > TAGS_BYTES_MAX) {
      return err({
        kind: "quilt-tags-too-large",
        identifier,
        tagsBytes,
        tagsBytesMax: TAGS_BYTES_MAX,
      });
    }
    const identifierBytes = utf8Bytes(identifier);
    prepared.push({
      identifier,
      identifierBytes,
      tags,
      data,
      prefix: patchPrefix(identifier, tags, data),
    });
  }
  return ok(prepared.sort((a, b) => compareBytes(a.identifierBytes, b.identifierBytes)));
}

function patchPrefix(
  identifier: string,
  tags: ReadonlyMap<string, string>,
  data: Uint8Array,
): Uint8Array {
  const name = encodeText(identifier);
  const extension = new BcsWriter().u16(name.length).fixed(name);
  if (tags.size > 0) {
    const encoded = encodeTags(tags);
    extension.u16(encoded.length).fixed(encoded);
  }
  const rest = extension.finish();
  const header = new BcsWriter(PATCH_HEADER_BYTES)
    .u8(QUILT_VERSION_1)
    .u32(rest.length + data.length)
    .u8(tags.size > 0 ? MASK_TAGS : 0)
    .finish();
  return concatBytes(header, rest);
}

function indexPrefix(indexBytes: number): Uint8Array {
  return new BcsWriter(INDEX_PREFIX_BYTES).u8(QUILT_VERSION_1).u32(indexBytes).finish();
}

interface ColumnGrid {
  readonly blob: Uint8Array;
  readonly rowBytes: number;
  readonly columnBytes: number;
  readonly symbolBytes: number;
}

/** Writes `parts` one after the other down the columns from `startIndex` on. */
function writeColumns(grid: ColumnGrid, startIndex: number, parts: readonly Uint8Array[]): void {
  const { blob, rowBytes, columnBytes, symbolBytes } = grid;
  let offset = startIndex * columnBytes;
  for (const part of parts) {
    for (let done = 0; done < part.length;) {
      const column = Math.floor(offset / columnBytes);
      const row = Math.floor((offset % columnBytes) / symbolBytes);
      const within = offset % symbolBytes;
      const take = Math.min(symbolBytes - within, part.length - done);
      const target = row * rowBytes + column * symbolBytes + within;
      blob.set(part.subarray(done, done + take), target);
      done += take;
      offset += take;
    }
  }
}
