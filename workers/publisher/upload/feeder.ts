/**
 * Feeds slivers to the lanes: computes each once, in sweeps, and never more than fit in memory.
 *
 * Slivers of parity cost a pass over the whole matrix for each band, so one sweep serves all nodes
 * together, interleaved. A node that is not ready, or takes nothing for a while, is passed over and
 * gets the rest in a later sweep; it never holds up the others for longer than the stall limit.
 */
import { concatBytes, freeBytes } from "../../../shared/bytes/arrays.ts";
import type { SliverPair } from "../../../shared/codec/index.ts";
import {
  FAN_OUT_BYTES_IN_FLIGHT_MAX,
  FAN_OUT_BYTES_PER_NODE,
  FAN_OUT_PAIRS_PER_NODE_MAX,
  FAN_OUT_READY_GRACE_MS,
  FAN_OUT_STALL_MS,
  LANE_JOINED_FRAMES_BYTES_MAX,
} from "../../../shared/limits.ts";
import type { Clock, Timer } from "../../../shared/ports.ts";
import { encodeSliverFrame, FRAME_HEADER_BYTES } from "../lane/frame.ts";
import { type BytePipe, writeParts } from "../../../shared/platform-streams.ts";
import { Bell } from "./bell.ts";
import { Turns } from "./turns.ts";

/** One node to be fed. */
export interface FedNode {
  readonly memberIndex: number;
  /** Which lane owns it. */
  readonly laneIndex: number;
  /** Pairs of its shards. */
  readonly pairIndices: readonly number[];
  /** It lately lagged: fed after the others, and not waited for before the first sweep. */
  readonly isLaggard?: boolean;
}

/** What a feeder needs. */
export interface FeederPorts {
  readonly clock: Clock;
  readonly timer: Timer;
  /** `StagedBlob.slivers`. */
  readonly slivers: (
    pairIndices: readonly number[],
  ) => Iterable<SliverPair> | AsyncIterable<SliverPair>;
  /** Pipes of the platform; streams of the language unless given. */
  readonly pipe?: () => BytePipe;
}

interface NodeFeed {
  readonly node: FedNode;
  ready: boolean;
  /** Confirmed or failed: wants nothing more. */
  settled: boolean;
  unfed: number[];
  framesOutstanding: number;
  bytesOutstanding: number;
  /** When it last took a frame, or was last found idle. */
  activeAtMs: number;
}

/** What waits for one lane to take it; the bell rings when that changes. */
interface LaneQueue {
  readonly frames: Uint8Array<ArrayBuffer>[];
  readonly bell: Bell;
}

const FRAMES_PER_PAIR = 2;

/** Feeds one round of a fan-out. */
export class SliverFeeder {
  readonly #ports: FeederPorts;
  readonly #feeds: ReadonlyMap<number, NodeFeed>;
  readonly #queues: readonly LaneQueue[];
  /** Shards that must be ready before the first sweep need not wait for the rest. */
  readonly #quorumWeight: number;
  /** Rings for the one who produces; each lane has a bell of its own, so that none wakes in vain. */
  readonly #bell: Bell;
  /** Of chunks that are not small: they lie here and in their lane while they are on their way. */
  readonly #turns: Turns;
  #bytesOutstanding = 0;
  #stopped = false;

