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
import type {
  EncodedQuilt,
  QuiltFailure,
  QuiltIndex,
  QuiltPatchEntry,
  QuiltPatchInput,
} from "./types.ts";

const TAGS_BYTES_MAX = 65_535;

/** A patch before it is laid out: everything but its data. */
export interface QuiltPatchShape {
  readonly identifier: string;
  readonly byteCount: number;
  readonly tags?: ReadonlyMap<string, string>;
}

/** What fills columns from the top of the first one on: bytes made here, then data of a patch. */
export interface QuiltPiece {
  readonly startIndex: number;
  readonly head: Uint8Array;
  /** Position of the patch among those given; `null` for the index, which has no data. */
  readonly patch: number | null;
  readonly dataBytes: number;
}

/** A quilt before its bytes are put together. */
export interface QuiltPlan {
  readonly symbolBytes: number;
  /** S·B */
  readonly rowBytes: number;
  /** P·B */
  readonly columnBytes: number;
  /** P·S·B */
  readonly quiltBytes: number;
  readonly index: QuiltIndex;
  readonly pieces: readonly QuiltPiece[];
}

/** Lays patches out over `shardCount` shards, however large, without their data. */
export function planQuilt(
  patches: readonly QuiltPatchShape[],
  shardCount: number,
): Result<QuiltPlan, QuiltFailure> {
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  if (patches.length === 0) return err({ kind: "quilt-empty" });
  const sorted = sortPatches(patches);
  if (!sorted.ok) return sorted;
  // End indices have a fixed width, so the index is sized before they are known.
  const draft = encodeIndex(sorted.value.map((patch) => ({ ...patch, endIndex: 0 })));
  const sizes = [
    INDEX_PREFIX_BYTES + draft.length,
    ...sorted.value.map((patch) => patch.prefix.length + patch.byteCount),
  ];
  const symbolBytes = quiltSymbolBytes(sizes, secondaryCount, primaryCount);
  if (!symbolBytes.ok) return symbolBytes;
  const columnBytes = primaryCount * symbolBytes.value;
  const [indexColumns = 0, ...patchColumns] = sizes.map((size) => Math.ceil(size / columnBytes));
  let column = indexColumns;
  const entries: QuiltPatchEntry[] = sorted.value.map(({ identifier, tags }, position) => {
    const startIndex = column;
    column += patchColumns[position] ?? 0;
    return { identifier, tags, startIndex, endIndex: column };
  });
  const indexHead = concatBytes(indexPrefix(draft.length), encodeIndex(entries));
  return ok({
    symbolBytes: symbolBytes.value,
    rowBytes: secondaryCount * symbolBytes.value,
    columnBytes,
    quiltBytes: columnBytes * secondaryCount,
    index: { columnCount: indexColumns, patches: entries },
    pieces: [
      { startIndex: 0, head: indexHead, patch: null, dataBytes: 0 },
      ...sorted.value.map(({ prefix, position, byteCount }, index) => ({
        startIndex: entries[index]?.startIndex ?? 0,
        head: prefix,
        patch: position,
        dataBytes: byteCount,
      })),
    ],
  });
}

/** Lays `patches` out as one blob over `shardCount` shards, in memory. */
export function encodeQuilt(
  patches: readonly QuiltPatchInput[],
  shardCount: number,
): Result<EncodedQuilt, QuiltFailure> {
  const shapes = patches.map(({ data, ...patch }) => ({ ...patch, byteCount: data.length }));
  const plan = planQuilt(shapes, shardCount);
  if (!plan.ok) return plan;
  const { quiltBytes, symbolBytes, index, rowBytes } = plan.value;
  if (quiltBytes > IN_MEMORY_BLOB_BYTES_MAX) {
    const quiltBytesMax = IN_MEMORY_BLOB_BYTES_MAX;
    return err({ kind: "quilt-exceeds-memory", quiltBytes, quiltBytesMax });
  }
  const blob = new Uint8Array(quiltBytes);
  for (const part of partsOfRows(plan.value, 0, quiltBytes / rowBytes)) {
    const data = part.patch === null ? undefined : patches[part.patch]?.data;
    placePart(plan.value, blob, part, part.head, 0);
    if (data === undefined) continue;
    const { dataOffset, dataBytes, head } = part;
    placePart(
      plan.value,
      blob,
      part,
      data.subarray(dataOffset, dataOffset + dataBytes),
      head.length,
    );
  }
  return ok({ blob, symbolBytes, index });
}

