/** What the requests of one isolate are at: hints, so that the second one joins the first. */
import { remember } from "../../shared/remember.ts";
import { ABANDONED_HOLD_MS, ABANDONED_REMEMBERED_MAX } from "../../shared/limits.ts";
import type { Clock } from "../../shared/ports.ts";

/** Counts who is at what. */
export class Busy {
  readonly #clock: Clock;
  readonly #counts = new Map<string, number>();
  /** What somebody began and left, and until when others may still come for it. */
  readonly #abandoned = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins. @returns Whether somebody is at it already, or was until a moment ago. */
  enter(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return count > 0 || this.#clock.nowMs() < (this.#abandoned.get(key) ?? 0);
  }

  /** Whether somebody is at it, or left it undone until a moment ago. */
  isLately(key: string): boolean {
    return this.count(key) > 0 || this.#clock.nowMs() < (this.#abandoned.get(key) ?? 0);
  }

  /** How many are at it. */
  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Ends, done or abandoned; once for each `enter`. */
  leave(key: string, isDone: boolean): void {
    const count = (this.#counts.get(key) ?? 0) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
    if (isDone) return;
    const untilMs = this.#clock.nowMs() + ABANDONED_HOLD_MS;
    remember(this.#abandoned, key, untilMs, ABANDONED_REMEMBERED_MAX);
  }
}
