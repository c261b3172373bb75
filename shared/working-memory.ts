/**
 * Who may work on a blob in memory now: first come, first served, within a number of bytes.
 *
 * Encoders and decoders of one isolate share its 128 MB. Each asks for what it will need before it
 * starts and gives it back when it is done; together they wait rather than burst the isolate. Who
 * fits beside the first that waits may go before it, so that a small blob does not wait for several
 * large ones; whoever has gone before leaves the first its room, so that nobody waits for ever.
 */
import { ISOLATE_WORKING_SET_BYTES, MEMORY_LOOK_MS, MEMORY_LOOK_MS_MAX } from "./limits.ts";
import type { Timer } from "./ports.ts";
import { systemTimer } from "./system.ts";

/** One demand, from the asking to the giving back. */
interface Demand {
  readonly byteCount: number;
  state: "waiting" | "granted" | "over";
  granted: PromiseWithResolvers<void>;
}

/** Who asks: an object that may be killed, while its isolate and what it holds here live on. */
export interface MemoryHolder {
  /** Of the object: the same in every life of it. */
  readonly name: string;
  /** Tells one life from the next. */
  readonly life: object;
}

/** Bytes to be shared by those who ask. */
export class WorkingMemory {
  readonly #bytesMax: number;
  readonly #timer: Timer | null;
  #bytesTaken = 0;
  #queue: Demand[] = [];
  /** Granted before the first that waits now, though they came later. */
  readonly #overtakers = new Set<Demand>();
  /** Demands of each holder's last life that are not over. */
  readonly #held = new Map<string, { readonly life: object; readonly demands: Set<Demand> }>();

  /**
   * @param timer Needed where those who ask are invocations of their own: workerd may never wake
   *   one whose promise another has resolved, so each looks for its grant by itself.
   */
  constructor(bytesMax: number, timer: Timer | null = null) {
    this.#bytesMax = bytesMax;
    this.#timer = timer;
  }

  /** Bytes there are in all. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Bytes handed out now. */
  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  /** How many wait. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** Whether nobody waits and `byteCount` bytes more could be handed out. */
  hasSpare(byteCount: number): boolean {
    return this.#queue.length === 0 && this.#bytesTaken + byteCount <= this.#bytesMax;
  }

