import { describe, expect, test } from "vitest";
import { LANES_MAX } from "../../../shared/limits.ts";
import { splitByLag, splitLanes } from "../../../workers/publisher/lane/lane.ts";

function nodes(sliverCounts: readonly number[]) {
  return sliverCounts.map((sliverCount, memberIndex) => ({ memberIndex, sliverCount }));
}

function weights(lanes: readonly (readonly { readonly sliverCount: number }[])[]): number[] {
  return lanes.map((lane) => lane.reduce((total, node) => total + node.sliverCount, 0));
}

describe("splitting nodes over lanes", () => {
  test("every node is in exactly one lane, and no lane is empty", () => {
    const all = nodes(Array.from({ length: 100 }, (_, index) => 2 + (index % 40)));
    const lanes = splitLanes(all, 16);
    expect(lanes).toHaveLength(16);
    const members = lanes.flat().map((node) => node.memberIndex);
    expect(members.sort((a, b) => a - b)).toEqual(all.map((node) => node.memberIndex));
    expect(lanes.every((lane) => lane.length > 0)).toBe(true);
  });

  test("lanes carry about the same number of slivers", () => {
    const lanes = splitLanes(nodes(Array.from({ length: 100 }, () => 20)), 16);
    const loads = weights(lanes);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(20);
  });

  test("fewer nodes than lanes give one lane for each node", () => {
    expect(splitLanes(nodes([18, 16, 16]), 16)).toHaveLength(3);
  });

  test("more nodes than lanes are shared out", () => {
    expect(weights(splitLanes(nodes([10, 10, 10, 10]), 2))).toEqual([20, 20]);
  });

  test("nodes without weight are spread too", () => {
    expect(splitLanes(nodes([0, 0, 0, 0]), 2).map((lane) => lane.length)).toEqual([2, 2]);
  });

  test("the number of lanes has a bound", () => {
    const all = nodes(Array.from({ length: 40 }, () => 1));
    expect(splitLanes(all, LANES_MAX)).toHaveLength(LANES_MAX);
    expect(() => splitLanes(all, LANES_MAX + 1)).toThrow(RangeError);
    expect(() => splitLanes(all, 0)).toThrow(RangeError);
  });
});

describe("nodes that lag", () => {
  const all = nodes(Array.from({ length: 100 }, () => 20));

  test("have lanes of their own, and nobody is left out", () => {
    const lags = ({ memberIndex }: { readonly memberIndex: number }) => memberIndex % 10 === 0;
    const lanes = splitByLag(all, 16, lags);
    expect(lanes).toHaveLength(16);
    expect(lanes.flat()).toHaveLength(100);
    expect(lanes.map((lane) => lane.filter(lags).length)).toEqual([...Array(14).fill(0), 5, 5]);
  });

  test.each([
    ["none lags", () => false],
    ["all lag", () => true],
  ])("are spread as the others where %s", (_, lags) => {
    expect(weights(splitByLag(all, 16, lags))).toEqual(weights(splitLanes(all, 16)));
  });

  test("share the one lane there is", () => {
    const [only, ...more] = splitByLag(all, 1, ({ memberIndex }) => memberIndex === 0);
    expect(more).toEqual([]);
    expect(only).toHaveLength(100);
  });
});
