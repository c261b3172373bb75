import { describe, expect, test } from "vitest";
import { type Attempt, race } from "../../../shared/nodes/read-race.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

function attempts(list: readonly Attempt[]): () => Attempt | null {
  const left = [...list];
  return () => left.shift() ?? null;
}

const yes: Attempt = () => Promise.resolve(true);
const no: Attempt = () => Promise.resolve(false);
const never: Attempt = () => new Promise(() => undefined);

describe("a race", () => {
  test("ends with the first attempt that is enough", async () => {
    const timer = createVirtualTimer();
    const next = attempts([no, never, yes, never]);
    expect(await race({ next, width: () => 2, deadlineMs: 100, timer })).toBe("enough");
    expect(timer.nowMs()).toBe(0);
  });

  test("is exhausted when nothing is left", async () => {
    const timer = createVirtualTimer();
    const options = { next: attempts([no, no]), width: () => 3, deadlineMs: 100, timer };
    expect(await race(options)).toBe("exhausted");
  });

  test("ends at its deadline, and aborts what still runs", async () => {
    const timer = createVirtualTimer();
    let aborted = false;
    const silent: Attempt = (signal) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return never(signal);
    };
    const options = { next: attempts([silent]), width: () => 1, deadlineMs: 100, timer };
    expect(await race(options)).toBe("timed-out");
    expect(timer.nowMs()).toBe(100);
    expect(aborted).toBe(true);
  });

  test("never runs more than its width", async () => {
    const timer = createVirtualTimer();
    let running = 0;
    let most = 0;
    const counted: Attempt = async () => {
      most = Math.max(most, ++running);
      await timer.sleep(10);
      running--;
      return false;
    };
    const next = attempts(Array.from({ length: 9 }, () => counted));
    await race({ next, width: () => 3, deadlineMs: 1_000, timer });
    expect(most).toBe(3);
  });

  test("gives a silent attempt a competitor", async () => {
    const timer = createVirtualTimer();
    let width = 1;
    const hedge = {
      silence: (over: AbortSignal) => timer.sleep(40, over),
      onSilence: () => void width++,
    };
    const next = attempts([never, yes]);
    expect(await race({ next, width: () => width, hedge, deadlineMs: 1_000, timer })).toBe(
      "enough",
    );
    expect(timer.nowMs()).toBe(40);
  });

  test("is given up with its caller, before or while it runs", async () => {
    const timer = createVirtualTimer();
    const caller = new AbortController();
    const options = { width: () => 1, deadlineMs: 1_000, timer, signal: caller.signal };
    const running = race({ ...options, next: attempts([never]) });
    caller.abort();
    expect(await running).toBe("aborted");
    expect(await race({ ...options, next: attempts([yes]) })).toBe("aborted");
  });
});