  /**
   * Waits for `byteCount` bytes; resolves with the function that gives them back (once).
   *
   * @param signal Ends the waiting: the promise rejects with its reason and nothing is taken.
   * @throws {RangeError} When it is more than there is in all, or no byte count.
   */
  async acquire(byteCount: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const demand = this.#ask(byteCount);
    const onAbort = (): void => {
      // Granted already: the memory is the caller's, who gives it back as always.
      if (demand.state !== "waiting") return;
      this.#end(demand);
      demand.granted.reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (demand.state === "waiting") await this.#granted(demand);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
    return () => this.#end(demand);
  }

  /**
   * As `acquire`, for an object of which one life at a time is at work: what an earlier life, which
   * was killed, still holds or waits for is given back first.
   *
   * @throws {RangeError} As `acquire`.
   */
  async acquireAs({ name, life }: MemoryHolder, byteCount: number): Promise<() => void> {
    const demand = this.#ask(byteCount);
    this.endEarlierLife({ name, life });
    const own = this.#held.get(name) ?? { life, demands: new Set<Demand>() };
    own.demands.add(demand);
    this.#held.set(name, own);
    if (demand.state === "waiting") await this.#granted(demand);
    return () => {
      this.#end(demand);
      own.demands.delete(demand);
      if (own.demands.size === 0 && this.#held.get(name) === own) this.#held.delete(name);
    };
  }

  /** Gives back what an earlier life of the holder, which was killed, has left. */
  endEarlierLife({ name, life }: MemoryHolder): void {
    const before = this.#held.get(name);
    if (before === undefined || before.life === life) return;
    this.#held.delete(name);
    for (const left of before.demands) this.#end(left);
  }

  /** As `acquire` of both together; each part is given back by itself. */
  async acquireBoth(
    first: number,
    second: number,
    signal?: AbortSignal,
  ): Promise<readonly [() => void, () => void]> {
    await this.acquire(first + second, signal);
    // What was granted together is accounted for in two parts from here on.
    return [this.#part(first), this.#part(second)];
  }

  /** The bytes at once, or `null` where somebody waits or there are not so many. */
  tryAcquire(byteCount: number): (() => void) | null {
    if (this.#queue.length > 0 || this.#bytesTaken + byteCount > this.#bytesMax) return null;
    const demand = this.#ask(byteCount);
    return () => this.#end(demand);
  }

  /** Runs `use` with `byteCount` bytes, which are given back however it ends. */
  async with<T>(
    byteCount: number,
    use: () => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<Awaited<T>> {
    const giveBack = await this.acquire(byteCount, signal);
    try {
      return await use();
    } finally {
      giveBack();
    }
  }

  #ask(byteCount: number): Demand {
    if (!(byteCount >= 0 && byteCount <= this.#bytesMax)) {
      throw new RangeError(
        `Cannot reserve memory: expected at most ${this.#bytesMax} bytes, got ${byteCount}`,
      );
    }
    const granted = Promise.withResolvers<void>();
    const demand: Demand = { byteCount, state: "waiting", granted };
    this.#queue.push(demand);
    this.#grantNext();
    return demand;
  }

  /** Resolves once granted; rejects when the waiting was ended. */
  async #granted(demand: Demand): Promise<void> {
    if (this.#timer !== null) await lookFor(demand, this.#timer);
    if (demand.state !== "granted") await demand.granted.promise;
  }

  #part(byteCount: number): () => void {
    const granted = Promise.withResolvers<void>();
    const demand: Demand = { byteCount, state: "granted", granted };
    return () => this.#end(demand);
  }

  /** Gives back what was granted, or stops waiting. */
  #end(demand: Demand): void {
    if (demand.state === "over") return;
    if (demand.state === "granted") this.#bytesTaken -= demand.byteCount;
    else this.#leaveQueue(demand);
    demand.state = "over";
    this.#overtakers.delete(demand);
    // Smaller ones may have waited behind it.
    this.#grantNext();
  }

  #grantNext(): void {
    let first = this.#queue[0];
    for (; first !== undefined && this.#fits(first); first = this.#queue[0]) this.#grant(first);
    if (first === undefined) return;
    const bytesBeside = this.#bytesMax - first.byteCount;
    for (const later of this.#queue.slice(1)) {
      const takenBeside = [...this.#overtakers].reduce((sum, { byteCount }) => sum + byteCount, 0);
      if (!this.#fits(later) || takenBeside + later.byteCount > bytesBeside) continue;
      this.#grant(later);
      this.#overtakers.add(later);
    }
  }

  #fits({ byteCount }: Demand): boolean {
    return this.#bytesTaken + byteCount <= this.#bytesMax;
  }

  #grant(demand: Demand): void {
    this.#bytesTaken += demand.byteCount;
    this.#leaveQueue(demand);
    demand.state = "granted";
    demand.granted.resolve();
  }

  #leaveQueue(demand: Demand): void {
    // Whoever comes first now has been overtaken by nobody yet.
    if (this.#queue[0] === demand) this.#overtakers.clear();
    this.#queue = this.#queue.filter((other) => other !== demand);
  }
}

/** Looks ever more seldom whether the demand is waiting no more. */
async function lookFor(demand: Demand, timer: Timer): Promise<void> {
  let lookMs = MEMORY_LOOK_MS;
  while (demand.state === "waiting") {
    // One of its own each time: a promise keeps whoever ever raced against it.
    demand.granted = Promise.withResolvers<void>();
    await Promise.race([timer.sleep(lookMs), demand.granted.promise]);
    lookMs = Math.min(2 * lookMs, MEMORY_LOOK_MS_MAX);
  }
}

/** The permit of this isolate; in module scope on purpose, since the isolate's memory is, too. */
export const isolateMemory = new WorkingMemory(ISOLATE_WORKING_SET_BYTES, systemTimer);
