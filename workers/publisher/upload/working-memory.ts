/**
 * Who may hold a blob in memory now: first come, first served, within a number of bytes.
 *
 * Uploads of one isolate share its 128 MB, so this permit lives in module scope on purpose: it is
 * about this isolate and nothing beyond it.
 */

/** Bytes to be shared by those who ask. */
export class WorkingMemory {
  readonly #bytesMax: number;
  #bytesTaken = 0;
  #queue: { readonly byteCount: number; readonly grant: () => void }[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes handed out now. */
  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  /**
   * Waits for `byteCount` bytes; resolves with the function that gives them back (once).
   *
   * @throws {RangeError} When it is more than there is in all.
   */
  async acquire(byteCount: number): Promise<() => void> {
    if (byteCount > this.#bytesMax) {
      throw new RangeError(
        `Cannot reserve memory: expected at most ${this.#bytesMax} bytes, got ${byteCount}`,
      );
    }
    if (this.#queue.length > 0 || this.#bytesTaken + byteCount > this.#bytesMax) {
      await new Promise<void>((grant) => this.#queue.push({ byteCount, grant }));
    } else {
      this.#bytesTaken += byteCount;
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#bytesTaken -= byteCount;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#bytesTaken + next.byteCount > this.#bytesMax) return;
      this.#bytesTaken += next.byteCount;
      this.#queue.shift();
      next.grant();
    }
  }
}
