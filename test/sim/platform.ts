/**
 * Durable Objects under one seed: who is alive, who calls whom, and where each of them may die.
 *
 * Every call an object makes passes two boundaries: before anything has left it, and after the
 * effect, with the answer not yet delivered. A statement that writes and a change of the alarm have
 * the same two. The boundaries of a run are counted as they are passed, so a recorded run lists them
 * all, and `killAt` names one of them. A killed object never runs another line: its calls stay
 * unanswered, its writes throw, those who wait for it are told that it was reset, and its next call
 * or alarm finds a new one over the same storage. What it had sent is on its way all the same.
 */
import type { Timer } from "../../shared/ports.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimStorage } from "./storage.ts";

/** Longest way of a message between two objects, or to the network. */
export const TRAVEL_MS_MAX = 4;
/** The platform repeats an alarm that failed so often… */
const ALARM_RETRIES_MAX = 6;
/** … after this, doubled each time. */
const ALARM_RETRY_MS = 2_000;

/** Thrown into code of an object that is gone. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** One life of an object. */
export class Life {
  readonly name: string;
  readonly storage: SimStorage | null;
  readonly children = new Set<Life>();
  readonly onDeath = new Set<() => void>();
  isAlive = true;

  constructor(name: string, storage: SimStorage | null) {
    this.name = name;
    this.storage = storage;
  }
}

/** Names an object and says what it answers to. */
export type ObjectName<Surface> = string & { readonly surface?: Surface };

/** What every simulated object may have besides its methods. */
export interface Alarmed {
  alarm?(): Promise<void>;
}

interface Kept<Surface> {
  readonly name: string;
  readonly storage: SimStorage;
  readonly make: (life: Life) => Surface;
  current: { readonly life: Life; readonly surface: Surface } | null;
}

/** How a run is to be disturbed. */
export interface KillPlan {
  /** Boundaries at which whoever passes them is killed. */
  readonly killAt: readonly number[];
  /** Whether writes that nothing has waited for are lost with it. */
  readonly losesUnsent: boolean;
}

export const NO_KILL: KillPlan = { killAt: [], losesUnsent: false };

/** The platform of one run. */
export class Platform {
  /** Every boundary passed, in order: `name before|after what`. None where they are only counted. */
  readonly boundaries: string[] = [];
  readonly scheduler: Scheduler;
  readonly #plan: KillPlan;
  readonly #namesBoundaries: boolean;
  #boundaryCount = 0;
  #isPeeking = false;
  /** Messages on their way, methods that run, alarms to be repeated. */
  #underWay = 0;
  readonly #objects = new Map<string, Kept<Alarmed>>();

  /** @param namesBoundaries Whether `boundaries` is kept: a burst passes millions. */
  constructor(scheduler: Scheduler, plan: KillPlan, namesBoundaries = true) {
    this.scheduler = scheduler;
    this.#plan = plan;
    this.#namesBoundaries = namesBoundaries;
  }

