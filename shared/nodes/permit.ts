/**
 * The permit of six: how many requests one invocation may have waiting for response headers.
 *
 * The platform queues a seventh silently, and a time-out armed while it waits would abort it
 * unsent; so the queue is ours, and `send` builds the request (and arms its time-out) only when a
 * slot is free. A slot is free again when the headers have arrived, as on the platform. This is the
 * one place that calls the platform's `fetch`.
 */
import { REQUESTS_IN_FLIGHT_MAX } from "../limits.ts";
import type { Fetch } from "../ports.ts";

/** One invocation's slots. Make one for each invocation, never one for each isolate. */
export interface Permit {
  /** Slots in all. */
  readonly slotCount: number;
  /** Slots taken now. */
  readonly inFlight: number;
  /**
   * Waits for a slot and holds it while `task` runs.
   *
   * @throws The signal's reason when it is aborted before the task has started.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Waits for a slot, calls `start` and sends its request; resolves with the headers. `isFirst`
   * gets the next free slot, before all that wait.
   */
  send(start: () => Request, signal?: AbortSignal, isFirst?: boolean): Promise<Response>;
  /** The `Fetch` port under this permit, for clients that make their own requests. */
  readonly fetch: Fetch;
}

/** Slots over the `fetch` of the platform. */
export function platformPermit(slotCount: number = REQUESTS_IN_FLIGHT_MAX): Permit {
  // oxlint-disable-next-line no-restricted-globals -- the one place that calls it
  return createPermit((request) => fetch(request), slotCount);
}

/**
 * Slots over any `fetch`.
 *
 * @throws {RangeError} When `slotCount` is not 1 to `REQUESTS_IN_FLIGHT_MAX`.
 */
export function createPermit(fetch: Fetch, slotCount: number = REQUESTS_IN_FLIGHT_MAX): Permit {
  if (!Number.isInteger(slotCount) || slotCount < 1 || slotCount > REQUESTS_IN_FLIGHT_MAX) {
    throw new RangeError(
      `Cannot make permit: expected 1 to ${REQUESTS_IN_FLIGHT_MAX} slots, got ${slotCount}`,
    );
  }
  const queue: (() => void)[] = [];
  let inFlight = 0;

  function acquire(signal: AbortSignal | undefined, isFirst: boolean): Promise<void> | null {
    signal?.throwIfAborted();
    if (inFlight < slotCount) {
      inFlight++;
      return null;
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        queue.splice(queue.indexOf(grant), 1);
        reject(signal?.reason as Error);
      };
      const grant = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      if (isFirst) queue.unshift(grant);
      else queue.push(grant);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The slot goes straight to the first in the queue, so that `inFlight` never dips. */
  function release(): void {
    const next = queue.shift();
    if (next === undefined) inFlight--;
    else next();
  }

  async function run<T>(task: () => Promise<T>, signal?: AbortSignal, isFirst = false): Promise<T> {
    await acquire(signal, isFirst);
    try {
      // Aborted in the very turn in which the slot was given.
      signal?.throwIfAborted();
      return await task();
    } finally {
      release();
    }
  }

  return {
    slotCount,
    get inFlight() {
      return inFlight;
    },
    run,
    send: (start, signal, isFirst) => run(async () => fetch(start()), signal, isFirst),
    fetch: (request) => run(() => fetch(request), request.signal),
  };
}
