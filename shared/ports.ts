/**
 * What the pure middle may ask of the world, as interfaces.
 *
 * Nothing in `shared/` touches the global clock, randomness, timers, `fetch` or `console`; the
 * composition root of each Worker passes the real ones in (`shared/system.ts`), the tests pass
 * seeded ones, and one seed then replays any run.
 */
import type { LogField } from "./telemetry/log-fields.ts";

/** Wall-clock time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** Randomness. */
export interface Random {
  /** Returns `byteCount` random bytes. */
  bytes(byteCount: number): Uint8Array;
  /** Returns a float in [0, 1). */
  unit(): number;
}

/** Timers. */
export interface Timer {
  /** Resolves after `durationMs`; rejects with the signal's reason when it is aborted first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `action` after `durationMs` unless the function it returns is called first. A platform has
   * it where that is cheaper than `sleep` with a signal of its own, which `callAfter` uses else.
   */
  after?(durationMs: number, action: () => void): () => void;
}

/** An HTTP request to the outside. Rejections are transport errors, never HTTP statuses. */
export type Fetch = (request: Request) => Promise<Response>;

/** A structured log line. Never holds keys, tokens or bodies. */
export type LogRecord = {
  /** What happened, as a dotted name: `upload.certified`. */
  readonly event: string;
} & {
  readonly [Field in LogField]?: string | number | boolean | null | undefined | readonly string[];
};

/** Where log lines go. */
export interface Log {
  info(record: LogRecord): void;
  warn(record: LogRecord): void;
  error(record: LogRecord): void;
}

/** A key-value store with expiry (KV). Reads may be stale; a miss may be remembered. */
export interface KeyValue {
  get(key: string): Promise<Uint8Array | null>;
  /** Stores `value`; `ttlSeconds` is at least 60 where given (KV refuses less). */
  put(key: string, value: Uint8Array, options?: { readonly ttlSeconds?: number }): Promise<void>;
  delete(key: string): Promise<void>;
}
