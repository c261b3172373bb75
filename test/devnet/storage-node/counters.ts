/**
 * Counts of requests in memory shared by the main thread and every node thread: per node, and per
 * lane over all nodes. A lane is one Worker invocation, which Cloudflare allows six requests that
 * wait for response headers; the header `x-walrus-lane` names it.
 */
import { LANE_REQUESTS_MAX, LANE_SLOT_COUNT } from "./limits.ts";

/** Shared memory of all counters; create once, pass to every thread. */
export interface CounterMemory {
  readonly nodes: SharedArrayBuffer;
  readonly lanes: SharedArrayBuffer;
}

/** Counts of one node. */
export interface NodeCounts {
  readonly requests: number;
  readonly inFlight: number;
  readonly inFlightMax: number;
}

/** A lane that holds a request until `release`. */
export interface LaneTicket {
  /** Requests of the lane that wait for headers, this one included. */
  readonly inFlight: number;
  /** Requests of the lane its client has given up so far. */
  abandoned(): number;
  /** Ends the request; `abandoned` when the client left before the headers. */
  release(abandoned: boolean): void;
}

const NODE_FIELDS = 3;
const REQUESTS = 0;
const IN_FLIGHT = 1;
const IN_FLIGHT_MAX = 2;

/** Slot of a lane: two halves of the name's hash, requests in flight, requests abandoned. */
const LANE_FIELDS = 4;
const LANE_HASH_LOW = 0;
const LANE_HASH_HIGH = 1;
const LANE_IN_FLIGHT = 2;
const LANE_ABANDONED = 3;
/** Neighbouring slots a lane may be in; all of them active at once is refused. */
const LANE_PROBE_COUNT = 64;
/** The word before the slots is the lock of the table. */
const LOCK = 0;
const SLOTS_START = 1;

/** Allocates zeroed counters for `nodeCount` nodes. */
export function createCounterMemory(nodeCount: number): CounterMemory {
  const bytes = Int32Array.BYTES_PER_ELEMENT;
  return {
    nodes: new SharedArrayBuffer(nodeCount * NODE_FIELDS * bytes),
    lanes: new SharedArrayBuffer((SLOTS_START + LANE_SLOT_COUNT * LANE_FIELDS) * bytes),
  };
}

/** The counters as one thread sees them. */
export class Counters {
  readonly #nodes: Int32Array;
  readonly #lanes: Int32Array;

  constructor(memory: CounterMemory) {
    this.#nodes = new Int32Array(memory.nodes);
    this.#lanes = new Int32Array(memory.lanes);
  }

  node(nodeIndex: number): NodeCounts {
    const at = nodeIndex * NODE_FIELDS;
    return {
      requests: Atomics.load(this.#nodes, at + REQUESTS),
      inFlight: Atomics.load(this.#nodes, at + IN_FLIGHT),
      inFlightMax: Atomics.load(this.#nodes, at + IN_FLIGHT_MAX),
    };
  }

  beginRequest(nodeIndex: number): void {
    const at = nodeIndex * NODE_FIELDS;
    Atomics.add(this.#nodes, at + REQUESTS, 1);
    const inFlight = Atomics.add(this.#nodes, at + IN_FLIGHT, 1) + 1;
    // Only the thread of a node writes its counters, so no other maximum can slip in between.
    if (inFlight > Atomics.load(this.#nodes, at + IN_FLIGHT_MAX)) {
      Atomics.store(this.#nodes, at + IN_FLIGHT_MAX, inFlight);
    }
  }

  endRequest(nodeIndex: number): void {
    Atomics.sub(this.#nodes, nodeIndex * NODE_FIELDS + IN_FLIGHT, 1);
  }

  /**
   * Counts a request of `lane`.
   *
   * @throws {Error} When more lanes are active at once than the table holds.
   */
  enterLane(lane: string): LaneTicket {
    const { low, high } = hashLane(lane);
    return this.#locked(() => {
      const slot = this.#findSlot(low, high);
      const inFlight = Atomics.add(this.#lanes, slot + LANE_IN_FLIGHT, 1) + 1;
      return {
        inFlight,
        abandoned: () => Atomics.load(this.#lanes, slot + LANE_ABANDONED),
        release: (abandoned) => {
          if (abandoned) Atomics.add(this.#lanes, slot + LANE_ABANDONED, 1);
          Atomics.sub(this.#lanes, slot + LANE_IN_FLIGHT, 1);
        },
      };
    });
  }

  /** The slot of a lane, or an idle one taken over for it. Call with the lock held. */
  #findSlot(low: number, high: number): number {
    let idle = -1;
    for (let probe = 0; probe < LANE_PROBE_COUNT; probe++) {
      const index = ((low >>> 0) + probe) % LANE_SLOT_COUNT;
      const slot = SLOTS_START + index * LANE_FIELDS;
      const slotLow = Atomics.load(this.#lanes, slot + LANE_HASH_LOW);
      const slotHigh = Atomics.load(this.#lanes, slot + LANE_HASH_HIGH);
      if (slotLow === low && slotHigh === high) return slot;
      if (idle < 0 && Atomics.load(this.#lanes, slot + LANE_IN_FLIGHT) === 0) idle = slot;
      // A slot never used ends the chain: the lane cannot be further on.
      if (slotLow === 0 && slotHigh === 0) break;
    }
    if (idle < 0) throw new Error("Cannot count lane: too many lanes are active at once");
    Atomics.store(this.#lanes, idle + LANE_HASH_LOW, low);
    Atomics.store(this.#lanes, idle + LANE_HASH_HIGH, high);
    Atomics.store(this.#lanes, idle + LANE_ABANDONED, 0);
    return idle;
  }

  #locked<T>(body: () => T): T {
    while (Atomics.compareExchange(this.#lanes, LOCK, 0, 1) !== 0) {
      Atomics.wait(this.#lanes, LOCK, 1, 1);
    }
    try {
      return body();
    } finally {
      Atomics.store(this.#lanes, LOCK, 0);
      Atomics.notify(this.#lanes, LOCK, 1);
    }
  }
}

/** Whether `inFlight` requests break the rule of six. */
export function exceedsLane(inFlight: number): boolean {
  return inFlight > LANE_REQUESTS_MAX;
}

/** 64 bits of FNV-1a as two words, never both zero (zero marks a slot never used). */
function hashLane(lane: string): { low: number; high: number } {
  let low = 0x811c9dc5 | 0;
  let high = 0x01000193 | 0;
  for (let index = 0; index < lane.length; index++) {
    const code = lane.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (low >>> 13);
  }
  return { low: low === 0 && high === 0 ? 1 : low, high };
}
