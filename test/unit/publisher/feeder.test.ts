import { describe, expect, test } from "vitest";
import type { SliverPair } from "../../../shared/codec/index.ts";
import {
  FAN_OUT_BYTES_IN_FLIGHT_MAX,
  FAN_OUT_BYTES_PER_NODE,
  FAN_OUT_PAIRS_PER_NODE_MAX,
  FAN_OUT_READY_GRACE_MS,
  FAN_OUT_STALL_MS,
  STREAM_PART_BYTES,
} from "../../../shared/limits.ts";
import { type LaneFrame, readFrames } from "../../../workers/publisher/lane/frame.ts";
import { SliverFeeder } from "../../../workers/publisher/upload/feeder.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Framing of SliverData around 100,000 bytes: length, symbol size and index. */
const BCS_BYTES = 7;

function pairs(sliverBytes: number) {
  const computed: number[] = [];
  function* slivers(pairIndices: readonly number[]): Iterable<SliverPair> {
    for (const pairIndex of pairIndices) {
      computed.push(pairIndex);
      // Each sliver is its reader's own, which frees it.
      const sliver = () => ({
        sliverIndex: pairIndex,
        symbolBytes: 2,
        data: new Uint8Array(sliverBytes),
      });
      yield {
        pairIndex,
        primary: { axis: "primary", ...sliver() },
        secondary: { axis: "secondary", ...sliver() },
      };
    }
  }
  return { slivers, computed };
}

/** Reads a lane to its end, handing each frame to `take`. */
async function drain(
  feeder: SliverFeeder,
  laneIndex: number,
  take: (frame: LaneFrame) => void,
): Promise<void> {
  for await (const frame of readFrames(feeder.stream(laneIndex))) take(frame);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function nodeList(pairIndicesByNode: readonly (readonly number[])[]) {
  return pairIndicesByNode.map((pairIndices, memberIndex) => ({
    memberIndex,
    laneIndex: memberIndex,
    pairIndices,
  }));
}

/** Pipes that copy what is written, as the platform's do, and note how many large pieces are on their way. */
function watchedPipes() {
  const seen = { onTheWay: 0, together: 0, pieceBytesMax: 0 };
  const pipe = () => {
    const through = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
      highWaterMark: 0,
    });
    const writer = through.writable.getWriter();
    const writable = new WritableStream<Uint8Array>({
      async write(piece) {
        seen.together = Math.max(seen.together, ++seen.onTheWay);
        seen.pieceBytesMax = Math.max(seen.pieceBytesMax, piece.length);
        await writer.write(piece.slice());
        seen.onTheWay--;
      },
      close: () => writer.close(),
    });
    return { readable: through.readable, writable };
  };
  return { seen, pipe };
}

