/**
 * Who may work on a blob in memory now: first come, first served, within a number of bytes.
 *
 * Encoders and decoders of one isolate share its 128 MB. Each asks for what it will need before it
 * starts and gives it back when it is done; together they wait rather than burst the isolate.
 */
import { ISOLATE_WORKING_SET_BYTES } from "./limits.ts";

interface Waiting {
  readonly byteCount: number;
  readonly grant: () => void;
}

/** Bytes to be shared by those who ask. */
export class WorkingMemory {
  readonly #bytesMax: number;
  #bytesTaken = 0;
  #queue: Waiting[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes handed out now. */
  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  /** How many wait. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /**
   * Waits for `byteCount` bytes; resolves with the function that gives them back (once).
   *
   * @param signal Ends the waiting: the promise rejects with its reason and nothing is taken.
   * @throws {RangeError} When it is more than there is in all, or no byte count.
   */
  async acquire(byteCount: number, signal?: AbortSignal): Promise<() => void> {
    if (!(byteCount >= 0 && byteCount <= this.#bytesMax)) {
      throw new RangeError(
        `Cannot reserve memory: expected at most ${this.#bytesMax} bytes, got ${byteCount}`,
      );
    }
    signal?.throwIfAborted();
    if (this.#queue.length > 0 || !this.#fits(byteCount)) await this.#wait(byteCount, signal);
    else this.#bytesTaken += byteCount;
    return this.#giverBack(byteCount);
  }

  /** As `acquire` of both together; each part is given back by itself. */
  async acquireBoth(
    first: number,
    second: number,
    signal?: AbortSignal,
  ): Promise<readonly [() => void, () => void]> {
    await this.acquire(first + second, signal);
    return [this.#giverBack(first), this.#giverBack(second)];
  }

  /** The bytes at once, or `null` where somebody waits or there are not so many. */
  tryAcquire(byteCount: number): (() => void) | null {
    if (this.#queue.length > 0 || !this.#fits(byteCount)) return null;
    this.#bytesTaken += byteCount;
    return this.#giverBack(byteCount);
  }

  /** Runs `use` with `byteCount` bytes, which are given back however it ends. */
  async with<T>(
    byteCount: number,
    use: () => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<Awaited<T>> {
    const giveBack = await this.acquire(byteCount, signal);
    try {
      return await use();
    } finally {
      giveBack();
    }
  }

  async #wait(byteCount: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { byteCount, grant: resolve };
    const onAbort = (): void => {
      const index = this.#queue.indexOf(waiting);
      // Granted already: the memory is the caller's, who gives it back as always.
      if (index === -1) return;
      this.#queue.splice(index, 1);
      reject(signal?.reason as Error);
      // It may have been the first, behind which smaller ones fit.
      this.#grantNext();
    };
    this.#queue.push(waiting);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #giverBack(byteCount: number): () => void {
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
      if (!this.#fits(next.byteCount)) return;
      this.#bytesTaken += next.byteCount;
      this.#queue.shift();
      next.grant();
    }
  }

  #fits(byteCount: number): boolean {
    return this.#bytesTaken + byteCount <= this.#bytesMax;
  }
}

/** The permit of this isolate; in module scope on purpose, since the isolate's memory is, too. */
export const isolateMemory = new WorkingMemory(ISOLATE_WORKING_SET_BYTES);
