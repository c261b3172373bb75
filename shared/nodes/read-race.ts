/**
 * Runs attempts side by side until one of them says that it is enough, within a time.
 *
 * The one scheduler of reads: it knows nothing of nodes or blobs. Attempts never reject; the ones
 * still running at the end are aborted through their signal and not waited for.
 */
import type { Timer } from "../ports.ts";

/** One attempt: `true` ends the race. */
export type Attempt = (signal: AbortSignal) => Promise<boolean>;

/** How to run a race. */
export interface RaceOptions {
  /** The next attempt; `null` when there is none now. It is asked again after each one that ends. */
  readonly next: () => Attempt | null;
  /** How many may run at once, asked before each start. */
  readonly width: () => number;
  /** `onSilence` is called each time `silence` passes without any attempt ending: the place to widen. */
  readonly hedge?: {
    readonly silence: (signal: AbortSignal) => Promise<void>;
    readonly onSilence: () => void;
  };
  readonly deadlineMs: number;
  readonly timer: Timer;
  /** The caller gives up. */
  readonly signal?: AbortSignal | undefined;
}

/** How a race ended. */
export type RaceEnd = "enough" | "exhausted" | "timed-out" | "aborted";

type Event = RaceEnd | "ended" | "silence";

/** Runs the race. */
export async function race(options: RaceOptions): Promise<RaceEnd> {
  const stop = new AbortController();
  const abort = () => stop.abort(new DOMException("The read was given up", "AbortError"));
  if (options.signal?.aborted) return "aborted";
  options.signal?.addEventListener("abort", abort, { once: true });
  const running = new Set<Promise<Event>>();
  const passed = options.timer.sleep(options.deadlineMs, stop.signal);
  const deadline = after(passed, "timed-out");
  try {
    for (;;) {
      start(options, running, stop.signal);
      if (running.size === 0) return "exhausted";
      const silence = new AbortController();
      const contestants = [...running, deadline];
      if (options.hedge !== undefined) {
        contestants.push(after(options.hedge.silence(silence.signal), "silence"));
      }
      const event = await Promise.race(contestants);
      silence.abort();
      if (stop.signal.aborted) return "aborted";
      if (event === "silence") options.hedge?.onSilence();
      else if (event !== "ended") return event;
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    abort();
  }
}

function start(options: RaceOptions, running: Set<Promise<Event>>, signal: AbortSignal): void {
  while (running.size < options.width()) {
    const attempt = options.next();
    if (attempt === null) return;
    const ending: Promise<Event> = attempt(signal).then((enough) => {
      running.delete(ending);
      return enough ? "enough" : "ended";
    });
    running.add(ending);
  }
}

/** Resolves with `event` after the wait; with "aborted" when that is cut short. */
async function after(wait: Promise<void>, event: Event): Promise<Event> {
  try {
    await wait;
    return event;
  } catch {
    return "aborted";
  }
}
