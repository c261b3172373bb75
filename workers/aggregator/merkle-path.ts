/**
 * A path through the Merkle tree over a blob's sliver pairs. Pure over the hash it is given.
 *
 * A leaf is hashed behind a zero byte, two nodes behind a one; a level of odd length is padded with
 * 32 zero bytes, written as `null` in paths. Source: walrus-core `merkle.rs`.
 */
import { concatBytes } from "../../shared/bytes/arrays.ts";

type Hash = (bytes: Uint8Array) => Uint8Array;

const LEAF = Uint8Array.of(0);
const INNER = Uint8Array.of(1);
const EMPTY_NODE = new Uint8Array(32);

/** The levels of a tree, leaves first. */
export interface Tree {
  /** Siblings on the way from leaf `leafIndex` to the root; `null` is the empty node. */
  path(leafIndex: number): readonly (Uint8Array | null)[];
  readonly root: Uint8Array;
}

/** Builds the tree over at least one leaf. */
export function buildTree(leaves: readonly Uint8Array[], hash: Hash): Tree {
  let level: readonly Uint8Array[] = leaves.map((leaf) => hash(concatBytes(LEAF, leaf)));
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: Math.ceil(below.length / 2) }, (_, index) =>
      hash(concatBytes(INNER, below[2 * index] ?? EMPTY_NODE, below[2 * index + 1] ?? EMPTY_NODE)),
    );
    levels.push(level);
  }
  const [root] = level;
  if (root === undefined) throw new TypeError("Cannot build tree: expected at least one leaf");
  return {
    root,
    path: (leafIndex) =>
      levels.slice(0, -1).map((nodes, height) => nodes[(leafIndex >> height) ^ 1] ?? null),
  };
}