describe("feeding lanes", () => {
  test("through pipes, one large sliver at a time is on its way, in pieces", async () => {
    const time = new VirtualTime();
    const { slivers } = pairs(3 * STREAM_PART_BYTES);
    const { seen, pipe } = watchedPipes();
    const nodes = nodeList([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers, pipe }, nodes, 3, 6);
    let frames = 0;
    const lanes = nodes.map(({ memberIndex }) =>
      drain(feeder, memberIndex, (frame) => {
        expect(frame.body.length).toBe(3 * STREAM_PART_BYTES + BCS_BYTES);
        feeder.taken(memberIndex, frame.body.length);
        if (++frames === 12) for (const node of nodes) feeder.settle(node.memberIndex);
      }),
    );
    for (const { memberIndex } of nodes) feeder.ready(memberIndex);
    await Promise.all([feeder.run(), ...lanes]);
    expect(seen).toEqual({ onTheWay: 0, together: 1, pieceBytesMax: STREAM_PART_BYTES });
  });

  test("each node gets every sliver of its pairs, and the streams end when all are settled", async () => {
    const time = new VirtualTime();
    const { slivers, computed } = pairs(10);
    const nodes = nodeList([[4, 7, 1], [2], [0, 3]]);
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers }, nodes, 3, 4);
    const got: string[][] = [[], [], []];
    const lanes = nodes.map(({ memberIndex, pairIndices }) =>
      drain(feeder, memberIndex, (frame) => {
        got[memberIndex]?.push(`${frame.pairIndex} ${frame.axis}`);
        feeder.taken(memberIndex, frame.body.length);
        if (got[memberIndex]?.length === pairIndices.length * 2) feeder.settle(memberIndex);
      }),
    );
    for (const { memberIndex } of nodes) feeder.ready(memberIndex);
    await Promise.all([feeder.run(), ...lanes]);
    expect(got.map((frames) => frames.length)).toEqual([6, 2, 4]);
    expect(got[1]).toEqual(["2 primary", "2 secondary"]);
    // Nobody was slow, so nothing was computed twice.
    expect(computed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 7]);
  });

  test("a node that takes nothing holds two pairs, and the others are fed all the same", async () => {
    const time = new VirtualTime();
    const startMs = time.nowMs();
    const { slivers } = pairs(FAN_OUT_BYTES_PER_NODE);
    const nodes = nodeList([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers }, nodes, 2, 10);
    let stuck = 0;
    let fed = 0;
    const lanes = [
      drain(feeder, 0, () => void stuck++),
      drain(feeder, 1, (frame) => {
        feeder.taken(1, frame.body.length);
        if (++fed < 10) return;
        feeder.settle(1);
        feeder.settle(0);
      }),
    ];
    feeder.ready(0);
    feeder.ready(1);
    await Promise.all([feeder.run(), ...lanes]);
    expect(fed).toBe(10);
    expect(stuck).toBe(2 * FAN_OUT_PAIRS_PER_NODE_MAX);
    expect(time.nowMs() - startMs).toBeGreaterThanOrEqual(FAN_OUT_STALL_MS);
  });

  test("small pairs are not waited for one by one", async () => {
    const time = new VirtualTime();
    const startMs = time.nowMs();
    const { slivers, computed } = pairs(10);
    const feeder = new SliverFeeder(
      { clock: time, timer: time, slivers },
      nodeList([[0, 1, 2, 3, 4]]),
      1,
      5,
    );
    let frames = 0;
    const lane = drain(feeder, 0, () => {
      if (++frames === 10) feeder.settle(0);
    });
    feeder.ready(0);
    await Promise.all([feeder.run(), lane]);
    expect(computed).toEqual([0, 1, 2, 3, 4]);
    expect(time.nowMs()).toBe(startMs);
  });

  test("the nodes of a lane are fed one after the other, so that the first are done early", async () => {
    const time = new VirtualTime();
    const { slivers, computed } = pairs(10);
    const nodes = nodeList([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]).map((node) => ({ ...node, laneIndex: node.memberIndex % 2 }));
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers }, nodes, 2, 8);
    const framesLeft = nodes.map(() => 4);
    const lanes = [0, 1].map((laneIndex) =>
      drain(feeder, laneIndex, ({ memberIndex, body }) => {
        feeder.taken(memberIndex, body.length);
        framesLeft[memberIndex] = (framesLeft[memberIndex] ?? 0) - 1;
        if (framesLeft[memberIndex] === 0) feeder.settle(memberIndex);
      }),
    );
    for (const { memberIndex } of nodes) feeder.ready(memberIndex);
    await Promise.all([feeder.run(), ...lanes]);
    expect(computed).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  test("a laggard is not waited for, and fed after the others", async () => {
    const time = new VirtualTime();
    const { slivers, computed } = pairs(10);
    const [laggard, other] = nodeList([
      [0, 2],
      [1, 3],
    ]);
    const nodes = [{ ...laggard!, isLaggard: true }, other!];
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers }, nodes, 2, 4);
    const lanes = [0, 1].map((index) => {
      let left = 4;
      return drain(feeder, index, (frame) => {
        feeder.taken(index, frame.body.length);
        if (--left === 0) feeder.settle(index);
      });
    });
    feeder.ready(1);
    const running = Promise.all([feeder.run(), ...lanes]);
    while (computed.length < 2) await turns();
    expect(computed).toEqual([1, 3]);
    feeder.ready(0);
    await running;
    expect(computed).toEqual([1, 3, 0, 2]);
  });

  test("bytes in flight stay within their bound over all lanes", async () => {
    const time = new VirtualTime();
    const sliverBytes = 1_000_000;
    const nodeCount = 20;
    const { slivers } = pairs(sliverBytes);
    const nodes = nodeList(Array.from({ length: nodeCount }, (_, index) => [index]));
    const feeder = new SliverFeeder({ clock: time, timer: time, slivers }, nodes, nodeCount, 14);
    let outstanding = 0;
    let outstandingMax = 0;
    const taken: (() => void)[] = [];
    const counts = nodes.map(() => 0);
    const lanes = nodes.map(({ memberIndex }) =>
      drain(feeder, memberIndex, (frame) => {
        outstanding += frame.body.length;
        outstandingMax = Math.max(outstandingMax, outstanding);
        taken.push(() => {
          outstanding -= frame.body.length;
          feeder.taken(memberIndex, frame.body.length);
          counts[memberIndex] = (counts[memberIndex] ?? 0) + 1;
          if (counts[memberIndex] === 2) feeder.settle(memberIndex);
        });
      }),
    );
    for (const { memberIndex } of nodes) feeder.ready(memberIndex);
    const running = feeder.run();
    while (counts.some((count) => count < 2)) {
      await turns();
      taken.shift()?.();
    }
    await Promise.all([running, ...lanes]);
    expect(outstandingMax).toBeGreaterThan(FAN_OUT_BYTES_IN_FLIGHT_MAX - 2 * sliverBytes);
    expect(outstandingMax).toBeLessThanOrEqual(
      FAN_OUT_BYTES_IN_FLIGHT_MAX + 2 * BCS_BYTES * nodeCount,
    );
  });

  test("a quorum with the metadata does not wait longer than the grace for the rest", async () => {
    const time = new VirtualTime();
    const startMs = time.nowMs();
    const { slivers } = pairs(10);
    const feeder = new SliverFeeder(
      { clock: time, timer: time, slivers },
      nodeList([[0, 1, 2], [3]]),
      2,
      3,
    );
    let firstAtMs = 0;
    const lanes = [
      drain(feeder, 0, (frame) => {
        firstAtMs ||= time.nowMs();
        feeder.taken(0, frame.body.length);
        feeder.stop();
      }),
      drain(feeder, 1, () => undefined),
    ];
    feeder.ready(0);
    await Promise.all([feeder.run(), ...lanes]);
    expect(firstAtMs - startMs).toBe(FAN_OUT_READY_GRACE_MS);
  });

  test("stopping ends every stream at once", async () => {
    const time = new VirtualTime();
    const { slivers } = pairs(10);
    const feeder = new SliverFeeder(
      { clock: time, timer: time, slivers },
      nodeList([[0], [1]]),
      2,
      2,
    );
    const lanes = [0, 1].map((laneIndex) => drain(feeder, laneIndex, () => undefined));
    feeder.stop();
    await expect(Promise.all([feeder.run(), ...lanes])).resolves.toBeDefined();
  });
});
