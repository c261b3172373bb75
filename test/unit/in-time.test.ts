import { expect, test } from "vitest";
import { inTime } from "../../shared/in-time.ts";
import { createVirtualTimer } from "../support/virtual-timer.ts";

test("work that ends in time is what it ends with, and its timer is called off", async () => {
  const timer = createVirtualTimer();
  expect(
    await inTime(
      timer,
      10,
      timer.sleep(9).then(() => "done"),
      "late",
    ),
  ).toBe("done");
  const broken = Promise.reject(new Error("broken"));
  await expect(inTime(timer, 10, broken, "late")).rejects.toThrow("broken");
  await timer.sleep(50);
  expect(timer.nowMs()).toBe(59);
});

test("work that takes longer is late, and may fail after that without a word", async () => {
  const timer = createVirtualTimer();
  const work = timer.sleep(11).then(() => Promise.reject(new Error("nobody listens")));
  expect(await inTime(timer, 10, work, "late")).toBe("late");
  expect(timer.nowMs()).toBe(10);
  await timer.sleep(10);
});
