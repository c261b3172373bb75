/**
 * One sliver expanded to the n symbols of its row or column, with their Merkle tree.
 *
 * That is how a sliver is verified (its root is the hash in metadata) and how storage nodes serve
 * symbols with proofs. Source: `walrus-core encoding/slivers.rs`.
 */
import type { Kernel } from "./kernel/kernel.ts";
import { otherAxis } from "./mapping.ts";
import {
  buildTree,
  leafRegionBytes,
  type MerkleTree,
  proofOf,
  reduceTree,
  rootOf,
} from "./merkle.ts";
import { DIGEST_BYTES, encodingParameters, symbolCountOf } from "./parameters.ts";
import {
  encodeLanes,
  encodeWorkBytes,
  laneSlices,
  linearCode,
  positionWidthMax,
  sliceOf,
} from "./reed-solomon.ts";
import type { DecodingSymbol, ExpandedSliver, RecoverySymbol, Sliver } from "./types.ts";

/** The Merkle root of a sliver of the right shape. */
export function sliverRoot(kernel: Kernel, sliver: Sliver, shardCount: number): Uint8Array {
  const { leaves, scratch } = hashSymbols(kernel, sliver, shardCount);
  return kernel.read(reduceTree(kernel, leaves, shardCount, scratch), DIGEST_BYTES);
}

/** The whole row or column of a sliver of the right shape. */
export function expandSliver(kernel: Kernel, sliver: Sliver, shardCount: number): ExpandedSliver {
  const { symbols, leaves, scratch } = hashSymbols(kernel, sliver, shardCount);
  const tree = buildTree(kernel, leaves, shardCount, scratch);
  return new TreeSliver(sliver, kernel.read(symbols, shardCount * sliver.symbolBytes), tree);
}

class TreeSliver implements ExpandedSliver {
  readonly source: { readonly axis: Sliver["axis"]; readonly sliverIndex: number };
  readonly symbolBytes: number;
  readonly symbols: Uint8Array;
  readonly rootHash: Uint8Array;
  readonly #tree: MerkleTree;

  constructor(sliver: Sliver, symbols: Uint8Array, tree: MerkleTree) {
    this.source = { axis: sliver.axis, sliverIndex: sliver.sliverIndex };
    this.symbolBytes = sliver.symbolBytes;
    this.symbols = symbols;
    this.rootHash = rootOf(tree);
    this.#tree = tree;
  }

  decodingSymbol(targetIndex: number): DecodingSymbol {
    const { leafCount } = this.#tree;
    if (!Number.isInteger(targetIndex) || targetIndex < 0 || targetIndex >= leafCount) {
      throw new RangeError(
        `Cannot take symbol: expected 0 to ${leafCount - 1}, got ${targetIndex}`,
      );
    }
    const start = targetIndex * this.symbolBytes;
    return {
      targetAxis: otherAxis(this.source.axis),
      sourceIndex: this.source.sliverIndex,
      data: this.symbols.slice(start, start + this.symbolBytes),
    };
  }

  recoverySymbol(targetIndex: number): RecoverySymbol {
    const symbol = this.decodingSymbol(targetIndex);
    return { ...symbol, targetIndex, proof: proofOf(this.#tree, targetIndex) };
  }
}

/** Expands into fresh regions and hashes the n leaves; the caller frees them. */
function hashSymbols(
  kernel: Kernel,
  sliver: Sliver,
  shardCount: number,
): { symbols: number; leaves: number; scratch: number } {
  const { axis, data, symbolBytes } = sliver;
  const code = linearCode(symbolCountOf(axis, encodingParameters(shardCount)), shardCount);
  const symbols = kernel.reserve(shardCount * symbolBytes);
  kernel.write(symbols, data);
  const leaves = kernel.reserve(leafRegionBytes(shardCount));
  const scratch = kernel.reserve(leafRegionBytes(shardCount));
  const work = kernel.reserve(encodeWorkBytes(code, positionWidthMax(1, symbolBytes)));
  const grid = { address: symbols, positionStride: symbolBytes, laneStride: 0 };
  for (const slice of laneSlices(1, symbolBytes)) {
    const source = sliceOf(grid, slice);
    encodeLanes(kernel, code, source, slice, work, (parity, first, count) => {
      const address = source.address + (code.sourceCount + first) * symbolBytes;
      kernel.scatter({ ...source, address }, parity, count, slice.shape);
    });
  }
  kernel.hashLeaves(leaves, symbols, shardCount, symbolBytes, symbolBytes);
  return { symbols, leaves, scratch };
}
