/**
 * KV and the edge cache as the platform keeps them, under one seed: what is written in one city is
 * seen later in another, and a city holds on to what it has read, a miss included.
 *
 * Sources: Workers KV, How KV works (60 s and more until a change is seen; negative look-ups are
 * cached, too); Cache API (each data centre has a cache of its own).
 */
import type { KeyValue } from "../../shared/ports.ts";
import type { EdgeCache, EdgeHit } from "../../workers/aggregator/tiers.ts";
import type { Scheduler } from "./scheduler.ts";

/** Longest time a city goes on with what it has read of a key. */
const HELD_MS_MAX = 60_000;
/** Longest way of a write to the other cities. */
const SPREAD_MS_MAX = 20_000;
/** Longest way of a call. */
const CALL_MS_MAX = 40;

interface Held {
  readonly value: Uint8Array | null;
  readonly untilMs: number;
}

/** One namespace. */
export class SimKv {
  readonly #scheduler: Scheduler;
  readonly #spread = new Map<string, Uint8Array>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The namespace as one city has it. */
  city(): KeyValue {
    const scheduler = this.#scheduler;
    const held = new Map<string, Held>();
    const hold = (key: string, value: Uint8Array | null) => {
      held.set(key, { value, untilMs: scheduler.nowMs() + scheduler.someMs(HELD_MS_MAX) });
    };
    const write = async (key: string, value: Uint8Array | null) => {
      await scheduler.sleep(scheduler.someMs(CALL_MS_MAX));
      // Where it was written it is seen at once.
      hold(key, value);
      scheduler.after(scheduler.someMs(SPREAD_MS_MAX), () => {
        if (value === null) this.#spread.delete(key);
        else this.#spread.set(key, value);
      });
    };
    return {
      get: async (key) => {
        await scheduler.sleep(scheduler.someMs(CALL_MS_MAX));
        const known = held.get(key);
        if (known !== undefined && scheduler.nowMs() < known.untilMs) return known.value;
        const value = this.#spread.get(key) ?? null;
        hold(key, value);
        return value;
      },
      put: (key, value) => write(key, value),
      delete: (key) => write(key, null),
    };
  }
}

/** The edge cache of one city; it may drop what it holds at any time. */
export function simEdgeCache(scheduler: Scheduler): EdgeCache {
  const entries = new Map<string, EdgeHit & { readonly untilMs: number }>();
  const get = async (key: string): Promise<EdgeHit | null> => {
    await scheduler.sleep(scheduler.someMs(CALL_MS_MAX));
    const hit = entries.get(key);
    if (hit === undefined || scheduler.nowMs() >= hit.untilMs) return null;
    if (scheduler.random.unit() < 0.1) entries.delete(key);
    return hit;
  };
  return {
    get,
    part: async (key, { start, end }, totalBytes) => {
      const hit = await get(key);
      if (hit === null) return null;
      const { value, admitted } = hit;
      const isAsked = value.length === totalBytes;
      return { admitted, body: isAsked ? new Response(value.slice(start, end)).body : null };
    },
    put: async (key, value, { ttlSeconds, admitted }) => {
      await scheduler.sleep(scheduler.someMs(CALL_MS_MAX));
      entries.set(key, { value, admitted, untilMs: scheduler.nowMs() + ttlSeconds * 1_000 });
    },
    delete: async (key) => {
      await scheduler.sleep(scheduler.someMs(CALL_MS_MAX));
      entries.delete(key);
    },
  };
}
