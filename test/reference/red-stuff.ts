/**
 * Red Stuff straight from the definitions: the whole n x n matrix, every tree, no shortcuts.
 *
 * A witness for the parity suite, independent of `shared/codec`: it imports nothing of it.
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { expandSymbols, solveSymbols } from "./reed-solomon.ts";

/** n, P and S. */
export interface ReferenceCounts {
  readonly n: number;
  readonly P: number;
  readonly S: number;
}

/** Everything about one encoded blob. */
export interface ReferenceBlob extends ReferenceCounts {
  readonly B: number;
  /** Row, then column. */
  readonly cells: readonly (readonly Uint8Array[])[];
  readonly primarySlivers: readonly Uint8Array[];
  readonly secondarySlivers: readonly Uint8Array[];
  readonly primaryHashes: readonly Uint8Array[];
  readonly secondaryHashes: readonly Uint8Array[];
  readonly root: Uint8Array;
  readonly blobId: Uint8Array;
}

/** BLAKE2b-256. */
export function hash(...parts: readonly Uint8Array[]): Uint8Array {
  return blake2b(join(parts), { dkLen: 32 });
}

/** The counts for n shards. */
export function counts(n: number): ReferenceCounts {
  const f = Math.floor((n - 1) / 3);
  return { n, P: n - 2 * f, S: n - f };
}

/** B for L bytes. */
export function symbolSize(L: number, n: number): number {
  const { P, S } = counts(n);
  const exact = Math.ceil(Math.max(L, 1) / (P * S));
  return exact + (exact % 2);
}

/** Merkle levels, leaves first, each padded to even length except the root's. */
export function merkleLevels(leaves: readonly Uint8Array[]): Uint8Array[][] {
  let level = leaves.map((leaf) => hash(Uint8Array.of(0), leaf));
  const levels: Uint8Array[][] = [];
  while (level.length > 1) {
    if (level.length % 2 === 1) level.push(new Uint8Array(32));
    levels.push(level);
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) =>
      hash(Uint8Array.of(1), below[2 * i]!, below[2 * i + 1]!),
    );
  }
  return [...levels, level.length === 0 ? [new Uint8Array(32)] : level];
}

/** The Merkle root; 32 zero bytes for no leaves. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const root = merkleLevels(leaves).at(-1)?.[0];
  if (root === undefined) throw new RangeError("Cannot take root: the tree has no level");
  return root;
}

/** Encodes a blob over n shards. */
export function encode(blob: Uint8Array, n: number): ReferenceBlob {
  const { P, S } = counts(n);
  const B = symbolSize(blob.length, n);
  const padded = new Uint8Array(P * S * B);
  padded.set(blob);
  const cell = (r: number, c: number) => padded.slice((r * S + c) * B, (r * S + c + 1) * B);
  const rows = range(P).map((r) =>
    expandSymbols(
      range(S).map((c) => cell(r, c)),
      n,
    ),
  );
  const columns = range(n).map((c) =>
    expandSymbols(
      rows.map((row) => row[c]!),
      n,
    ),
  );
  const cells = range(n).map((r) => columns.map((column) => column[r]!));
  const primaryHashes = cells.map((row) => merkleRoot(row));
  const secondaryHashes = columns.map((column) => merkleRoot(column));
  const root = merkleRoot(
    range(n).map((p) => join([primaryHashes[p]!, secondaryHashes[n - 1 - p]!])),
  );
  return {
    n,
    P,
    S,
    B,
    cells,
    primarySlivers: cells.map((row) => join(row.slice(0, S))),
    secondarySlivers: columns.map((column) => join(column.slice(0, P))),
    primaryHashes,
    secondaryHashes,
    root,
    blobId: hash(Uint8Array.of(1), u64le(blob.length), root),
  };
}

/** Decodes from slivers of one axis, by sliver index. */
export function decode(
  axis: "primary" | "secondary",
  slivers: ReadonlyMap<number, Uint8Array>,
  L: number,
  n: number,
): Uint8Array {
  const { P, S } = counts(n);
  const B = symbolSize(L, n);
  const [sourceCount, lanes] = axis === "primary" ? [P, S] : [S, P];
  const words = range(lanes).map((lane) =>
    solveSymbols(
      new Map([...slivers].map(([i, data]) => [i, data.slice(lane * B, (lane + 1) * B)])),
      sourceCount,
      n,
    ),
  );
  const cell = (r: number, c: number) => (axis === "primary" ? words[c]![r]! : words[r]![c]!);
  return join(range(P).flatMap((r) => range(S).map((c) => cell(r, c)))).slice(0, L);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function u64le(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
