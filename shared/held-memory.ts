/**
 * A part of an isolate's working memory, held while something runs: what is kept to the end, and
 * what is needed only while rows are fetched.
 *
 * Whoever holds some and needs more gives it back first (`without`): nobody waits for memory while
 * holding it, so nobody waits for ever.
 */
import type { WorkingMemory } from "./working-memory.ts";

/** One reservation; nothing is held until it is taken. */
export class HeldMemory {
  readonly #memory: WorkingMemory;
  readonly #keptBytes: number;
  readonly #passingBytes: number;
  #givers: readonly (() => void)[] = [];
  #isOver = false;

  /** @param passingBytes Given back by `hasPassed`, before the rest. */
  constructor(memory: WorkingMemory, keptBytes: number, passingBytes = 0) {
    this.#memory = memory;
    this.#keptBytes = keptBytes;
    this.#passingBytes = passingBytes;
  }

  /**
   * Waits for the memory.
   *
   * @throws The signal's reason when it is aborted first.
   */
  async take(signal?: AbortSignal): Promise<void> {
    this.#givers = await this.#memory.acquireBoth(this.#keptBytes, this.#passingBytes, signal);
    if (this.#isOver || signal?.aborted === true) this.#drop();
  }

  /** Gives back what was needed only for fetching. */
  hasPassed(): void {
    this.#givers[1]?.();
  }

  /** Gives it back for good. */
  release(): void {
    this.#isOver = true;
    this.#drop();
  }

  /** Runs work that asks for memory of its own, and waits for ours again. */
  async without<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#drop();
    try {
      return await work();
    } finally {
      // Given up meanwhile: then there is nothing to hold it for.
      if (!this.#isOver) await this.take(signal).catch(() => undefined);
    }
  }

  #drop(): void {
    for (const giveBack of this.#givers) giveBack();
    this.#givers = [];
  }
}
