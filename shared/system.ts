/**
 * The real clock, randomness, timers and log: the one file of `shared/` that touches those globals.
 *
 * Imported only by composition roots (`workers/<name>/index.ts`), scripts and tests.
 */
import type { Clock, Log, LogRecord, Random, Timer } from "./ports.ts";

/** The platform's wall clock. In production it stands still while a Worker computes. */
export const systemClock: Clock = { nowMs: () => Date.now() };

/** Cryptographic randomness of the platform. */
export const systemRandom: Random = {
  bytes(byteCount) {
    return crypto.getRandomValues(new Uint8Array(byteCount));
  },
  unit() {
    const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
    return word / 2 ** 32;
  },
};

/** Timers of the platform. */
export const systemTimer: Timer = {
  sleep(durationMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, durationMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
  after(durationMs, action) {
    const timer = setTimeout(action, durationMs);
    return () => clearTimeout(timer);
  },
};

/** Writes each record as one JSON object to the console, which Workers Logs indexes by field. */
export function consoleLog(service: string): Log {
  const line = (level: string, record: LogRecord) => JSON.stringify({ level, service, ...record });
  /* oxlint-disable no-console -- the console is where Workers Logs reads from */
  return {
    info: (record) => console.log(line("info", record)),
    warn: (record) => console.warn(line("warn", record)),
    error: (record) => console.error(line("error", record)),
  };
  /* oxlint-enable no-console */
}
