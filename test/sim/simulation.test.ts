import { describe, expect, test } from "vitest";
import { disturbedVisit, EVERY_PLAY, mixFor } from "./disturb.ts";
import { violations } from "./invariants.ts";
import { historyOf, simulate } from "./simulation.ts";

describe("a simulated run", () => {
  test("stores, certifies and records, and keeps every rule", async () => {
    const world = await simulate({ seed: 1, uploadCount: 2, waits: true });
    expect([...world.answers.values()]).toEqual(["certified", "certified"]);
    expect(violations(world, { allCertified: true })).toEqual([]);
  });

  test("is the same run again for the same seed", async () => {
    const runs = [7, 7].map((seed) => simulate({ seed, uploadCount: 3 }));
    const [first, second] = (await Promise.all(runs)).map(historyOf);
    expect(second).toBe(first);
  });

  test.each(EVERY_PLAY)("is the same run again while %s, disturbed and killed", async (...play) => {
    const histories: string[] = [];
    for (let run = 0; run < 2; run++) {
      const { world, report } = await disturbedVisit(mixFor(...play, 3));
      histories.push(`${historyOf(world)} ${JSON.stringify(report)}`);
    }
    expect(histories[1]).toBe(histories[0]);
  });

  test("is another run for another seed", async () => {
    const runs = [7, 8].map((seed) => simulate({ seed, uploadCount: 3 }));
    const [first, second] = (await Promise.all(runs)).map(historyOf);
    expect(second).not.toBe(first);
  });
});