/** What one column holds of consecutive rows: bytes of a head, then bytes of a patch's data. */
export interface QuiltColumnPart {
  readonly column: number;
  readonly head: Uint8Array;
  readonly patch: number | null;
  readonly dataOffset: number;
  readonly dataBytes: number;
}

/** All that is not zero in `rowCount` rows from `firstRow` on. */
export function* partsOfRows(
  plan: QuiltPlan,
  firstRow: number,
  rowCount: number,
): Generator<QuiltColumnPart> {
  const { symbolBytes, columnBytes } = plan;
  for (const { startIndex, head, patch, dataBytes } of plan.pieces) {
    const pieceBytes = head.length + dataBytes;
    for (let done = 0; done < pieceBytes; done += columnBytes) {
      const start = done + firstRow * symbolBytes;
      const end = Math.min(pieceBytes, start + rowCount * symbolBytes);
      if (start >= end) continue;
      const dataStart = Math.max(0, start - head.length);
      yield {
        column: startIndex + done / columnBytes,
        head: head.subarray(start, end),
        patch,
        dataOffset: dataStart,
        dataBytes: Math.max(0, end - head.length) - dataStart,
      };
    }
  }
}

/** Puts bytes of one column, `offset` below the first of the rows, into those rows. */
export function placePart(
  { rowBytes, symbolBytes }: QuiltPlan,
  rows: Uint8Array,
  { column }: Pick<QuiltColumnPart, "column">,
  bytes: Uint8Array,
  offset: number,
): void {
  for (let done = 0; done < bytes.length;) {
    const within = (offset + done) % symbolBytes;
    const row = Math.floor((offset + done) / symbolBytes);
    const part = bytes.subarray(done, done + symbolBytes - within);
    rows.set(part, row * rowBytes + column * symbolBytes + within);
    done += part.length;
  }
}

interface PreparedPatch {
  readonly identifier: string;
  readonly identifierBytes: Uint8Array;
  readonly tags: ReadonlyMap<string, string>;
  readonly byteCount: number;
  /** Among the patches given. */
  readonly position: number;
  /** Header, identifier and tags: what precedes the data. */
  readonly prefix: Uint8Array;
}

/** Checks patches and puts them into the order of their identifiers' UTF-8 bytes. */
function sortPatches(patches: readonly QuiltPatchShape[]): Result<PreparedPatch[], QuiltFailure> {
  const prepared: PreparedPatch[] = [];
  const identifiers = new Set<string>();
  for (const [position, patch] of patches.entries()) {
    const { identifier, byteCount, tags = new Map<string, string>() } = patch;
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
      byteCount,
      position,
      prefix: patchPrefix(identifier, tags, byteCount),
    });
  }
  return ok(prepared.sort((a, b) => compareBytes(a.identifierBytes, b.identifierBytes)));
}

function patchPrefix(
  identifier: string,
  tags: ReadonlyMap<string, string>,
  dataBytes: number,
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
    .u32(rest.length + dataBytes)
    .u8(tags.size > 0 ? MASK_TAGS : 0)
    .finish();
  return concatBytes(header, rest);
}

function indexPrefix(indexBytes: number): Uint8Array {
  return new BcsWriter(INDEX_PREFIX_BYTES).u8(QUILT_VERSION_1).u32(indexBytes).finish();
}
