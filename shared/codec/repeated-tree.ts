/**
 * The Merkle roots of many leaf arrays that share a constant range of leaves.
 *
 * A blob that does not fill its matrix has rows of zeros: in every column, leaves [from, to) are
 * the digest of a zero symbol. Nodes wholly above that range are the same in every column, so
 * they are hashed for the first column only. Levels therefore keep regions of their own:
 *
 *     level 0   a a a z z z z z z b b        z constant: kept from the first tree
 *     level 1    p  p  Z  Z  Z  p  p
 *     level 2     p     Z     p   p
 */
import type { Kernel } from "./kernel/kernel.ts";
import { leafRegionBytes } from "./merkle.ts";
import { DIGEST_BYTES } from "./parameters.ts";

/** Leaves from … to - 1 are the same in every tree. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

interface Level {
  readonly address: number;
  readonly count: number;
}

/** Reduces one array of leaves after the other. */
export class RepeatedTree {
  readonly #kernel: Kernel;
  readonly #levels: readonly Level[];
  readonly #constant: LeafRange;
  #isFirst = true;

  /**
   * @param leafCount Leaves of every tree, at least 2.
   * @param constant The shared range; may be empty.
   */
  constructor(kernel: Kernel, leafCount: number, constant: LeafRange) {
    this.#kernel = kernel;
    this.#constant = constant;
    const levels: Level[] = [];
    for (let count = leafCount; ; count = Math.ceil(count / 2)) {
      const address = kernel.reserve(leafRegionBytes(count));
      // The padding node of a level of odd length; nothing else is ever written there.
      kernel.clear(address + count * DIGEST_BYTES, DIGEST_BYTES);
      levels.push({ address, count });
      if (count === 1) break;
    }
    this.#levels = levels;
  }

  /** Where the leaves of the next tree are to be written. */
  get leaves(): number {
    return this.#levels[0]?.address ?? 0;
  }

  /** Hashes the tree over the leaves. Returns where its root lies. */
  root(): number {
    let below = this.leaves;
    let { from, to } = this.#constant;
    for (const { address, count } of this.#levels.slice(1)) {
      from = Math.ceil(from / 2);
      to = Math.floor(to / 2);
      if (this.#isFirst || from >= to) {
        this.#hash(address, below, 0, count);
      } else {
        this.#hash(address, below, 0, from);
        this.#hash(address, below, to, count);
      }
      below = address;
    }
    this.#isFirst = false;
    return below;
  }

  #hash(target: number, below: number, from: number, to: number): void {
    const left = below + from * 2 * DIGEST_BYTES;
    const right = left + DIGEST_BYTES;
    const node = target + from * DIGEST_BYTES;
    this.#kernel.hashPairs(node, left, right, to - from, 2 * DIGEST_BYTES);
  }
}
