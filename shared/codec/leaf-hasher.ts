/**
 * Leaf digests of whole columns or rows of symbols.
 *
 * A symbol of two bytes has only 65,536 values: where many more leaves than that are to be hashed,
 * all of them are hashed once and then looked up. That is a third of the work for every blob up to
 * 445,556 bytes at 1,000 shards.
 */
import { type Kernel, LEAF_TABLE_BYTES } from "./kernel/kernel.ts";

const TWO_BYTE_VALUES = 65_536;

/** A table pays when it replaces several times as many hashes as it costs. */
const LEAVES_PER_ENTRY_MIN = 4;

/** Hashes adjacent symbols of one size. Its table, if any, lies in a region of the kernel. */
export class LeafHasher {
  readonly #kernel: Kernel;
  readonly #symbolBytes: number;
  readonly #table: number | null;

  /** @param expectedLeaves How many leaves will be asked for, to decide on a table. */
  constructor(kernel: Kernel, symbolBytes: number, expectedLeaves: number) {
    this.#kernel = kernel;
    this.#symbolBytes = symbolBytes;
    const pays = symbolBytes === 2 && expectedLeaves >= LEAVES_PER_ENTRY_MIN * TWO_BYTE_VALUES;
    this.#table = pays ? placeTable(kernel) : null;
  }

  /** Writes the digests of `count` symbols at `symbols` to `target`. */
  hash(target: number, symbols: number, count: number): void {
    if (this.#table !== null) this.#kernel.lookupLeaves(target, symbols, count, this.#table);
    else this.#kernel.hashLeaves(target, symbols, count, this.#symbolBytes, this.#symbolBytes);
  }
}

/** The table in kernel memory: hashed once for all kernels of a codec, copied from then on. */
function placeTable(kernel: Kernel): number {
  const { kept } = kernel;
  if (kept.leafTable !== null) return kernel.place(kept.leafTable);
  const table = kernel.reserve(LEAF_TABLE_BYTES);
  const mark = kernel.mark();
  const values = new Uint8Array(TWO_BYTE_VALUES * 2);
  const view = new DataView(values.buffer);
  for (let value = 0; value < TWO_BYTE_VALUES; value++) view.setUint16(value * 2, value, true);
  kernel.hashLeaves(table, kernel.place(values), TWO_BYTE_VALUES, 2, 2);
  kernel.releaseTo(mark);
  kept.leafTable = kernel.read(table, LEAF_TABLE_BYTES);
  return table;
}
