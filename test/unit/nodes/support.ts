/** Ports for tests of the node client: answers by hand, and time that moves only when told. */
import type { Random, Timer } from "../../../shared/ports.ts";

/** Timers that fire when `advance` passes them. */
export class ManualTimer implements Timer {
  nowMs = 0;
  readonly slept: number[] = [];
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(durationMs);
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.nowMs + durationMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  advance(durationMs: number): void {
    this.nowMs += durationMs;
    const due = this.#sleepers.filter((each) => each.atMs <= this.nowMs);
    this.#sleepers = this.#sleepers.filter((each) => each.atMs > this.nowMs);
    for (const each of due) each.wake();
  }
}

/** A timer whose sleeps are over at once; it notes how long they would have been. */
export class InstantTimer implements Timer {
  readonly slept: number[] = [];

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(durationMs);
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return Promise.resolve();
  }
}

/** Always the same draw. */
export function fixedRandom(unit: number): Random {
  return { bytes: (byteCount) => new Uint8Array(byteCount), unit: () => unit };
}

/** The success envelope of a storage node. */
export function success(data: unknown, status = 200): Response {
  return Response.json({ success: { code: status, data } }, { status });
}

/** The error envelope of a storage node. */
export function refusal(status: number, reason: string, message = "no"): Response {
  const details = [{ "@type": "ErrorInfo", reason, domain: "storage.walrus.space", metadata: {} }];
  return Response.json(
    { error: { code: status, status: "INVALID_ARGUMENT", message, details } },
    { status },
  );
}
