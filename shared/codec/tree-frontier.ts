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
 *
 * Where a column is zero, its leaves are one digest for all trees. Such nodes are kept once, with
 * stride 0; two of them are hashed once into the next, so subtrees over zero columns cost nothing.
 */
import type { Kernel } from "./kernel/kernel.ts";
import { DIGEST_BYTES } from "./parameters.ts";

/** One node for each tree, `stride` bytes apart; stride 0 is one node that all trees share. */
interface Nodes {
  readonly address: number;
  readonly stride: number;
}

/** The growing trees; their memory is reserved at once. */
export class TreeFrontier {
  readonly #kernel: Kernel;
  /** Trees side by side. */
  readonly lanes: number;
  readonly #leafCount: number;
  /** Where the array of each level goes, and what is pending there. */
  readonly #levels: number[] = [];
  readonly #pending: Nodes[] = [];
  /** Two arrays, so that a result never overwrites an operand that all trees share. */
  readonly #carries: readonly [number, number];
  readonly #empty: Nodes;
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
    this.#carries = [kernel.reserve(lanes * DIGEST_BYTES), kernel.reserve(lanes * DIGEST_BYTES)];
    this.#empty = { address: kernel.reserve(DIGEST_BYTES), stride: 0 };
    kernel.clear(this.#empty.address, DIGEST_BYTES);
  }

  /** Adds the next leaf of every tree: `lanes` digests at `digests`, which stay as they are. */
  push(digests: number): void {
    this.#push({ address: digests, stride: DIGEST_BYTES });
  }

  /** Adds the one digest at `digest` as the next leaf of every tree. */
  pushSame(digest: number): void {
    this.#push({ address: digest, stride: 0 });
  }

  /** Pads and closes the trees. Returns `lanes` roots. */
  finish(): Uint8Array {
    if (this.#pushed !== this.#leafCount) {
      throw new RangeError(
        `Cannot finish trees: expected ${this.#leafCount} leaves, got ${this.#pushed}`,
      );
    }
    let carry: Nodes | null = null;
    let level = 0;
    for (let nodes = this.#leafCount; nodes > 1; nodes = Math.ceil(nodes / 2), level++) {
      if (this.#isPending(level)) {
        carry = this.#hash(this.#nodes(level), carry ?? this.#empty);
      } else if (carry !== null) {
        carry = this.#hash(carry, this.#empty);
      }
    }
    const roots = carry ?? this.#nodes(level);
    if (roots.stride > 0) return this.#kernel.read(roots.address, this.lanes * DIGEST_BYTES);
    const root = this.#kernel.read(roots.address, DIGEST_BYTES);
    const same = new Uint8Array(this.lanes * DIGEST_BYTES);
    for (let lane = 0; lane < this.lanes; lane++) same.set(root, lane * DIGEST_BYTES);
    return same;
  }

  #push(leaves: Nodes): void {
    let nodes = leaves;
    let level = 0;
    for (; this.#isPending(level); level++) nodes = this.#hash(this.#nodes(level), nodes);
    const address = this.#levels[level];
    if (address === undefined) throw new RangeError(`Cannot push: no level ${level}`);
    this.#kernel.move(address, nodes.address, this.#byteCount(nodes));
    this.#pending[level] = { address, stride: nodes.stride };
    this.#pushed++;
  }

  /** Parents of one array each, in the carry that is no operand. */
  #hash(left: Nodes, right: Nodes): Nodes {
    const stride = left.stride + right.stride > 0 ? DIGEST_BYTES : 0;
    const count = stride > 0 ? this.lanes : 1;
    const [first, second] = this.#carries;
    const target = left.address === first || right.address === first ? second : first;
    this.#kernel.hashPairs(target, left.address, right.address, count, left.stride, right.stride);
    return { address: target, stride };
  }

  #isPending(level: number): boolean {
    return (this.#pushed >> level) % 2 === 1;
  }

  #nodes(level: number): Nodes {
    const nodes = this.#pending[level];
    if (nodes === undefined) throw new RangeError(`Cannot hash: nothing at level ${level}`);
    return nodes;
  }

  #byteCount(nodes: Nodes): number {
    return nodes.stride > 0 ? this.lanes * DIGEST_BYTES : DIGEST_BYTES;
  }
}
