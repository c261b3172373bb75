/**
 * Many Merkle trees grown side by side, one leaf each at a time, in logarithmic memory.
 *
 * `lanes` trees of equal size receive their leaves together as an array of digests. Like a binary
 * counter, at most one pending array per level is kept: two of a level are hashed into one above.
 * That is how the roots of all n rows come out of a pass over columns without n² digests.
 *
 *     push:   level 0   [digests of column c]            level l holds one node per tree over
 *             level 1   [nodes over columns c-1, c]      2^l columns, or nothing
 *             …
 */
import type { Kernel } from "./kernel/kernel.ts";
import { DIGEST_BYTES } from "./parameters.ts";

/** The growing trees; their memory is reserved at once. */
export class TreeFrontier {
  readonly #kernel: Kernel;
  /** Trees side by side. */
  readonly lanes: number;
  readonly #leafCount: number;
  /** One array of `lanes` digests per level, then the carry. */
  readonly #levels: number[] = [];
  readonly #carry: number;
  readonly #empty: number;
  #pushed = 0;

  /**
   * @param lanes Trees side by side.
   * @param leafCount Leaves each will have, at least 1.
   */
  constructor(kernel: Kernel, lanes: number, leafCount: number) {
    this.#kernel = kernel;
    this.lanes = lanes;
    this.#leafCount = leafCount;
    for (let nodes = leafCount; nodes > 0; nodes = Math.floor(nodes / 2)) {
      this.#levels.push(kernel.reserve(lanes * DIGEST_BYTES));
    }
    this.#carry = kernel.reserve(lanes * DIGEST_BYTES);
    this.#empty = kernel.reserve(lanes * DIGEST_BYTES);
    kernel.clear(this.#empty, lanes * DIGEST_BYTES);
  }

  /** Adds the next leaf of every tree: `lanes` digests at `digests`, which stay as they are. */
  push(digests: number): void {
    let nodes = digests;
    let level = 0;
    for (; (this.#pushed >> level) % 2 === 1; level++) {
      this.#hash(this.#level(level), nodes, this.#carry);
      nodes = this.#carry;
    }
    this.#kernel.move(this.#level(level), nodes, this.lanes * DIGEST_BYTES);
    this.#pushed++;
  }

  /** Pads and closes the trees. Returns where the `lanes` roots lie. */
  finish(): number {
    if (this.#pushed !== this.#leafCount) {
      throw new RangeError(
        `Cannot finish trees: expected ${this.#leafCount} leaves, got ${this.#pushed}`,
      );
    }
    let hasCarry = false;
    let level = 0;
    for (let nodes = this.#leafCount; nodes > 1; nodes = Math.ceil(nodes / 2), level++) {
      const isPending = (this.#pushed >> level) % 2 === 1;
      if (isPending) {
        this.#hash(this.#level(level), hasCarry ? this.#carry : this.#empty, this.#carry);
        hasCarry = true;
      } else if (hasCarry) {
        this.#hash(this.#carry, this.#empty, this.#carry);
      }
    }
    return hasCarry ? this.#carry : this.#level(level);
  }

  #hash(left: number, right: number, target: number): void {
    this.#kernel.hashPairs(target, left, right, this.lanes, DIGEST_BYTES);
  }

  #level(level: number): number {
    const address = this.#levels[level];
    if (address === undefined) throw new RangeError(`Cannot push: no level ${level}`);
    return address;
  }
}
