/** The bell of a fan-out: everyone who waits wakes, and nobody waits for a ring that is over. */
import { describe, expect, test } from "vitest";
import { Bell } from "../../../workers/publisher/upload/bell.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

describe("Bell", () => {
  test("wakes all who wait", async () => {
    const bell = new Bell(createVirtualTimer());
    const waiting = Promise.all([bell.rung(), bell.rung(), bell.rung(5_000)]);
    bell.ring();
    await expect(waiting).resolves.toHaveLength(3);
  });

  test("a ring that nobody waited for is over", async () => {
    const timer = createVirtualTimer();
    const bell = new Bell(timer);
    bell.ring();
    await bell.rung(70);
    expect(timer.nowMs()).toBe(70);
  });

  test("a ring ends the waiting for a limit, and takes no time", async () => {
    const timer = createVirtualTimer();
    const bell = new Bell(timer);
    const waiting = bell.rung(5_000);
    bell.ring();
    await waiting;
    await timer.sleep(10);
    expect(timer.nowMs()).toBe(10);
  });

  test("rings again for whoever waits again", async () => {
    const bell = new Bell(createVirtualTimer());
    let woken = 0;
    for (let turn = 0; turn < 3; turn++) {
      const waiting = bell.rung().then(() => woken++);
      await Promise.resolve();
      expect(woken).toBe(turn);
      bell.ring();
      await waiting;
    }
    expect(woken).toBe(3);
  });
});
