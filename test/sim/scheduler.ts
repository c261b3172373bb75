/**
 * Time and order of a simulated run: every port call, sleep and alarm is an event of this queue.
 *
 * The next event is taken only when no promise can go on by itself, the earliest first; how long each
 * takes is drawn from the seed. So the seed decides every interleaving, and time passes only here.
 */
import type { Clock, Random, Timer } from "../../shared/ports.ts";
import { seededRandom } from "../support/seeded-random.ts";

/** Turns of the event loop after which every promise and stream has settled. */
const QUIET_TURNS = 4;
/** A simulated run that goes on for longer than this is stuck; 1,000 stores at 1,000 shards take 5 million. */
const EVENTS_MAX = 20_000_000;
/** So many called-off events are kept before they are looked for. */
const CALLED_OFF_MIN = 1_024;

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Called off. */
  isOver: boolean;
}

/** The events of a run, the next one first: a binary heap, since a burst has thousands at a time. */
class EventHeap {
  #heap: Event[] = [];
  /** At least so many of the heap are called off. */
  #calledOffCount = 0;

  /**
   * Notes that an event was called off. Nearly every time-out is, long before its time: once they are
   * most of the heap they are dropped, with all that they hold.
   */
  callOff(event: Event): void {
    if (event.isOver) return;
    event.isOver = true;
    this.#calledOffCount++;
    if (this.#calledOffCount < CALLED_OFF_MIN || 2 * this.#calledOffCount < this.#heap.length)
      return;
    const left = this.#heap.filter(({ isOver }) => !isOver);
    this.#heap = [];
    this.#calledOffCount = 0;
    for (const each of left) this.push(each);
  }

  push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** The next event that was not called off; it stays. */
  first(): Event | null {
    while (this.#heap[0]?.isOver === true) this.pop();
    return this.#heap[0] ?? null;
  }

  pop(): void {
    const heap = this.#heap;
    if (heap[0]?.isOver === true) this.#calledOffCount--;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, index)) return;
      this.#swap(child, index);
      index = child;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const [first, second] = [this.#heap[left], this.#heap[right]];
    if (first === undefined || second === undefined) return false;
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.order < second.order);
  }

  #swap(left: number, right: number): void {
    const [first, second] = [this.#heap[left], this.#heap[right]];
    if (first === undefined || second === undefined) return;
    this.#heap[left] = second;
    this.#heap[right] = first;
  }
}

/** The queue of one run. */
export class Scheduler implements Clock, Timer {
  readonly random: Random;
  #nowMs: number;
  #count = 0;
  readonly #events = new EventHeap();
  /** Work outside the queue that is running now: handlers that await real promises. */
  #busy = 0;

  constructor(seed: number, startMs: number) {
    this.random = seededRandom(seed);
    this.#nowMs = startMs;
  }

  /** Whole milliseconds, as the platform's clock has them. */
  nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  /** Runs `run` after `delayMs`; returns how to cancel it. */
  after(delayMs: number, run: () => void): () => void {
    // Ties are broken by the seed, not by who came first.
    const event = { atMs: this.#nowMs + delayMs, order: this.random.unit(), run, isOver: false };
    this.#events.push(event);
    return () => this.#events.callOff(event);
  }

  /** A whole number of milliseconds up to `mostMs`, drawn from the seed. */
  someMs(mostMs: number): number {
    return Math.floor(this.random.unit() * (mostMs + 1));
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.after(durationMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Runs a handler of the outside world; no other event happens until it has ended. */
  async exclusively<T>(handle: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await handle();
    } finally {
      this.#busy--;
    }
  }

  /** Takes events until `isOver` says so or none is left; `false` when time is up before. */
  async run(isOver: () => boolean, untilMs: number = Infinity): Promise<boolean> {
    for (;;) {
      await this.#quiet();
      if (isOver()) return true;
      const next = this.#events.first();
      if (next === null) return false;
      if (next.atMs > untilMs) {
        this.#nowMs = untilMs;
        return false;
      }
      if (this.#count++ > EVENTS_MAX) throw new Error("Cannot simulate: the run does not end");
      this.#events.pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
  }

  async #quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS || this.#busy > 0; turn++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}
