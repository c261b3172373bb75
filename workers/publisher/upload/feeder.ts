/**
 * Feeds slivers to the lanes: computes each once, in sweeps, and never more than fit in memory.
 *
 * Slivers of parity cost a pass over the whole matrix for each band, so one sweep serves all nodes
 * together, interleaved. A node that is not ready, or takes nothing for a while, is passed over and
 * gets the rest in a later sweep; it never holds up the others for longer than the stall limit.
 */
import { encodeSliver, type SliverPair } from "../../../shared/codec/index.ts";
import {
  FAN_OUT_BYTES_IN_FLIGHT_MAX,
  FAN_OUT_PAIRS_PER_NODE_MAX,
  FAN_OUT_READY_GRACE_MS,
  FAN_OUT_STALL_MS,
} from "../../../shared/limits.ts";
import type { Clock, Timer } from "../../../shared/ports.ts";
import { encodeFrame } from "../lane/frame.ts";

/** One node to be fed. */
export interface FedNode {
  readonly memberIndex: number;
  /** Which lane owns it. */
  readonly laneIndex: number;
  /** Pairs of its shards. */
  readonly pairIndices: readonly number[];
}

/** What a feeder needs. */
export interface FeederPorts {
  readonly clock: Clock;
  readonly timer: Timer;
  /** `EncodedBlob.slivers`. */
  readonly slivers: (pairIndices: readonly number[]) => Iterable<SliverPair>;
}

interface NodeFeed {
  readonly node: FedNode;
  ready: boolean;
  /** Confirmed or failed: wants nothing more. */
  settled: boolean;
  unfed: number[];
  framesOutstanding: number;
  /** When it last took a frame, or was last found idle. */
  activeAtMs: number;
}

const FRAMES_PER_PAIR = 2;

/** Feeds one round of a fan-out. */
export class SliverFeeder {
  readonly #ports: FeederPorts;
  readonly #feeds: ReadonlyMap<number, NodeFeed>;
  readonly #queues: Uint8Array<ArrayBuffer>[][];
  /** Shards that must be ready before the first sweep need not wait for the rest. */
  readonly #quorumWeight: number;
  #bytesOutstanding = 0;
  #stopped = false;
  #waiters: (() => void)[] = [];

