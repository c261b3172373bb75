/**
 * Large transfers one after the other: what is on its way lies on both sides of its stream.
 *
 * One that stalls holds up the next for a while only, so that no lane waits for another that is gone.
 */
import { callAfter } from "../../../shared/call-after.ts";
import type { Timer } from "../../../shared/ports.ts";

/** A queue of its own for whoever shares one. */
export class Turns {
  readonly #timer: Timer;
  readonly #patienceMs: number;
  #last: Promise<void> = Promise.resolve();

  /** @param patienceMs How long one that does not end holds up the next. */
  constructor(timer: Timer, patienceMs: number) {
    this.#timer = timer;
    this.#patienceMs = patienceMs;
  }

  /** Runs `work` once those before it have ended, or have had their time; rejects as it does. */
  async take(work: () => Promise<void>): Promise<void> {
    const before = this.#last;
    const over = Promise.withResolvers<void>();
    this.#last = over.promise;
    await before;
    const callOff = callAfter(this.#timer, this.#patienceMs, over.resolve);
    try {
      await work();
    } finally {
      callOff();
      over.resolve();
    }
  }
}
