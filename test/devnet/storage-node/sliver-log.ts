/**
 * Where a node keeps metadata and slivers: one append-only file and an index of it in memory, so
 * that stored bytes cost no heap. Without a path the file has no name and vanishes with the
 * process. Records are `kind u8, blob ID 32, pair u16le, axis u8, length u32le, bytes`.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64Url, toBase64Url } from "../../../shared/bytes/text.ts";
import type { SliverAxis } from "../../../shared/codec/index.ts";

const HEADER_BYTES = 40;
const RECORD_METADATA = 1;
const RECORD_SLIVER = 2;
const RECORD_DROP = 3;
const RECORD_DROP_SLIVER = 4;

/** Rewriting is worth it only when this much is dead and more than half of the file. */
const COMPACT_DEAD_BYTES_MIN = 64 * 1024 * 1024;

/** Place of a record's bytes in the file. */
interface Extent {
  readonly offset: number;
  readonly length: number;
}

interface Entry {
  metadata: Extent | null;
  /** By `sliverKey`. */
  readonly slivers: Map<number, Extent>;
}

const sliverKey = (pairIndex: number, axis: SliverAxis): number =>
  pairIndex * 2 + (axis === "primary" ? 0 : 1);

/** The store of one node. Synchronous: the page cache is fast and order then needs no thought. */
export class SliverLog {
  readonly #path: string | null;
  #file: number;
  #index = new Map<string, Entry>();
  #endOffset = 0;
  #deadBytes = 0;

  /** Opens `path`, reading what an earlier run left there, or a nameless temporary file. */
  constructor(path: string | null) {
    this.#path = path;
    this.#file = path === null ? openNameless() : openSync(path, "a+");
    if (path === null) return;
    this.#load();
  }

  /** Blobs something is stored of. */
  blobKeys(): IterableIterator<string> {
    return this.#index.keys();
  }

  /** Bytes of the file, dead ones included. */
  get fileBytes(): number {
    return this.#endOffset;
  }

