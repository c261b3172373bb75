/** Large transfers take turns: one at a time, and none waits for ever for one that is stuck. */
import { expect, test } from "vitest";
import { createVirtualTimer } from "../../support/virtual-timer.ts";
import { Turns } from "../../../workers/publisher/upload/turns.ts";

test("one at a time, in order, and a failure is its own", async () => {
  const turns = new Turns(createVirtualTimer(), 100);
  const order: string[] = [];
  const work = (name: string, fails = false) =>
    turns.take(async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const ends = await Promise.allSettled([work("a"), work("b", true), work("c")]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("one that is stuck holds up the next for so long and no longer", async () => {
  const timer = createVirtualTimer();
  const turns = new Turns(timer, 100);
  void turns.take(() => new Promise(() => undefined));
  let beganAtMs = -1;
  await turns.take(async () => void (beganAtMs = timer.nowMs()));
  expect(beganAtMs).toBe(100);
});
