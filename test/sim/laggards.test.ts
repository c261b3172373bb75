/** A node that did not serve a store in one city holds up nobody's lane in another one. */
import { describe, expect, test } from "vitest";
import { violations } from "./invariants.ts";
import { simulate, type World } from "./simulation.ts";

/** Of its requests: nodes are counted from 1 in their names. */
const NODE_INDEX = 2;
const NODE = "node 3";
/** The hint has spread to every city by then, and still counts. */
const LATER_MS = 120_000;

/** One store while a node is down, and one in another city when it is well again. */
async function twoCities(seed: number, isDown: boolean): Promise<World> {
  const world = await simulate({
    seed,
    cityCount: 2,
    uploadCount: 2,
    arrivesMs: (index) => index * LATER_MS,
    trouble: ({ scheduler, network }) => {
      if (!isDown) return;
      network.badNodes.set(NODE_INDEX, "down");
      scheduler.after(LATER_MS - 1_000, () => network.badNodes.delete(NODE_INDEX));
    },
  });
  expect(violations(world, { allCertified: true })).toEqual([]);
  return world;
}

interface SliverRequest {
  readonly lane: string;
  readonly node: string;
}

/** Slivers the second store sent, in order. */
function sliversOf({ platform }: World): readonly SliverRequest[] {
  const { boundaries } = platform;
  const start = boundaries.findIndex((name) => name.includes("before upload u1.store"));
  return boundaries.slice(start).flatMap((name) => {
    const [, lane, node] = /^(lane \d+) before PUT (node \d+) \/slivers/.exec(name) ?? [];
    return lane === undefined || node === undefined ? [] : [{ lane, node }];
  });
}

describe.each([1, 2])("two cities, seed %d", (seed) => {
  test("tell each other of a node that lags: it gets a lane of its own", async () => {
    const slivers = sliversOf(await twoCities(seed, true));
    const own = slivers.filter(({ node }) => node === NODE);
    expect(own.length).toBeGreaterThan(0);
    const lane = own[0]?.lane;
    expect(slivers.filter((each) => each.lane === lane)).toEqual(own);
  });

  test("share lanes among all nodes where none lags", async () => {
    const slivers = sliversOf(await twoCities(seed, false));
    const lane = slivers.find(({ node }) => node === NODE)?.lane;
    const nodes = slivers.flatMap((each) => (each.lane === lane ? [each.node] : []));
    expect(new Set(nodes).size).toBeGreaterThan(1);
  });
});
