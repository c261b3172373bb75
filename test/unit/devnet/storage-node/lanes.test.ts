/** Requests are counted per node, and six at once is all one lane may have over all nodes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, refusalOf } from "./harness.ts";

let net: Harness;

beforeAll(async () => {
  net = await Harness.start({ nodeCount: 3, threadCount: 3, latencyMs: 300 });
});
afterAll(async () => {
  await net.cluster.close();
});

const ask = (index: number, lane: string) =>
  net.fetch(index % 3, "/v1/health", { headers: { "x-walrus-lane": lane } });

describe("lanes", () => {
  test("six requests at once over three nodes pass", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => ask(index, "six")));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(net.cluster.laneViolations).toEqual([]);
  });

  test("a seventh is refused and recorded, whichever node it reaches", async () => {
    const answers = await Promise.all(Array.from({ length: 7 }, (_, index) => ask(index, "seven")));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBe(1);
    expect(await refusalOf(refused[0] as Response)).toBe("503 UNAVAILABLE");
    expect(net.cluster.laneViolations).toMatchObject([{ lane: "seven", inFlight: 7 }]);
  });

  test("lanes do not count against one another, and end when their requests do", async () => {
    const before = net.cluster.laneViolations.length;
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => ask(index, `lane-${index % 2}`)),
      );
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    expect(net.cluster.laneViolations.length).toBe(before);
  });

  test("a request given up by its client frees its place", async () => {
    const before = net.cluster.laneViolations.length;
    const abort = new AbortController();
    const lane = { "x-walrus-lane": "given-up" };
    const doomed = Array.from({ length: 6 }, (_, index) =>
      net.fetch(index % 3, "/v1/health", { headers: lane, signal: abort.signal }),
    );
    const settled = Promise.allSettled(doomed);
    await expect.poll(() => net.cluster.counts(0).inFlight, { timeout: 30_000 }).toBeGreaterThan(0);
    abort.abort();
    await settled;
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => ask(index, "given-up")),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(net.cluster.laneViolations.length).toBe(before);
  });
});

describe("counts", () => {
  test("requests, those in flight and their maximum, per node", async () => {
    const before = net.cluster.counts(1);
    await Promise.all(Array.from({ length: 9 }, () => net.fetch(1, "/v1/health")));
    const after = net.cluster.counts(1);
    expect(after.requests - before.requests).toBe(9);
    expect(after.inFlightMax).toBeGreaterThanOrEqual(5);
    await expect.poll(() => net.cluster.counts(1).inFlight, { timeout: 30_000 }).toBe(0);
  });
});
