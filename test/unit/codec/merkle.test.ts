/** The three ways trees are built, against the reference and the vectors, at every small size. */
import { beforeAll, describe, expect, test } from "vitest";
import { Kernel } from "../../../shared/codec/kernel/kernel.ts";
import {
  buildTree,
  leafRegionBytes,
  proofLength,
  proofOf,
  provesLeaf,
  reduceTree,
  rootOf,
} from "../../../shared/codec/merkle.ts";
import { RepeatedTree } from "../../../shared/codec/repeated-tree.ts";
import { TreeFrontier } from "../../../shared/codec/tree-frontier.ts";
import { merkleRoot } from "../../reference/red-stuff.ts";
import { hexOf } from "../../support/bytes.ts";
import { compileKernel } from "../../support/codec.ts";
import merkle from "../../vectors/merkle.json" with { type: "json" };

let kernel: Kernel;

beforeAll(async () => {
  kernel = new Kernel(await compileKernel());
});

/** Leaf i of tree `tree`: four bytes. */
const leafOf = (tree: number, index: number) => Uint8Array.of(tree, index, index >> 8, 7);

function placeLeaves(leaves: readonly Uint8Array[]): number {
  const address = kernel.reserve(leafRegionBytes(leaves.length));
  leaves.forEach((leaf, index) => {
    kernel.hashLeaves(address + index * 32, kernel.place(leaf), 1, 0, leaf.length);
  });
  return address;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 16, 31, 33, 64, 100];

test("roots and proofs are those of the vectors", () => {
  const leaves = merkle.inputs.map((text) => new TextEncoder().encode(text));
  merkle.roots.slice(1).forEach((root, index) => {
    const count = index + 1;
    const scratch = kernel.reserve(leafRegionBytes(count));
    const at = reduceTree(kernel, placeLeaves(leaves.slice(0, count)), count, scratch);
    expect(hexOf(kernel.read(at, 32))).toBe(root);
  });
  for (const { leafCount, leafIndex, siblings } of merkle.proofs) {
    const scratch = kernel.reserve(leafRegionBytes(leafCount));
    const tree = buildTree(kernel, placeLeaves(leaves.slice(0, leafCount)), leafCount, scratch);
    const proof = proofOf(tree, leafIndex);
    expect(proof.map((node) => (node === null ? null : hexOf(node)))).toEqual(siblings);
    expect(proof).toHaveLength(proofLength(leafCount));
  }
});

describe.each(sizes)("%i leaves", (count) => {
  const leaves = range(count).map((index) => leafOf(0, index));

  test("every proof proves its own leaf alone", () => {
    const scratch = kernel.reserve(leafRegionBytes(count));
    const tree = buildTree(kernel, placeLeaves(leaves), count, scratch);
    const root = rootOf(tree);
    expect(root).toEqual(merkleRoot(leaves));
    leaves.forEach((leaf, index) => {
      const proof = proofOf(tree, index);
      expect(provesLeaf(kernel, leaf, index, proof, root)).toBe(true);
      expect(provesLeaf(kernel, leaf, index + 1, proof, root)).toBe(false);
      expect(provesLeaf(kernel, leafOf(1, index), index, proof, root)).toBe(false);
    });
  });

  test("a frontier grows trees side by side", () => {
    const trees = range(5);
    const frontier = new TreeFrontier(kernel, trees.length, count);
    for (const index of range(count)) {
      frontier.push(placeLeaves(trees.map((tree) => leafOf(tree, index))));
    }
    const roots = trees.map((tree) => merkleRoot(range(count).map((index) => leafOf(tree, index))));
    expect(hexOf(frontier.finish())).toBe(roots.map(hexOf).join(""));
  });

  test("a frontier takes leaves that all its trees share", () => {
    const trees = range(7);
    for (const [from, to] of [
      [0, count],
      [1, count],
      [0, count - 1],
      [count >> 1, count - 1],
      [count >> 2, count >> 1],
    ] as const) {
      const frontier = new TreeFrontier(kernel, trees.length, count);
      const isShared = (index: number) => index >= from && index < to;
      for (const index of range(count)) {
        if (isShared(index)) frontier.pushSame(placeLeaves([leafOf(99, index)]));
        else frontier.push(placeLeaves(trees.map((tree) => leafOf(tree, index))));
      }
      const own = (tree: number) =>
        range(count).map((index) => leafOf(isShared(index) ? 99 : tree, index));
      const roots = trees.map((tree) => merkleRoot(own(tree)));
      expect(hexOf(frontier.finish())).toBe(roots.map(hexOf).join(""));
    }
  });

  test("trees with a constant range have their own roots", () => {
    const ranges = [0, 1, 2, 3].flatMap((from) =>
      [from, from + 1, from + 4, count - 1, count].map((to) => ({ from, to })),
    );
    for (const constant of ranges.filter(({ from, to }) => from <= to && to <= count)) {
      const tree = new RepeatedTree(kernel, count, constant);
      for (const round of range(3)) {
        const isShared = (index: number) => index >= constant.from && index < constant.to;
        const own = range(count).map((index) => leafOf(isShared(index) ? 99 : round, index));
        kernel.move(tree.leaves, placeLeaves(own), count * 32);
        expect(kernel.read(tree.root(), 32)).toEqual(merkleRoot(own));
      }
    }
  });
});

test("a frontier that has not all its leaves does not finish", () => {
  const frontier = new TreeFrontier(kernel, 2, 3);
  expect(() => frontier.finish()).toThrow(/expected 3 leaves, got 0/);
});
