/**
 * BCS pieces of quilts: the index, patch headers and tag maps. Pure.
 *
 * Maps are sorted by the serialised key, whose first byte is the length: shorter keys come first.
 */
import type { BcsReader } from "../../bcs/reader.ts";
import { BcsWriter } from "../../bcs/writer.ts";
import { utf8Bytes } from "../../bytes/arrays.ts";
import type { QuiltPatchEntry } from "./types.ts";

/** Version byte of index and patches. */
export const QUILT_VERSION_1 = 1;

/** version ‖ length u32 ‖ mask */
export const PATCH_HEADER_BYTES = 6;

/** Mask bit: the patch carries tags. */
export const MASK_TAGS = 1;

const NO_TAGS: ReadonlyMap<string, string> = new Map();

/** Compares byte strings as Rust does. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const common = Math.min(left.length, right.length);
  for (let index = 0; index < common; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** BCS of a string. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return new BcsWriter().bytes(utf8Bytes(text)).finish();
}

/** BCS of a tag map. */
export function encodeTags(tags: ReadonlyMap<string, string> = NO_TAGS): Uint8Array<ArrayBuffer> {
  const entries = [...tags]
    .map(([key, value]) => ({ key: encodeText(key), value: encodeText(value) }))
    .sort((a, b) => compareBytes(a.key, b.key));
  const writer = new BcsWriter().uleb(entries.length);
  for (const { key, value } of entries) writer.fixed(key).fixed(value);
  return writer.finish();
}

/** BCS of QuiltIndexV1. */
export function encodeIndex(
  entries: readonly Omit<QuiltPatchEntry, "startIndex">[],
): Uint8Array<ArrayBuffer> {
  const writer = new BcsWriter().uleb(entries.length);
  for (const { endIndex, identifier, tags } of entries) {
    writer.u16(endIndex).fixed(encodeText(identifier)).fixed(encodeTags(tags));
  }
  return writer.finish();
}

/** Reads a string; refuses what is not UTF-8. */
export function readText(reader: BcsReader): string {
  const offset = reader.offset;
  const bytes = reader.bytes();
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return reader.fail("bad-tag", offset);
  }
}

/** Reads a tag map; refuses unsorted or repeated keys, as BCS demands. */
export function readTags(reader: BcsReader): Map<string, string> {
  const tags = new Map<string, string>();
  let previous: Uint8Array | null = null;
  for (let count = reader.length(2); count > 0; count--) {
    const offset = reader.offset;
    const key = readText(reader);
    const keyBytes = encodeText(key);
    if (previous !== null && compareBytes(previous, keyBytes) >= 0) reader.fail("bad-tag", offset);
    previous = keyBytes;
    tags.set(key, readText(reader));
  }
  return tags;
}
