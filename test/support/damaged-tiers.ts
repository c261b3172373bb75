/** Both cache tiers in memory, with values that can be damaged where they lie. */
import { KV_WRITES_PER_HOUR_MAX } from "../../shared/limits.ts";
import type { KeyValue } from "../../shared/ports.ts";
import {
  createTiers,
  type EdgeCache,
  type EdgeHit,
  type Tiers,
} from "../../workers/aggregator/tiers.ts";
import { createWriteBudget } from "../../workers/aggregator/write-budget.ts";

/** What may be wrong with a cached value. */
export type Damage =
  | "breaks off"
  | "has wrong bytes"
  | "is too short"
  | "is too long"
  | "gives less than it says";

/** The tiers, and what lies in them. */
export interface DamagedTiers {
  readonly tiers: Tiers;
  /** Waits for all that goes on in the background, and for what that begins. */
  settled(): Promise<void>;
  readonly background: (work: Promise<void>) => void;
  /** Leaves content in one tier alone, damaged; says how many values it met. */
  damage(tier: "edge" | "kv", damage: Damage): number;
}

/** What is cached of a blob's content: not of what is known of the blob. */
const CONTENT_KEY = /^(?:segment|column)\//;

/** Makes empty tiers. */
export function createDamagedTiers(): DamagedTiers {
  const edge = new Map<string, EdgeHit>();
  const kv = new Map<string, Uint8Array>();
  const faults = { edge: new Map<string, Damage>(), kv: new Map<string, Damage>() };
  const work: Promise<void>[] = [];
  const background = (each: Promise<void>) => void work.push(each);
  const tiers = createTiers({
    edge: damagedEdge(edge, faults.edge),
    kv: damagedKeyValue(kv, faults.kv),
    log: { info() {}, warn() {}, error() {} },
    background,
    admittedKeys: new Set(),
    writes: createWriteBudget({ nowMs: () => 0 }, KV_WRITES_PER_HOUR_MAX),
  });
  return {
    tiers,
    background,
    async settled() {
      while (work.length > 0) await Promise.all(work.splice(0));
    },
    damage(tier, damage) {
      const keys = [...edge.keys()].filter((key) => CONTENT_KEY.test(key));
      for (const key of keys) {
        const value = damagedValue(edge.get(key)?.value ?? new Uint8Array(0), damage);
        edge.delete(key);
        kv.delete(key);
        if (tier === "edge") edge.set(key, { value, admitted: true });
        else kv.set(key, value);
        faults[tier].set(key, damage);
      }
      return keys.length;
    },
  };
}

function damagedValue(value: Uint8Array, damage: Damage): Uint8Array {
  switch (damage) {
    case "has wrong bytes":
      return value.map((byte) => byte ^ 0x55);
    case "is too short":
      return value.slice(1);
    case "is too long":
      return Uint8Array.of(...value, 0);
    case "breaks off":
    case "gives less than it says":
      return value;
  }
}

function damagedEdge(edge: Map<string, EdgeHit>, faults: Map<string, Damage>): EdgeCache {
  return {
    get: async (key) => {
      const hit = edge.get(key);
      return hit === undefined ? null : { ...hit, value: wholeOf(hit.value, faults.get(key)) };
    },
    part(key, { start, end }, totalBytes) {
      const hit = edge.get(key);
      if (hit === undefined) return Promise.resolve(null);
      const { admitted, value } = hit;
      const part = value.slice(start, end);
      const body = value.length === totalBytes ? bodyOf(part, faults.get(key)) : null;
      return Promise.resolve({ admitted, body });
    },
    put(key, value, { admitted }) {
      faults.delete(key);
      return Promise.resolve(void edge.set(key, { value: value.slice(), admitted }));
    },
    delete(key) {
      faults.delete(key);
      return Promise.resolve(void edge.delete(key));
    },
  };
}

function damagedKeyValue(kv: Map<string, Uint8Array>, faults: Map<string, Damage>): KeyValue {
  return {
    get: async (key) => {
      const value = kv.get(key);
      return value === undefined ? null : wholeOf(value, faults.get(key));
    },
    put(key, value) {
      faults.delete(key);
      return Promise.resolve(void kv.set(key, value.slice()));
    },
    delete(key) {
      faults.delete(key);
      return Promise.resolve(void kv.delete(key));
    },
  };
}

function wholeOf(value: Uint8Array, damage: Damage | undefined): Uint8Array {
  if (damage === "breaks off") throw new Error("broken off");
  return damage === "gives less than it says" ? value.slice(0, -1) : value;
}

/** The part as a stream: whole, without its last byte, or broken off in the middle. */
function bodyOf(part: Uint8Array, damage: Damage | undefined): ReadableStream<Uint8Array> {
  const sent = damage === "gives less than it says" ? part.slice(0, -1) : part;
  const half = Math.ceil(sent.length / 2);
  const chunks = [sent.slice(0, half), sent.slice(half)].filter(({ length }) => length > 0);
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (damage === "breaks off" && next === 1) return controller.error(new Error("broken off"));
      const chunk = chunks[next++];
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}
