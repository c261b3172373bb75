/** Time that jumps to the next timer whenever nothing else is left to run. */
import type { Clock, Timer } from "../../../shared/ports.ts";

/** Turns of the event loop without a jump: enough for streams and promises to settle. */
const QUIET_TURNS = 6;

export class VirtualTime implements Clock, Timer {
  #nowMs = 1_000_000;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  #pumping = false;

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper = { atMs: this.#nowMs + durationMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason as Error);
      });
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#sleepers.length > 0) {
      for (let turn = 0; turn < QUIET_TURNS; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const next = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    this.#pumping = false;
  }
}
