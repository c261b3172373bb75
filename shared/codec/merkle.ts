/**
 * Merkle trees over BLAKE2b-256 in kernel memory.
 *
 * A level of odd length above the root is padded with one empty node, 32 zero bytes; a tree of one
 * leaf is that leaf. Source: `walrus-core merkle.rs`.
 */
import { equalBytes } from "../bytes/arrays.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { DIGEST_BYTES } from "./parameters.ts";
import type { MerkleProof } from "./types.ts";

/** Bytes to reserve for `leafCount` leaves, with room for the padding node. */
export function leafRegionBytes(leafCount: number): number {
  return (leafCount + 1) * DIGEST_BYTES;
}

/** Siblings on the way from a leaf to the root. */
export function proofLength(leafCount: number): number {
  let length = 0;
  for (let count = leafCount; count > 1; count = Math.ceil(count / 2)) length++;
  return length;
}

/**
 * Reduces the digests of `leafCount` ≥ 1 leaves to the root.
 *
 * @param leaves `leafRegionBytes` of memory; the digests stay as they are.
 * @param scratch As much memory again; may be the same region, which is then overwritten.
 * @returns Where the root lies: in `scratch`, or in `leaves` for a single leaf.
 */
export function reduceTree(
  kernel: Kernel,
  leaves: number,
  leafCount: number,
  scratch: number,
): number {
  let nodes = leaves;
  for (let count = leafCount; count > 1; count = Math.ceil(count / 2)) {
    hashLevel(kernel, nodes, count, scratch);
    nodes = scratch;
  }
  return nodes;
}

/** Every level of a tree, padded, leaves first: what proofs are read from. */
export interface MerkleTree {
  readonly levels: readonly Uint8Array[];
  readonly leafCount: number;
}

/** Builds a tree over digests in memory (as `reduceTree`) and keeps its levels. */
export function buildTree(
  kernel: Kernel,
  leaves: number,
  leafCount: number,
  scratch: number,
): MerkleTree {
  const levels = [kernel.read(leaves, leafCount * DIGEST_BYTES)];
  let nodes = leaves;
  for (let count = leafCount; count > 1; count = Math.ceil(count / 2)) {
    hashLevel(kernel, nodes, count, scratch);
    nodes = scratch;
    levels.push(kernel.read(scratch, Math.ceil(count / 2) * DIGEST_BYTES));
  }
  return { levels, leafCount };
}

/** The root of a tree. */
export function rootOf(tree: MerkleTree): Uint8Array {
  return tree.levels[tree.levels.length - 1] ?? new Uint8Array(DIGEST_BYTES);
}

/** The siblings of leaf `leafIndex`, leaf level first. */
export function proofOf(tree: MerkleTree, leafIndex: number): MerkleProof {
  return tree.levels.slice(0, -1).map((level, height) => {
    const sibling = (leafIndex >> height) ^ 1;
    const start = sibling * DIGEST_BYTES;
    return start < level.length ? level.slice(start, start + DIGEST_BYTES) : null;
  });
}

/** Whether `data` is leaf `leafIndex` under `root`; the proof's length must be right already. */
export function provesLeaf(
  kernel: Kernel,
  data: Uint8Array,
  leafIndex: number,
  proof: MerkleProof,
  root: Uint8Array,
): boolean {
  const mark = kernel.mark();
  try {
    const node = kernel.reserve(DIGEST_BYTES);
    const sibling = kernel.reserve(DIGEST_BYTES);
    kernel.hashLeaves(node, kernel.place(data), 1, 0, data.length);
    let index = leafIndex;
    for (const digest of proof) {
      if (digest !== null && digest.length !== DIGEST_BYTES) return false;
      if (digest === null) kernel.clear(sibling, DIGEST_BYTES);
      else kernel.write(sibling, digest);
      const [left, right] = index % 2 === 0 ? [node, sibling] : [sibling, node];
      kernel.hashPairs(node, left, right, 1, 0);
      index = Math.floor(index / 2);
    }
    return index === 0 && equalBytes(kernel.read(node, DIGEST_BYTES), root);
  } finally {
    kernel.releaseTo(mark);
  }
}

/** Hashes one level of `count` > 1 nodes, padding it, to `target`. */
function hashLevel(kernel: Kernel, nodes: number, count: number, target: number): void {
  if (count % 2 === 1) kernel.clear(nodes + count * DIGEST_BYTES, DIGEST_BYTES);
  kernel.hashPairs(target, nodes, nodes + DIGEST_BYTES, Math.ceil(count / 2), 2 * DIGEST_BYTES);
}
