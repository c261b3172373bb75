import { describe, expect, test } from "vitest";
import { concatBytes, equalBytes } from "../../../shared/bytes/arrays.ts";
import { buildTree } from "../../../workers/aggregator/merkle-path.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";

const codec = await loadCodec();
const hash = (bytes: Uint8Array) => codec.hash(bytes);

describe("the tree over sliver pairs", () => {
  test.each([4, 7, 10, 100, 1_000])("has the root that metadata of %i shards has", (shardCount) => {
    const metadata = codec.metadata(seededBytes(100, shardCount), shardCount);
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    const { sliverHashes, rootHash } = metadata.value;
    const leaves = Array.from({ length: shardCount }, (_, pair) =>
      sliverHashes.subarray(pair * 64, pair * 64 + 64),
    );
    expect(equalBytes(buildTree(leaves, hash).root, rootHash)).toBe(true);
  });

  test.each([1, 2, 3, 5, 8, 13])("of %i leaves: every path leads to the root", (count) => {
    const leaves = Array.from({ length: count }, (_, index) => seededBytes(64, index));
    const tree = buildTree(leaves, hash);
    for (const [leafIndex, leaf] of leaves.entries()) {
      let node: Uint8Array = hash(concatBytes(Uint8Array.of(0), leaf));
      for (const [height, sibling] of tree.path(leafIndex).entries()) {
        const other = sibling ?? new Uint8Array(32);
        const isLeft = ((leafIndex >> height) & 1) === 0;
        node = hash(
          isLeft
            ? concatBytes(Uint8Array.of(1), node, other)
            : concatBytes(Uint8Array.of(1), other, node),
        );
      }
      expect(node).toEqual(tree.root);
    }
  });

  test("of nothing is a bug of the caller", () => {
    expect(() => buildTree([], hash)).toThrow(TypeError);
  });
});
