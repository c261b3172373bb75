/**
 * What a reader must make of a blob whose writer may have lied, straight from the definitions.
 *
 * `strict` asks that the bytes encode to the blob ID. `default` asks that every systematic row has
 * the hash that metadata says, and that all padding is zero. `skip` asks only that of the rows that
 * could not be had as such. Which verdict the last two come to may depend on which slivers the
 * reader was given, so those are a parameter. Source: walrus-core
 * `encoding/config.rs::decode_and_verify`, `blob_encoding.rs::default_consistency_check`.
 */
import { counts, decode, encode, merkleRoot, symbolSize } from "./red-stuff.ts";
import { expandSymbols } from "./reed-solomon.ts";

/** How thoroughly to check. */
export type Mode = "strict" | "default" | "skip";

/** What a writer claims, and what the nodes hold. */
export interface ClaimedBlob {
  readonly n: number;
  /** Claimed length. */
  readonly L: number;
  readonly blobId: Uint8Array;
  /** Claimed hash of each primary sliver. */
  readonly primaryHashes: readonly Uint8Array[];
  /** Primary slivers by index: all that nodes hold. */
  readonly slivers: readonly Uint8Array[];
}

/** The verdict and, where the blob is read, its bytes. */
export type Verdict =
  | { readonly kind: "read"; readonly bytes: Uint8Array }
  | { readonly kind: "inconsistent" }
  /** Too few slivers have the hashes that metadata says. */
  | { readonly kind: "unavailable" };

/** The verdict of a reader that was given the slivers of `fetched`, by index. */
export function verdict(blob: ClaimedBlob, mode: Mode, fetched: ReadonlySet<number>): Verdict {
  const { n, L, primaryHashes, slivers } = blob;
  const { P, S } = counts(n);
  const R = S * symbolSize(L, n);
  const contentRows = Math.ceil(L / R);
  const zeroRow = new Uint8Array(R);
  const matches = (index: number, row: Uint8Array) =>
    equal(rowHash(row, n), primaryHashes[index] ?? new Uint8Array());
  const held = new Map<number, Uint8Array>();
  for (const index of fetched) {
    const row = slivers[index];
    if (row !== undefined && matches(index, row)) held.set(index, row);
  }
  // Rows past the end are known without asking where they are the zeros they must be.
  const padding = range(P).slice(contentRows);
  const isPadded = padding.every((index) => matches(index, zeroRow));
  if (mode !== "skip" && !isPadded) return { kind: "inconsistent" };
  if (isPadded) for (const index of padding) held.set(index, zeroRow);
  const rows: Uint8Array[] = [];
  const isComplete = range(contentRows).every((index) => held.has(index));
  if (!isComplete && held.size < P) return { kind: "unavailable" };
  const decoded = isComplete ? null : decode("primary", held, P * R, n);
  for (const index of range(contentRows)) {
    const row = held.get(index) ?? decoded?.slice(index * R, (index + 1) * R) ?? zeroRow;
    if (!matches(index, row)) return { kind: "inconsistent" };
    rows.push(row);
  }
  const padded = new Uint8Array(Buffer.concat(rows));
  const bytes = padded.slice(0, L);
  if (mode !== "skip" && padded.subarray(L).some((byte) => byte !== 0)) {
    return { kind: "inconsistent" };
  }
  if (mode === "strict" && !equal(encode(bytes, n).blobId, blob.blobId)) {
    return { kind: "inconsistent" };
  }
  return { kind: "read", bytes };
}

function rowHash(row: Uint8Array, n: number): Uint8Array {
  const { S } = counts(n);
  const B = row.length / S;
  const symbols = range(S).map((index) => row.slice(index * B, (index + 1) * B));
  return merkleRoot(expandSymbols(symbols, n));
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