  /** Slivers stored of a blob. */
  slivers(blobKey: string): { readonly pairIndex: number; readonly axis: SliverAxis }[] {
    return [...(this.#index.get(blobKey)?.slivers.keys() ?? [])].map((key) => ({
      pairIndex: key >> 1,
      axis: key % 2 === 0 ? "primary" : "secondary",
    }));
  }

  hasMetadata(blobKey: string): boolean {
    return (this.#index.get(blobKey)?.metadata ?? null) !== null;
  }

  hasSliver(blobKey: string, pairIndex: number, axis: SliverAxis): boolean {
    return this.#index.get(blobKey)?.slivers.has(sliverKey(pairIndex, axis)) ?? false;
  }

  readMetadata(blobKey: string): Uint8Array | null {
    return this.#read(this.#index.get(blobKey)?.metadata ?? null);
  }

  readSliver(blobKey: string, pairIndex: number, axis: SliverAxis): Uint8Array | null {
    return this.#read(this.#index.get(blobKey)?.slivers.get(sliverKey(pairIndex, axis)) ?? null);
  }

  writeMetadata(blobKey: string, bytes: Uint8Array): void {
    this.#append(RECORD_METADATA, blobKey, 0, 0, bytes);
  }

  writeSliver(blobKey: string, pairIndex: number, axis: SliverAxis, bytes: Uint8Array): void {
    this.#append(RECORD_SLIVER, blobKey, pairIndex, axis === "primary" ? 0 : 1, bytes);
  }

  /** Forgets one sliver. */
  dropSliver(blobKey: string, pairIndex: number, axis: SliverAxis): void {
    if (!this.hasSliver(blobKey, pairIndex, axis)) return;
    const axisCode = axis === "primary" ? 0 : 1;
    this.#append(RECORD_DROP_SLIVER, blobKey, pairIndex, axisCode, new Uint8Array());
  }

  /** Forgets all of a blob. */
  drop(blobKey: string): void {
    if (!this.#index.has(blobKey)) return;
    this.#append(RECORD_DROP, blobKey, 0, 0, new Uint8Array());
    this.#compactIfWorthwhile();
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(kind: number, blobKey: string, pair: number, axisCode: number, bytes: Uint8Array): void {
    const record = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
    record.writeUInt8(kind, 0);
    record.set(fromBase64Url(blobKey) ?? new Uint8Array(32), 1);
    record.writeUInt16LE(pair, 33);
    record.writeUInt8(axisCode, 35);
    record.writeUInt32LE(bytes.length, 36);
    record.set(bytes, HEADER_BYTES);
    writeWhole(this.#file, record, this.#endOffset);
    const extent = { offset: this.#endOffset + HEADER_BYTES, length: bytes.length };
    this.#endOffset += record.length;
    this.#apply(kind, blobKey, pair * 2 + axisCode, extent);
  }

  #apply(kind: number, blobKey: string, key: number, extent: Extent): void {
    if (kind === RECORD_DROP) {
      const entry = this.#index.get(blobKey);
      for (const each of entry?.slivers.values() ?? []) this.#deadBytes += each.length;
      this.#deadBytes += entry?.metadata?.length ?? 0;
      this.#index.delete(blobKey);
      return;
    }
    const entry = this.#index.get(blobKey) ?? { metadata: null, slivers: new Map() };
    this.#index.set(blobKey, entry);
    if (kind === RECORD_METADATA) {
      this.#deadBytes += entry.metadata?.length ?? 0;
      entry.metadata = extent;
      return;
    }
    this.#deadBytes += entry.slivers.get(key)?.length ?? 0;
    if (kind === RECORD_SLIVER) entry.slivers.set(key, extent);
    else entry.slivers.delete(key);
  }

  #read(extent: Extent | null): Uint8Array | null {
    return extent === null ? null : readWhole(this.#file, extent.length, extent.offset);
  }

  /** Rebuilds the index; a record cut short by a crash is cut off. */
  #load(): void {
    const fileBytes = fstatSync(this.#file).size;
    while (this.#endOffset + HEADER_BYTES <= fileBytes) {
      const header = Buffer.from(readWhole(this.#file, HEADER_BYTES, this.#endOffset));
      const length = header.readUInt32LE(36);
      const next = this.#endOffset + HEADER_BYTES + length;
      if (next > fileBytes) break;
      const blobKey = toBase64Url(new Uint8Array(header.subarray(1, 33)));
      this.#apply(
        header.readUInt8(0),
        blobKey,
        header.readUInt16LE(33) * 2 + header.readUInt8(35),
        {
          offset: this.#endOffset + HEADER_BYTES,
          length,
        },
      );
      this.#endOffset = next;
    }
    ftruncateSync(this.#file, this.#endOffset);
    this.#compactIfWorthwhile();
  }

  #compactIfWorthwhile(): void {
    if (this.#deadBytes < COMPACT_DEAD_BYTES_MIN || this.#deadBytes * 2 < this.#endOffset) return;
    // Written beside and then renamed: a crash leaves the old file or the new one, never a half.
    const sparePath = this.#path === null ? null : `${this.#path}.new`;
    if (sparePath !== null) rmSync(sparePath, { force: true });
    const spare = new SliverLog(sparePath);
    for (const [blobKey, entry] of this.#index) copyEntry(this, spare, blobKey, entry);
    closeSync(this.#file);
    if (sparePath !== null && this.#path !== null) renameSync(sparePath, this.#path);
    this.#file = spare.#file;
    this.#index = spare.#index;
    this.#endOffset = spare.#endOffset;
    this.#deadBytes = 0;
  }
}

function copyEntry(from: SliverLog, to: SliverLog, blobKey: string, entry: Entry): void {
  const metadata = from.readMetadata(blobKey);
  if (metadata !== null) to.writeMetadata(blobKey, metadata);
  for (const key of entry.slivers.keys()) {
    const axis = key % 2 === 0 ? "primary" : "secondary";
    const bytes = from.readSliver(blobKey, key >> 1, axis);
    if (bytes !== null) to.writeSliver(blobKey, key >> 1, axis, bytes);
  }
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "walrus-node-"));
  const file = openSync(join(folder, "slivers.log"), "w+");
  rmSync(folder, { recursive: true });
  return file;
}

function writeWhole(file: number, bytes: Uint8Array, offset: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, offset + written);
  }
}

function readWhole(file: number, length: number, offset: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const count = readSync(file, bytes, read, length - read, offset + read);
    if (count === 0) throw new Error(`Cannot read the sliver log: it ends at ${offset + read}`);
    read += count;
  }
  return bytes;
}
