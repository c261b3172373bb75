/**
 * What one read holds of its blob, and how it comes by a row that no owner gives: whichever way
 * moves fewer bytes first, then the other.
 *
 * Decoding needs any P rows, of which the padding is free, and of a small blob those that are held
 * or wanted anyway; it stands as many as 2f missing shards, and then all rows are there. Recovery
 * needs S proven symbols for each row, and no more memory than a row: a large blob, whose reader
 * would wait for all of it, is decoded only where that moves fewer bytes than its rows have.
 */
import { decodingWorkingBytes, encodingParameters, type Sliver } from "../codec/index.ts";
import { IN_MEMORY_BLOB_BYTES_MAX, READ_KEPT_BYTES_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { ReadFailure } from "./read-failure.ts";
import type { BlobGeometry } from "./read-geometry.ts";
import { decodeFromRows, recoverRow } from "./read-rebuild.ts";
import { type BlobReading, isMissing } from "./read-sliver.ts";

/** BCS of a recovery symbol beside its data: identifiers and lengths, and a tag and a hash a level. */
const SYMBOL_FRAMING_BYTES = 16;
const PROOF_LEVEL_BYTES = 33;

/** Rows of one read. */
export interface RowStore {
  /** A row that needs no request; `null` when it must be fetched. */
  held(rowIndex: number): Sliver | null;
  /** Keeps a verified row, where the blob is small enough. */
  keep(row: Sliver): void;
  /** The row by other means than its owner. */
  rebuild(
    rowIndex: number,
    wanted: WantedRow,
    signal?: AbortSignal,
  ): Promise<Result<Sliver, ReadFailure>>;
}

/** What a row is wanted for. */
export interface WantedRow {
  /** End of the rows that are still wanted: what is missing among them counts, too. */
  readonly end: number;
  /** Its owner may still give it, and the others theirs: no row is free that must be asked for. */
  readonly isSlow: boolean;
}

/** Begins with nothing. `withoutMemory` as in `RowOptions`. */
export function createRowStore(
  reading: BlobReading,
  withoutMemory: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): RowStore {
  const { geometry, metadata, ports } = reading;
  const kept = new Map<number, Sliver>();
  const keeps = geometry.contentRowCount * geometry.rowBytes <= READ_KEPT_BYTES_MAX;
  /** Decoding was tried in vain: too few rows, or no memory. It is the second choice from then on. */
  let hasFailedToDecode = false;
  /** Rows of a decoded blob: all of a small one, of a large one those that are still wanted. */
  const decoded = new Map<number, Uint8Array>();

  function decodedRow(rowIndex: number): Result<Sliver, ReadFailure> | null {
    const data = decoded.get(rowIndex);
    if (data === undefined) return null;
    const { symbolBytes } = geometry;
    const sliver: Sliver = { axis: "primary", sliverIndex: rowIndex, symbolBytes, data };
    const matches = ports.codec.verifySliver(sliver, metadata).ok;
    return matches ? ok(sliver) : err({ kind: "blob-inconsistent", what: "row", rowIndex });
  }

  async function decode(
    rowIndex: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<Result<Sliver, ReadFailure>> {
    const blob = await withoutMemory(() => decodeFromRows(reading, kept, rowIndex, signal));
    if (!blob.ok) {
      hasFailedToDecode = true;
      return blob;
    }
    kept.clear();
    const [first, last] = keeps ? [0, geometry.contentRowCount] : [rowIndex, end];
    const { rowBytes } = geometry;
    for (let next = first; next < last; next++) {
      const data = new Uint8Array(rowBytes);
      data.set(blob.value.subarray(next * rowBytes, (next + 1) * rowBytes));
      decoded.set(next, data);
    }
    return decodedRow(rowIndex) ?? err({ kind: "blob-inconsistent", what: "row", rowIndex });
  }

  return {
    held(rowIndex) {
      const row = kept.get(rowIndex);
      if (row !== undefined) return row;
      const rebuilt = decodedRow(rowIndex);
      return rebuilt?.ok === true ? rebuilt.value : null;
    },
    keep(row) {
      if (keeps && decoded.size === 0) kept.set(row.sliverIndex, row);
    },
    async rebuild(rowIndex, { end, isSlow }, signal) {
      const known = decodedRow(rowIndex);
      const recover = () => recoverRow(reading, rowIndex, signal);
      if (known !== null) return eitherWay(() => Promise.resolve(known), recover, signal);
      if (!fitsMemory(reading)) return recover();
      const { missing, toCome } = countRows(reading, kept, rowIndex, end);
      const freeCount = keeps ? kept.size + (isSlow ? 0 : toCome) : 0;
      const way = hasFailedToDecode ? "symbols" : cheaperWay(geometry, missing, freeCount);
      const decoding = () => decode(rowIndex, end, signal);
      return way === "rows"
        ? eitherWay(decoding, recover, signal)
        : eitherWay(recover, decoding, signal);
    },
  };
}

/**
 * The second way where the first fails: what the nodes do not have one way they may have the other,
 * and of a writer's flawed encoding the row itself may be sound though the other rows, or the
 * columns, do not agree with it.
 */
async function eitherWay(
  first: () => Promise<Result<Sliver, ReadFailure>>,
  second: () => Promise<Result<Sliver, ReadFailure>>,
  signal: AbortSignal | undefined,
): Promise<Result<Sliver, ReadFailure>> {
  const row = await first();
  if (row.ok || signal?.aborted === true) return row;
  const other = await second();
  return other.ok || row.failure.kind === "slivers-unavailable" ? other : row;
}

/** Rows from `rowIndex` on that are not here: those that no owner will give, and those to come. */
function countRows(
  reading: BlobReading,
  kept: ReadonlyMap<number, Sliver>,
  rowIndex: number,
  end: number,
): { readonly missing: number; readonly toCome: number } {
  const count = { missing: 1, toCome: 0 };
  for (let next = rowIndex + 1; next < end; next++) {
    if (!kept.has(next)) count[isMissing(reading, next) ? "missing" : "toCome"]++;
  }
  return count;
}

/** What a row is rebuilt from by the way that moves fewer bytes. */
export type RebuildWay = "rows" | "symbols";

/**
 * The way that moves fewer bytes. Pure.
 *
 * @param missingCount Rows that no owner gives: symbols are fetched for each of them, rows only once.
 * @param freeCount Rows of content that are held, or fetched in any case.
 */
export function cheaperWay(
  geometry: BlobGeometry,
  missingCount: number,
  freeCount: number,
): RebuildWay {
  const { contentRowCount, rowBytes } = geometry;
  const rowsBytes = Math.max(0, contentRowCount - freeCount) * rowBytes;
  return rowsBytes <= missingCount * recoveryBytes(geometry) ? "rows" : "symbols";
}

/** Bytes of the symbols, with their proofs, that one row is recovered from. */
function recoveryBytes({ shardCount, symbolBytes }: BlobGeometry): number {
  const { secondaryCount } = encodingParameters(shardCount);
  const proofBytes = PROOF_LEVEL_BYTES * Math.ceil(Math.log2(shardCount));
  return secondaryCount * (symbolBytes + SYMBOL_FRAMING_BYTES + proofBytes);
}

function fitsMemory({ geometry, ports }: BlobReading): boolean {
  const { unencodedBytes } = geometry;
  return (
    unencodedBytes <= IN_MEMORY_BLOB_BYTES_MAX &&
    decodingWorkingBytes(unencodedBytes) <= ports.workingMemory.bytesMax
  );
}