  constructor(ports: FeederPorts, nodes: readonly FedNode[], laneCount: number, quorum: number) {
    this.#ports = ports;
    this.#quorumWeight = quorum;
    this.#bell = new Bell(ports.timer);
    this.#turns = new Turns(ports.timer, FAN_OUT_STALL_MS);
    this.#queues = Array.from({ length: laneCount }, () => ({
      frames: [],
      bell: new Bell(ports.timer),
    }));
    this.#feeds = new Map(
      nodes.map((node) => [
        node.memberIndex,
        {
          node,
          ready: false,
          settled: false,
          unfed: [...node.pairIndices],
          framesOutstanding: 0,
          bytesOutstanding: 0,
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
    const next = () => this.#nextChunk(queue, ofLane);
    if (this.#ports.pipe === undefined) return streamOf(next);
    return pumped(this.#ports.pipe(), next, this.#turns);
  }

  /** Frames of one lane, small ones joined; `null` at the end. */
  async #nextChunk(
    { frames: queue, bell }: LaneQueue,
    ofLane: readonly NodeFeed[],
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    while (queue.length === 0) {
      if (this.#stopped || ofLane.every((feed) => feed.settled)) return null;
      await bell.rung();
    }
    if (this.#stopped) return null;
    let count = 0;
    let byteCount = 0;
    for (const frame of queue) {
      if (count > 0 && byteCount + frame.length > LANE_JOINED_FRAMES_BYTES_MAX) break;
      byteCount += frame.length;
      count++;
    }
    const frames = queue.splice(0, count);
    const [first] = frames;
    return count === 1 && first !== undefined ? first : concatBytes(...frames);
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
      feed.bytesOutstanding -= bodyBytes;
      feed.activeAtMs = this.#ports.clock.nowMs();
    });
  }

  /** The node has confirmed or failed. */
  settle(memberIndex: number): void {
    this.#update(memberIndex, (feed) => {
      feed.settled = true;
      this.#queues[feed.node.laneIndex]?.bell.ring();
    });
  }

  /** Ends every stream now. */
  stop(): void {
    this.#stopped = true;
    this.#bell.ring();
    for (const { bell } of this.#queues) bell.ring();
  }

  /** Produces until every node is settled or the feeder is stopped. */
  async run(): Promise<void> {
    await this.#gate();
    while (!this.#ended()) {
      const order = this.#nextSweep();
      if (order.length === 0) await this.#bell.rung();
      else await this.#sweep(order);
    }
  }

  /** Waits until all nodes have answered, or a quorum has and the others had their grace. */
  async #gate(): Promise<void> {
    const { clock } = this.#ports;
    let graceUntilMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const feeds = [...this.#feeds.values()];
      const isReady = (feed: NodeFeed) => feed.ready || feed.settled || lags(feed);
      if (this.#stopped || feeds.every(isReady)) return;
      const nowMs = clock.nowMs();
      if (nowMs >= graceUntilMs) return;
      const weight = feeds
        .filter((feed) => feed.ready)
        .reduce((total, feed) => total + feed.node.pairIndices.length, 0);
      if (weight >= this.#quorumWeight && graceUntilMs === Number.POSITIVE_INFINITY) {
        graceUntilMs = nowMs + FAN_OUT_READY_GRACE_MS;
      }
      await this.#bell.rung(graceUntilMs - nowMs);
    }
  }

  /** Pairs of every node that can be fed now, those of laggards at the end. */
  #nextSweep(): number[] {
    const fed = [...this.#feeds.values()].filter(
      (feed) => feed.ready && !feed.settled && this.#hasWindow(feed),
    );
    const others = fed.filter((feed) => !lags(feed));
    return [...nodesInTurn(others), ...nodesInTurn(fed.filter((feed) => lags(feed)))];
  }

  async #sweep(order: readonly number[]): Promise<void> {
    const owners = new Map<number, NodeFeed>();
    for (const feed of this.#feeds.values()) {
      for (const pairIndex of feed.unfed) owners.set(pairIndex, feed);
    }
    const passedOver = new Set<NodeFeed>();
    for await (const pair of this.#ports.slivers(order)) {
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
        await this.#bell.rung();
        continue;
      }
      const idleMs = this.#ports.clock.nowMs() - feed.activeAtMs;
      if (idleMs >= FAN_OUT_STALL_MS) return false;
      await this.#bell.rung(FAN_OUT_STALL_MS - idleMs);
    }
  }

  #send(feed: NodeFeed, pair: SliverPair): void {
    const queue = this.#queues[feed.node.laneIndex];
    if (feed.framesOutstanding === 0) feed.activeAtMs = this.#ports.clock.nowMs();
    feed.unfed = feed.unfed.filter((pairIndex) => pairIndex !== pair.pairIndex);
    for (const sliver of [pair.primary, pair.secondary]) {
      const frame = encodeSliverFrame(feed.node.memberIndex, pair.pairIndex, sliver);
      const bodyBytes = frame.length - FRAME_HEADER_BYTES;
      feed.framesOutstanding++;
      feed.bytesOutstanding += bodyBytes;
      this.#bytesOutstanding += bodyBytes;
      queue?.frames.push(frame);
    }
    queue?.bell.ring();
  }

  /** Two pairs, and more of them while they are small: waiting for each costs both sides turns. */
  #hasWindow({ framesOutstanding, bytesOutstanding }: NodeFeed): boolean {
    return (
      bytesOutstanding < FAN_OUT_BYTES_PER_NODE ||
      framesOutstanding <= FRAMES_PER_PAIR * (FAN_OUT_PAIRS_PER_NODE_MAX - 1)
    );
  }

  #ended(): boolean {
    return this.#stopped || [...this.#feeds.values()].every((feed) => feed.settled);
  }

  #update(memberIndex: number, change: (feed: NodeFeed) => void): void {
    const feed = this.#feeds.get(memberIndex);
    if (feed !== undefined) change(feed);
    this.#bell.ring();
  }
}

