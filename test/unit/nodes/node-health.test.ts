import { expect, test } from "vitest";
import { NODE_SUSPECTS_MAX, NODE_SUSPICION_MS } from "../../../shared/limits.ts";
import { createNodeHealth } from "../../../shared/nodes/node-health.ts";

function setUp() {
  const world = { nowMs: 0 };
  const memory = { suspects: new Map<string, number>(), usualMs: 0 };
  return { world, memory, health: createNodeHealth(memory, { nowMs: () => world.nowMs }) };
}

test("a suspect is one until it has done well, or for a while", () => {
  const { world, health } = setUp();
  health.suspect("a");
  health.suspect("b");
  expect([health.isSuspect("a"), health.isSuspect("c")]).toEqual([true, false]);
  health.clear("a");
  expect(health.isSuspect("a")).toBe(false);
  world.nowMs = NODE_SUSPICION_MS;
  expect(health.isSuspect("b")).toBe(false);
});

test("a bounded number is remembered", () => {
  const { memory, health } = setUp();
  for (let index = 0; index <= NODE_SUSPECTS_MAX; index++) health.suspect(`${index}`);
  expect(memory.suspects.size).toBe(NODE_SUSPECTS_MAX);
  expect([health.isSuspect("0"), health.isSuspect("1")]).toEqual([false, true]);
});

test("what is usual follows what slivers take", () => {
  const { world, health } = setUp();
  for (let count = 0; count < 50; count++) {
    const done = health.stopwatch();
    world.nowMs += 80;
    done();
  }
  expect(health.usualMs()).toBeGreaterThan(70);
  expect(health.usualMs()).toBeLessThanOrEqual(80);
});
