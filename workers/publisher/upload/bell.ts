/**
 * Wakes whoever waits for a change: one promise for all, made only while somebody waits.
 *
 * A fan-out over 1,000 shards rings several thousand times, so nothing is made for each: an abort
 * with an error for each wait once took more time than the requests (a third of a store).
 */
import { inTime } from "../../../shared/in-time.ts";
import type { Timer } from "../../../shared/ports.ts";

/** One thing to wait for, again and again. */
export class Bell {
  readonly #timer: Timer;
  #next: PromiseWithResolvers<void> | null = null;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Wakes all who wait now. */
  ring(): void {
    this.#next?.resolve();
    this.#next = null;
  }

  /** Resolves at the next ring, or after `limitMs` where it is finite. */
  async rung(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    const { promise } = this.#next;
    if (!Number.isFinite(limitMs)) return promise;
    return inTime(this.#timer, limitMs, promise, undefined);
  }
}
