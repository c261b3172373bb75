/** Silence counts only while this isolate could have heard an answer. */
import { expect, test } from "vitest";
import { AWAKE_NAPS_MAX } from "../../../shared/limits.ts";
import { callAwake, waitAwake } from "../../../shared/nodes/wait-awake.ts";

/** A timer whose sleeps last as long as told beyond what was asked. */
function setUp(lateMs: (sleep: number) => number) {
  const world = { nowMs: 0, sleeps: 0 };
  const timer = {
    async sleep(durationMs: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      world.nowMs += durationMs + lateMs(world.sleeps++);
    },
  };
  const clock = { nowMs: () => world.nowMs };
  return { world, timer, clock };
}

const NEVER = new AbortController().signal;

test("an isolate that is awake waits no longer than it was told", async () => {
  const { world, timer, clock } = setUp(() => 1);
  await waitAwake(timer, clock, 800, NEVER);
  expect(world.nowMs).toBe(808);
});

test("a nap that ended much too late is slept again", async () => {
  const { world, timer, clock } = setUp((sleep) => (sleep === 2 ? 5_000 : 0));
  await waitAwake(timer, clock, 800, NEVER);
  expect([world.nowMs, world.sleeps]).toEqual([5_900, 9]);
});

test("one that ended just in time counts", async () => {
  const { world, timer, clock } = setUp(() => 99);
  await waitAwake(timer, clock, 800, NEVER);
  expect(world.sleeps).toBe(8);
});

test("without a clock it is a plain sleep", async () => {
  const { world, timer } = setUp((sleep) => (sleep === 0 ? 5_000 : 0));
  await waitAwake(timer, undefined, 800, NEVER);
  expect(world.sleeps).toBe(1);
});

test("it is cut short by its signal", async () => {
  const { timer, clock } = setUp(() => 0);
  const reason = new Error("answered");
  await expect(waitAwake(timer, clock, 800, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("an isolate that is always late ends its wait all the same", async () => {
  const { world, timer, clock } = setUp(() => 10_000);
  await waitAwake(timer, clock, 800, NEVER);
  expect(world.sleeps).toBe(AWAKE_NAPS_MAX);
});

test("what is called off between two naps is not done", () => {
  const naps: (() => void)[] = [];
  const timer = {
    sleep: () => Promise.reject(new TypeError("not asked for")),
    after: (_: number, action: () => void) => {
      naps.push(action);
      return () => void naps.splice(naps.indexOf(action), 1);
    },
  };
  let done = 0;
  const callOff = callAwake(timer, { nowMs: () => 0 }, 800, () => done++);
  for (let nap = 0; nap < 3; nap++) naps.shift()?.();
  expect(naps).toHaveLength(1);
  callOff();
  expect([naps.length, done]).toEqual([0, 0]);
});
