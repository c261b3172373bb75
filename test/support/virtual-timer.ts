/** A timer and clock that jump to the next deadline once nothing else is left to run. */
import type { Clock, Timer } from "../../shared/ports.ts";

/** Turns of the event loop without a new wait after which time moves on. */
const IDLE_TURNS = 25;

interface Wait {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Virtual time that starts at `startMs`. */
export function createVirtualTimer(startMs = 0): Timer & Clock & { readonly sleepsMs: number[] } {
  const waits = new Set<Wait>();
  const sleepsMs: number[] = [];
  let nowMs = startMs;
  let pumping = false;
  let idleTurns = 0;

  function pump(): void {
    if (waits.size === 0) {
      pumping = false;
      return;
    }
    idleTurns++;
    if (idleTurns > IDLE_TURNS) {
      const next = [...waits].reduce((first, wait) => (wait.atMs < first.atMs ? wait : first));
      waits.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      idleTurns = 0;
      next.wake();
    }
    setImmediate(pump);
  }

  return {
    sleepsMs,
    nowMs: () => nowMs,
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const wait: Wait = { atMs: nowMs + durationMs, wake: resolve };
        waits.add(wait);
        idleTurns = 0;
        signal?.addEventListener("abort", () => {
          waits.delete(wait);
          reject(signal.reason as Error);
        });
        if (!pumping) {
          pumping = true;
          setImmediate(pump);
        }
      });
    },
  };
}
