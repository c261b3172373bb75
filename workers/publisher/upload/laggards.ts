/**
 * Nodes that lately did not serve a store: a hint which the isolates of all cities share through one
 * KV entry.
 *
 * It may be stale, lost or wrong without harm: it decides who is asked last, never who is asked. A
 * read at most each minute and a write at most every five minutes and isolate bound what it costs;
 * two writers may overwrite each other.
 */
import * as v from "valibot";
import { inTime } from "../../../shared/in-time.ts";
import {
  KV_TTL_SECONDS_MIN,
  LAGGARDS_MAX,
  LAGGARDS_READ_MS,
  LAGGARDS_READ_TIMEOUT_MS,
  LAGGARDS_WRITE_MS,
  LAGGARD_MS,
} from "../../../shared/limits.ts";
import type { Clock, KeyValue, Log, Timer } from "../../../shared/ports.ts";
import type { FanOut } from "./fan-out.ts";

/** Key of the snapshot in KV. */
export const LAGGARDS_KEY = "laggards";

/** Until when each node is asked last, milliseconds since 1970, by node ID. */
export type Laggards = ReadonlyMap<string, number>;

const snapshotSchema = v.object({
  version: v.literal(1),
  epoch: v.number(),
  untilMs: v.record(v.string(), v.number()),
});

/** What a snapshot says of `epoch` now: nothing when it is of another one or cannot be read. */
export function decodeLaggards(bytes: Uint8Array | null, epoch: number, nowMs: number): Laggards {
  if (bytes === null) return new Map();
  const parsed = v.safeParse(snapshotSchema, parseJson(bytes));
  if (!parsed.success || parsed.output.epoch !== epoch) return new Map();
  return mergeLaggards(new Map(Object.entries(parsed.output.untilMs)), new Map(), nowMs);
}

/** The bytes of a snapshot. */
export function encodeLaggards(laggards: Laggards, epoch: number): Uint8Array {
  const untilMs = Object.fromEntries(laggards);
  return new TextEncoder().encode(JSON.stringify({ version: 1, epoch, untilMs }));
}

/** Both together, the later word counting; what is over or implausibly far off is left out. */
export function mergeLaggards(first: Laggards, second: Laggards, nowMs: number): Laggards {
  const merged = new Map<string, number>();
  for (const [nodeId, untilMs] of [...first, ...second]) {
    if (untilMs <= nowMs || untilMs > nowMs + LAGGARD_MS) continue;
    merged.set(nodeId, Math.max(untilMs, merged.get(nodeId) ?? 0));
  }
  const latestFirst = [...merged].sort(([, left], [, right]) => right - left);
  return new Map(latestFirst.slice(0, LAGGARDS_MAX));
}

/** What outlives an upload: one for each isolate. */
export interface LaggardsMemory {
  epoch: number;
  laggards: Laggards;
  /** Nodes this isolate has seen lag since it last wrote. */
  unwritten: Laggards;
  /** Nodes that have served since: what was said of them until then counts no more. */
  recovered: Laggards;
  readAtMs: number;
  writtenAtMs: number;
}

/** Nothing is known yet. */
export function emptyLaggards(): LaggardsMemory {
  const never = Number.NEGATIVE_INFINITY;
  const none: Laggards = new Map();
  return {
    epoch: -1,
    laggards: none,
    unwritten: none,
    recovered: none,
    readAtMs: never,
    writtenAtMs: never,
  };
}

/** What a fan-out asks and tells. Neither call rejects. */
export interface LaggardHints {
  /** IDs of the nodes that are to be asked last in `epoch`. */
  read(epoch: number): Promise<ReadonlySet<string>>;
  /** Tells which nodes a store went without, and which have served it. */
  note(epoch: number, lagged: readonly string[], served: readonly string[]): Promise<void>;
}

/** What hints need of the world. */
export interface LaggardPorts {
  readonly kv: KeyValue;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
}

/** Hints over the memory of an isolate and the KV that all share. */
export function createLaggardHints(
  memory: LaggardsMemory,
  { kv, clock, timer, log }: LaggardPorts,
): LaggardHints {
  const enter = (epoch: number) => {
    if (memory.epoch !== epoch) Object.assign(memory, emptyLaggards(), { epoch });
  };

  async function readShared(epoch: number): Promise<Laggards> {
    const read = decodeLaggards(await kv.get(LAGGARDS_KEY), epoch, clock.nowMs());
    const { recovered } = memory;
    return new Map([...read].filter(([id, untilMs]) => untilMs > (recovered.get(id) ?? 0)));
  }

  async function refresh(epoch: number): Promise<void> {
    const nowMs = clock.nowMs();
    if (nowMs - memory.readAtMs < LAGGARDS_READ_MS) return;
    // Before the answer comes: others go on with what is known instead of reading, too.
    memory.readAtMs = nowMs;
    const shared = await readShared(epoch);
    if (memory.epoch === epoch) memory.laggards = mergeLaggards(shared, memory.unwritten, nowMs);
  }

  async function write(epoch: number): Promise<void> {
    const nowMs = clock.nowMs();
    if (memory.unwritten.size === 0 || nowMs - memory.writtenAtMs < LAGGARDS_WRITE_MS) return;
    memory.writtenAtMs = nowMs;
    const { unwritten } = memory;
    memory.unwritten = new Map();
    const shared = await readShared(epoch);
    const ttlSeconds = Math.max(KV_TTL_SECONDS_MIN, LAGGARD_MS / 1_000);
    const merged = mergeLaggards(shared, unwritten, nowMs);
    await kv.put(LAGGARDS_KEY, encodeLaggards(merged, epoch), { ttlSeconds });
  }

  const quietly = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      log.warn({ event: "laggards.unshared", error: String(error) });
    });

  return {
    async read(epoch) {
      enter(epoch);
      await inTime(timer, LAGGARDS_READ_TIMEOUT_MS, quietly(refresh(epoch)), undefined);
      const nowMs = clock.nowMs();
      const lagging = [...memory.laggards].filter(([, untilMs]) => untilMs > nowMs);
      return new Set(memory.epoch === epoch ? lagging.map(([nodeId]) => nodeId) : []);
    },
    async note(epoch, lagged, served) {
      if (memory.epoch > epoch) return;
      enter(epoch);
      const nowMs = clock.nowMs();
      const seen = new Map(lagged.map((nodeId) => [nodeId, nowMs + LAGGARD_MS]));
      const isOver = new Set(served);
      const without = (known: Laggards) =>
        new Map([...known].filter(([nodeId]) => !isOver.has(nodeId)));
      const recovered = served.filter((nodeId) => memory.laggards.has(nodeId));
      const recoveredUntil = new Map(recovered.map((nodeId) => [nodeId, nowMs + LAGGARD_MS]));
      memory.recovered = mergeLaggards(memory.recovered, recoveredUntil, nowMs);
      memory.laggards = mergeLaggards(without(memory.laggards), seen, nowMs);
      memory.unwritten = mergeLaggards(without(memory.unwritten), seen, nowMs);
      await quietly(write(epoch));
    },
  };
}

/** Tells at the end of a fan-out who served; only beside a quorum is a node known to lag. */
export async function noteServed(
  hints: LaggardHints | undefined,
  fanOut: FanOut,
  epoch: number,
): Promise<void> {
  try {
    await fanOut.settled;
  } catch {
    // Whoever started it tells of a fan-out that broke.
    return;
  }
  if (!(await fanOut.outcome).ok) return;
  const { served, lagged } = fanOut.served();
  await hints?.note(epoch, lagged, served);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
