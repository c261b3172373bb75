/** Many uploads at once: few transactions, each blob paid for once, the blame where it belongs. */
import { describe, expect, test } from "vitest";
import { violations } from "./invariants.ts";
import { journalsOf, simulate } from "./simulation.ts";

describe("many uploads at once", () => {
  test("share transactions, and each keeps its own cost", async () => {
    const world = await simulate({ seed: 1, uploadCount: 30 });
    expect(violations(world, { allCertified: true })).toEqual([]);
    const { ledger } = world.network;
    expect(ledger.userTransactionCount).toBeLessThanOrEqual(4);
    const costs = journalsOf(world).map(({ steps }) => steps.register.result?.costFrost);
    expect(new Set(costs).size).toBe(1);
  });

  test("while the system object is congested end certified, in smaller batches", async () => {
    const world = await simulate({
      seed: 2,
      uploadCount: 12,
      trouble: ({ network }) => network.ledger.congest([network.deployment.systemId], 3),
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
  });

  test("while the epoch changes are certified in the new epoch", async () => {
    const world = await simulate({
      seed: 3,
      uploadCount: 12,
      trouble: ({ scheduler, network }) => {
        scheduler.after(700, () => network.changeEpoch());
      },
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
  });

  test.each([4, 5, 6])("and a wallet killed again and again, seed %d", async (seed) => {
    const world = await simulate({
      seed,
      uploadCount: 12,
      trouble: ({ scheduler, platform }) => {
        for (let n = 1; n <= 6; n++) {
          scheduler.after(n * 120 + scheduler.someMs(100), () => platform.killObject("wallet"));
        }
      },
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
  });
});