function lags({ node }: NodeFeed): boolean {
  return node.isLaggard === true;
}

/**
 * Pairs not fed yet, of one node of each lane at a time: those have all of theirs and confirm while
 * the next are fed, so that a quorum of shards takes some two thirds of the slivers, not nearly all.
 */
function nodesInTurn(feeds: readonly NodeFeed[]): number[] {
  const groups: NodeFeed[][] = [];
  const fedInLane = new Map<number, number>();
  for (const feed of feeds) {
    const position = fedInLane.get(feed.node.laneIndex) ?? 0;
    fedInLane.set(feed.node.laneIndex, position + 1);
    (groups[position] ??= []).push(feed);
  }
  return groups.flatMap((group) => pairsInTurn(group));
}

/** One pair of each node in turn. */
function pairsInTurn(feeds: readonly NodeFeed[]): number[] {
  const order: number[] = [];
  for (let turn = 0; feeds.some((feed) => turn < feed.unfed.length); turn++) {
    for (const feed of feeds) {
      const pairIndex = feed.unfed[turn];
      if (pairIndex !== undefined) order.push(pairIndex);
    }
  }
  return order;
}

/** What is enqueued is the reader's from then on. */
function streamOf(next: () => Promise<Uint8Array<ArrayBuffer> | null>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const chunk = await next();
      if (chunk !== null) {
        controller.enqueue(chunk);
        return;
      }
      controller.close();
      // A reader that brought its own buffer waits for it to be given back.
      controller.byobRequest?.respond(0);
    },
  });
}

/** The reading end of a pipe that is fed; chunks are freed once they are through. */
function pumped(
  { readable, writable }: BytePipe,
  next: () => Promise<Uint8Array<ArrayBuffer> | null>,
  turns: Turns,
): ReadableStream<Uint8Array> {
  const writer = writable.getWriter();
  const send = async (chunk: Uint8Array) => {
    await writeParts(writer, chunk);
    freeBytes(chunk);
  };
  const pump = async () => {
    for (let chunk = await next(); chunk !== null; chunk = await next()) {
      const bytes = chunk;
      if (bytes.length <= LANE_JOINED_FRAMES_BYTES_MAX) await send(bytes);
      else await turns.take(() => send(bytes));
    }
    await writer.close();
  };
  // A lane that is gone cancels its end; whoever called it hears of that from the call.
  pump().catch(() => undefined);
  return readable;
}
