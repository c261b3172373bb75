/**
 * The two cache tiers: the data centre's edge cache, then KV everywhere.
 *
 * Content goes to the edge cache when it is first made and to KV when it is asked for again there
 * (admit on second hit), so that what is read once never costs a KV write, and within the isolate's
 * budget of writes. A tier that fails is a miss: it is logged, never an error of the read.
 */
import { ADMITTED_KEYS_MAX, KV_TTL_SECONDS_MIN, KV_VALUE_BYTES_MAX } from "../../shared/limits.ts";
import type { KeyValue, Log } from "../../shared/ports.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import type { WriteBudget } from "./write-budget.ts";

/** The edge cache of one data centre. */
export interface EdgeCache {
  get(key: string): Promise<EdgeHit | null>;
  /** Bytes `range` of a value of `totalBytes` bytes, unread. */
  part(key: string, range: ByteRange, totalBytes: number): Promise<EdgePart | null>;
  put(key: string, value: Uint8Array, options: EdgePut): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A value of the edge cache. */
export interface EdgeHit {
  readonly value: Uint8Array;
  /** KV has it too. */
  readonly admitted: boolean;
}

/** Part of a value of the edge cache. */
export interface EdgePart {
  /** Exactly the bytes asked for; `null` when the value is of another length, or comes whole only. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** KV has the value too. */
  readonly admitted: boolean;
}

/** How a value is put into the edge cache. */
export interface EdgePut {
  readonly ttlSeconds: number;
  readonly admitted: boolean;
}

/** Where a value came from. */
export type TierName = "edge" | "kv";

/** A value found. */
export interface TierHit {
  readonly value: Uint8Array;
  readonly tier: TierName;
}

/** Part of a value found near by, unread: whoever has it reads or cancels `body`. */
export interface TierPart {
  readonly body: ReadableStream<Uint8Array>;
  readonly tier: TierName;
}

/** What the tiers are made of. */
export interface TierPorts {
  readonly edge: EdgeCache;
  readonly kv: KeyValue;
  readonly log: Log;
  /** Lets work outlive the answer. */
  readonly background: (work: Promise<void>) => void;
  /** Keys this isolate has put into KV: a hint, shared by its invocations. */
  readonly admittedKeys: Set<string>;
  /** KV writes this isolate may still make. */
  readonly writes: WriteBudget;
}

/** Both tiers as one. */
export interface Tiers {
  /** `ttlSecondsOf` says how long a found value may still be kept. */
  get(key: string, ttlSecondsOf: (value: Uint8Array) => number): Promise<TierHit | null>;
  /**
   * As `get`, of a value that is `totalBytes` long and of which only `range` is wanted: that part,
   * where the edge cache can give it and KV has the value; the whole value otherwise.
   */
  open(
    key: string,
    ttlSecondsOf: (value: Uint8Array) => number,
    wanted: { readonly range: ByteRange; readonly totalBytes: number },
  ): Promise<TierHit | TierPart | null>;
  /** Keeps a value in the edge cache, in the background; resolves when it is there, or given up. */
  put(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
  /** Removes a damaged value from both tiers. */
  evict(key: string): Promise<void>;
}

/** Makes the tiers of one invocation. */
export function createTiers(ports: TierPorts): Tiers {
  const { edge, kv, log, background, admittedKeys } = ports;
  // What one request learns of a blob it learns in steps; the last word must be the one that stays.
  const lastPuts = new Map<string, Promise<void>>();
  // What is being copied from tier to tier: it must not come after it was found to be damaged.
  const copying = new Map<string, Promise<void>>();
  const quietly: Quietly = (event, key, work) => missIfFailed(log, event, key, work);

  const admit = admission(ports, quietly);

  async function get(
    key: string,
    ttlSecondsOf: (value: Uint8Array) => number,
  ): Promise<TierHit | null> {
    const near = await quietly("cache.edge-get-failed", key, edge.get(key));
    if (near === null) return getFar(key, ttlSecondsOf);
    if (!near.admitted) copy(key, admit(key, near.value, ttlSecondsOf(near.value)));
    return { value: near.value, tier: "edge" };
  }

  async function getFar(
    key: string,
    ttlSecondsOf: (value: Uint8Array) => number,
  ): Promise<TierHit | null> {
    const far = await quietly("cache.kv-get-failed", key, kv.get(key));
    if (far === null) return null;
    const ttlSeconds = ttlSecondsOf(far);
    if (ttlSeconds > 0) {
      const kept = edge.put(key, far, { ttlSeconds, admitted: true });
      copy(
        key,
        quietly("cache.edge-put-failed", key, kept).then(() => undefined),
      );
    }
    return { value: far, tier: "kv" };
  }

  function copy(key: string, work: Promise<void>): void {
    copying.set(key, work);
    background(work);
  }

  return {
    get,
    async open(key, ttlSecondsOf, { range, totalBytes }) {
      const near = await quietly("cache.edge-get-failed", key, edge.part(key, range, totalBytes));
      if (near === null) return getFar(key, ttlSecondsOf);
      const { body, admitted } = near;
      if (body !== null && (admitted || admittedKeys.has(key))) return { body, tier: "edge" };
      await quietly("cache.edge-get-failed", key, body?.cancel() ?? Promise.resolve());
      return get(key, ttlSecondsOf);
    },
    put(key, value, ttlSeconds) {
      if (ttlSeconds <= 0) return Promise.resolve();
      const keep = () => edge.put(key, value, { ttlSeconds, admitted: false });
      const kept = lastPuts.get(key)?.then(keep) ?? keep();
      const settled = quietly("cache.edge-put-failed", key, kept).then(() => undefined);
      lastPuts.set(key, settled);
      background(settled);
      return settled;
    },
    async evict(key) {
      await copying.get(key);
      admittedKeys.delete(key);
      await quietly("cache.edge-delete-failed", key, edge.delete(key));
      await quietly("cache.kv-delete-failed", key, kv.delete(key));
    },
  };
}

type Quietly = <T>(event: string, key: string, work: Promise<T>) => Promise<T | null>;

/** Puts what was found in the edge cache into KV, once, and says so beside it. */
function admission(
  { edge, kv, admittedKeys, writes }: TierPorts,
  quietly: Quietly,
): (key: string, value: Uint8Array, ttlSeconds: number) => Promise<void> {
  return async (key, value, ttlSeconds) => {
    if (value.length > KV_VALUE_BYTES_MAX || ttlSeconds < KV_TTL_SECONDS_MIN) return;
    if (admittedKeys.has(key) || !writes.take()) return;
    if (admittedKeys.size >= ADMITTED_KEYS_MAX) admittedKeys.clear();
    admittedKeys.add(key);
    await quietly("cache.kv-put-failed", key, kv.put(key, value, { ttlSeconds }));
    const kept = edge.put(key, value, { ttlSeconds, admitted: true });
    await quietly("cache.edge-put-failed", key, kept);
  };
}

/** What a tier gives; `null`, and a line in the log, where it fails. */
async function missIfFailed<T>(
  log: Log,
  event: string,
  key: string,
  work: Promise<T>,
): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    log.warn({ event, key, error: error instanceof Error ? error.message : String(error) });
    return null;
  }
}
