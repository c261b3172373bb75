import { expect, test } from "vitest";
import { ABANDONED_HOLD_MS, ABANDONED_REMEMBERED_MAX } from "../../../shared/limits.ts";
import { Busy } from "../../../workers/aggregator/busy.ts";

function setUp() {
  const world = { nowMs: 0 };
  return { world, busy: new Busy({ nowMs: () => world.nowMs }) };
}

test("the second one is told of the first, until the last has left", () => {
  const { busy } = setUp();
  expect(busy.enter("a")).toBe(false);
  expect(busy.enter("a")).toBe(true);
  expect(busy.enter("b")).toBe(false);
  busy.leave("a", true);
  expect(busy.enter("a")).toBe(true);
  busy.leave("a", true);
  busy.leave("a", true);
  expect(busy.enter("a")).toBe(false);
});

test("what was begun and left is shared for a while by those who come for it", () => {
  const { busy, world } = setUp();
  busy.enter("a");
  busy.leave("a", false);
  world.nowMs = ABANDONED_HOLD_MS - 1;
  expect(busy.enter("a")).toBe(true);
  busy.leave("a", true);
  world.nowMs = ABANDONED_HOLD_MS;
  expect(busy.enter("a")).toBe(false);
});

test("of what was left a bounded number is remembered", () => {
  const { busy } = setUp();
  for (let index = 0; index <= ABANDONED_REMEMBERED_MAX; index++) {
    busy.enter(`${index}`);
    busy.leave(`${index}`, false);
  }
  expect(busy.enter("0")).toBe(false);
  expect(busy.enter(`${ABANDONED_REMEMBERED_MAX}`)).toBe(true);
});

test("tells who is at it, and what was left a moment ago, without beginning", () => {
  const { busy, world } = setUp();
  expect([busy.isLately("a"), busy.count("a")]).toEqual([false, 0]);
  busy.enter("a");
  expect([busy.isLately("a"), busy.count("a")]).toEqual([true, 1]);
  busy.leave("a", false);
  expect([busy.isLately("a"), busy.count("a")]).toEqual([true, 0]);
  world.nowMs = ABANDONED_HOLD_MS;
  expect(busy.isLately("a")).toBe(false);
});