  constructor(ports: FeederPorts, nodes: readonly FedNode[], laneCount: number, quorum: number) {
    this.#ports = ports;
    this.#quorumWeight = quorum;
    this.#queues = Array.from({ length: laneCount }, () => []);
    this.#feeds = new Map(
      nodes.map((node) => [
        node.memberIndex,
        {
          node,
          ready: false,
          settled: false,
          unfed: [...node.pairIndices],
          framesOutstanding: 0,
          activeAtMs: 0,
        },
      ]),
    );
  }

  /** The frames of one lane; it ends when all its nodes are settled, or at `stop`. */
  stream(laneIndex: number): ReadableStream<Uint8Array> {
    const queue = this.#queues[laneIndex];
    if (queue === undefined) throw new RangeError(`Cannot feed lane ${laneIndex}: no such lane`);
    const ofLane = [...this.#feeds.values()].filter(({ node }) => node.laneIndex === laneIndex);
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        for (;;) {
          const frame = this.#stopped ? undefined : queue.shift();
          if (frame !== undefined) {
            controller.enqueue(frame);
            return;
          }
          if (this.#stopped || ofLane.every((feed) => feed.settled)) {
            controller.close();
            // A reader that brought its own buffer waits for it to be given back.
            controller.byobRequest?.respond(0);
            return;
          }
          await this.#change();
        }
      },
    });
  }

  /** The node has the metadata. */
  ready(memberIndex: number): void {
    this.#update(memberIndex, (feed) => (feed.ready = true));
  }

  /** One frame with a body of `bodyBytes` has left the lane. */
  taken(memberIndex: number, bodyBytes: number): void {
    this.#bytesOutstanding -= bodyBytes;
    this.#update(memberIndex, (feed) => {
      feed.framesOutstanding--;
      feed.activeAtMs = this.#ports.clock.nowMs();
    });
  }

  /** The node has confirmed or failed. */
  settle(memberIndex: number): void {
    this.#update(memberIndex, (feed) => (feed.settled = true));
  }

  /** Ends every stream now. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Produces until every node is settled or the feeder is stopped. */
  async run(): Promise<void> {
    await this.#gate();
    while (!this.#ended()) {
      const order = this.#nextSweep();
      if (order.length === 0) await this.#change();
      else await this.#sweep(order);
    }
  }

  /** Waits until all nodes have answered, or a quorum has and the others had their grace. */
  async #gate(): Promise<void> {
    const { clock } = this.#ports;
    let graceUntilMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const feeds = [...this.#feeds.values()];
      if (this.#stopped || feeds.every((feed) => feed.ready || feed.settled)) return;
      const nowMs = clock.nowMs();
      if (nowMs >= graceUntilMs) return;
      const weight = feeds
        .filter((feed) => feed.ready)
        .reduce((total, feed) => total + feed.node.pairIndices.length, 0);
      if (weight >= this.#quorumWeight && graceUntilMs === Number.POSITIVE_INFINITY) {
        graceUntilMs = nowMs + FAN_OUT_READY_GRACE_MS;
      }
      await this.#change(graceUntilMs - nowMs);
    }
  }

  /** Pairs of every node that can be fed now, one pair of each node in turn. */
  #nextSweep(): number[] {
    const fed = [...this.#feeds.values()].filter(
      (feed) => feed.ready && !feed.settled && this.#hasWindow(feed),
    );
    const order: number[] = [];
    for (let turn = 0; fed.some((feed) => turn < feed.unfed.length); turn++) {
      for (const feed of fed) {
        const pairIndex = feed.unfed[turn];
        if (pairIndex !== undefined) order.push(pairIndex);
      }
    }
    return order;
  }

  async #sweep(order: readonly number[]): Promise<void> {
    const owners = new Map<number, NodeFeed>();
    for (const feed of this.#feeds.values()) {
      for (const pairIndex of feed.unfed) owners.set(pairIndex, feed);
    }
    const passedOver = new Set<NodeFeed>();
    for (const pair of this.#ports.slivers(order)) {
      const feed = owners.get(pair.pairIndex);
      if (this.#stopped) return;
      if (feed === undefined || feed.settled || passedOver.has(feed)) continue;
      if (await this.#waitForRoom(feed, pair)) this.#send(feed, pair);
      else passedOver.add(feed);
    }
  }

  /** Whether the node (still) wants this pair now; waits for room, but not beyond a stall. */
  async #waitForRoom(feed: NodeFeed, pair: SliverPair): Promise<boolean> {
    const pairBytes = pair.primary.data.length + pair.secondary.data.length;
    for (;;) {
      if (this.#stopped || feed.settled) return false;
      const fits =
        this.#bytesOutstanding === 0 ||
        this.#bytesOutstanding + pairBytes <= FAN_OUT_BYTES_IN_FLIGHT_MAX;
      if (fits && this.#hasWindow(feed)) return true;
      if (this.#hasWindow(feed)) {
        await this.#change();
        continue;
      }
      const idleMs = this.#ports.clock.nowMs() - feed.activeAtMs;
      if (idleMs >= FAN_OUT_STALL_MS) return false;
      await this.#change(FAN_OUT_STALL_MS - idleMs);
    }
  }

  #send(feed: NodeFeed, pair: SliverPair): void {
    const queue = this.#queues[feed.node.laneIndex];
    if (feed.framesOutstanding === 0) feed.activeAtMs = this.#ports.clock.nowMs();
    feed.unfed = feed.unfed.filter((pairIndex) => pairIndex !== pair.pairIndex);
    for (const sliver of [pair.primary, pair.secondary]) {
      const body = encodeSliver(sliver);
      feed.framesOutstanding++;
      this.#bytesOutstanding += body.length;
      queue?.push(
        encodeFrame({
          memberIndex: feed.node.memberIndex,
          pairIndex: pair.pairIndex,
          axis: sliver.axis,
          body,
        }),
      );
    }
    this.#wake();
  }

  #hasWindow(feed: NodeFeed): boolean {
    return feed.framesOutstanding <= FRAMES_PER_PAIR * (FAN_OUT_PAIRS_PER_NODE_MAX - 1);
  }

  #ended(): boolean {
    return this.#stopped || [...this.#feeds.values()].every((feed) => feed.settled);
  }

  #update(memberIndex: number, change: (feed: NodeFeed) => void): void {
    const feed = this.#feeds.get(memberIndex);
    if (feed !== undefined) change(feed);
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves at the next change, or after `limitMs` where it is finite. */
  #change(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    return new Promise((resolve) => {
      const waking = new AbortController();
      const wake = () => {
        waking.abort(new Error("changed"));
        resolve();
      };
      this.#waiters.push(wake);
      if (Number.isFinite(limitMs)) {
        this.#ports.timer.sleep(limitMs, waking.signal).then(resolve, () => undefined);
      }
    });
  }
}