  /** Declares an object; it comes to life with its first call. Declaring it again changes nothing. */
  define<Surface extends Alarmed>(name: ObjectName<Surface>, make: (life: Life) => Surface): void {
    if (this.#objects.has(name)) return;
    this.#objects.set(name, { name, storage: new SimStorage(), make, current: null });
  }

  /** A life without storage: a Worker invocation or a lane. It ends with its parent. */
  invocation(name: string, parent: Life | null): Life {
    const life = new Life(name, null);
    parent?.children.add(life);
    return life;
  }

  /** `handle` happens outside of the caller, between its two boundaries. */
  call<T>(caller: Life, what: string, handle: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#pass(caller, "before", what)) return;
      caller.storage?.flush();
      this.#underWay++;
      const deliver = (settle: () => void) => {
        const isHeard = this.#pass(caller, "after", what);
        this.scheduler.after(this.scheduler.someMs(TRAVEL_MS_MAX), () => {
          this.#underWay--;
          if (isHeard && caller.isAlive) settle();
        });
      };
      this.scheduler.after(this.scheduler.someMs(TRAVEL_MS_MAX), () => {
        handle().then(
          (value) => deliver(() => resolve(value)),
          (error: unknown) => deliver(() => reject(error)),
        );
      });
    });
  }

  /** Calls a method of an object from another one. */
  invoke<Surface, T>(
    caller: Life,
    name: ObjectName<Surface>,
    method: string,
    run: (surface: Surface) => Promise<T>,
  ): Promise<T> {
    return this.call(caller, `${name}.${method}`, () =>
      this.#within(name, method, run as (surface: Alarmed) => Promise<T>),
    );
  }

  /** A write of an object, between its two boundaries. @throws {Killed} */
  write<T>(life: Life, what: string, apply: () => T): T {
    this.passOrThrow(life, "before", what);
    const result = apply();
    this.passOrThrow(life, "after", what);
    return result;
  }

  passOrThrow(life: Life, when: "before" | "after", what: string): void {
    if (!this.#pass(life, when, what)) throw new Killed(`${life.name} is gone`);
  }

  /** Sleeps; a sleeper that is killed never wakes. */
  timer(life: Life): Timer {
    return {
      sleep: (durationMs, signal) =>
        new Promise((resolve, reject) => {
          this.scheduler.sleep(durationMs, signal).then(
            () => life.isAlive && resolve(),
            (error: unknown) => life.isAlive && reject(error as Error),
          );
        }),
    };
  }

  setAlarm(life: Life, atMs: number): Promise<void> {
    const { storage } = life;
    if (storage === null) throw new TypeError(`Cannot set alarm: ${life.name} has no storage`);
    this.write(life, "alarm", () => storage.setAlarm(atMs));
    this.#arm(life.name);
    return Promise.resolve();
  }

  /** Whether an object has left nothing behind; one that never was has not. */
  isEmpty(name: string): boolean {
    return this.#objects.get(name)?.storage.isEmpty ?? true;
  }

  /** Looks into an object from outside the simulated world: no boundary is passed. */
  peek<Surface, T>(name: ObjectName<Surface>, read: (surface: Surface) => T): T {
    this.#isPeeking = true;
    try {
      return read(this.#living(name).surface as Surface);
    } finally {
      this.#isPeeking = false;
    }
  }

  /** Whether nothing is on its way and nobody waits for a repeated alarm. */
  get isQuiet(): boolean {
    return this.#underWay === 0;
  }

  /** Kills whatever life an object has now. */
  killObject(name: string): void {
    const life = this.#objects.get(name)?.current?.life;
    if (life !== undefined) this.#kill(life);
  }

  #pass(life: Life, when: "before" | "after", what: string): boolean {
    if (!life.isAlive) return false;
    if (this.#isPeeking) return true;
    const index = this.#boundaryCount++;
    if (this.#namesBoundaries) this.boundaries.push(`${life.name} ${when} ${what}`);
    if (!this.#plan.killAt.includes(index)) return true;
    this.#kill(life);
    return false;
  }

  #kill(life: Life): void {
    life.isAlive = false;
    for (const child of life.children) this.#kill(child);
    life.storage?.kill(this.#plan.losesUnsent);
    const kept = this.#objects.get(life.name);
    if (kept?.current?.life === life) {
      kept.current = null;
      this.#arm(life.name);
    }
    for (const tell of life.onDeath) tell();
  }

  async #within<T>(
    name: string,
    method: string,
    run: (surface: Alarmed) => Promise<T>,
  ): Promise<T> {
    // Making the object may already kill it.
    const { life, surface } = this.#living(name);
    return await new Promise((resolve, reject) => {
      const lost = () => reject(new Error(`${name} was reset`));
      life.onDeath.add(lost);
      if (!life.isAlive) return lost();
      run(surface).then(
        (value) => {
          if (!this.#pass(life, "before", `answer to ${method}`)) return;
          life.storage?.flush();
          life.onDeath.delete(lost);
          resolve(value);
        },
        (error: unknown) => {
          life.onDeath.delete(lost);
          if (life.isAlive) reject(error);
          else lost();
        },
      );
    });
  }

  #living(name: string): { readonly life: Life; readonly surface: Alarmed } {
    const kept = this.#objects.get(name);
    if (kept === undefined) throw new TypeError(`Cannot call ${name}: no such object`);
    if (kept.current !== null) return kept.current;
    const life = new Life(name, kept.storage);
    const surface = kept.make(life);
    kept.current = { life, surface };
    return kept.current;
  }

  #arm(name: string): void {
    const atMs = this.#objects.get(name)?.storage.alarmAtMs ?? null;
    if (atMs === null) return;
    this.scheduler.after(Math.max(0, atMs - this.scheduler.nowMs()), () => {
      const storage = this.#objects.get(name)?.storage;
      if (storage?.alarmAtMs !== atMs) return;
      storage.alarmAtMs = null;
      this.#underWay++;
      void this.#ring(name, 0);
    });
  }

  /** At least once: an alarm whose object died under it rings again. */
  async #ring(name: string, retry: number): Promise<void> {
    try {
      await this.#within(name, "alarm", async (surface) => surface.alarm?.());
      this.#underWay--;
    } catch {
      if (retry >= ALARM_RETRIES_MAX) {
        this.#underWay--;
        return;
      }
      this.scheduler.after(ALARM_RETRY_MS * 2 ** retry, () => void this.#ring(name, retry + 1));
    }
  }
}
