/** Several addresses: refilled from the main one, used side by side, never in each other's way. */
import { describe, expect, test } from "vitest";
import { WALLET_ADDRESS } from "./gateway.ts";
import { violations } from "./invariants.ts";
import { journalsOf, simulate, walletsOf, type World } from "./simulation.ts";

/** The main address has money and the others have none yet; four uploads fill the queue of one. */
const SETTINGS = { addressCount: 3, batchMax: 1 } as const;

function payersOf(world: World): ReadonlySet<string | null> {
  return new Set(journalsOf(world).map(({ walletAddress }) => walletAddress));
}

describe("several addresses", () => {
  test("are refilled before they are needed, and share what comes then", async () => {
    const world = await simulate({
      ...SETTINGS,
      seed: 1,
      uploadCount: 13,
      // One upload wakes the main wallet; the burst comes when the others have their money.
      trouble: ({ network, gateway }) => {
        const { walType } = network.deployment;
        for (const address of gateway.addresses.slice(1)) {
          expect(network.ledger.balance(address, walType)).toBe(0n);
        }
      },
      arrivesMs: (index) => (index === 0 ? 0 : 30_000),
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
    expect(payersOf(world).size).toBe(3);
    expect(walletsOf(world).every(({ spentFrost }) => spentFrost > 0n)).toBe(true);
  });

  test.each([2, 3, 4])("and wallets killed again and again, seed %d", async (seed) => {
    const world = await simulate({
      ...SETTINGS,
      seed,
      uploadCount: 11,
      arrivesMs: (index) => (index === 0 ? 0 : 20_000),
      trouble: ({ scheduler, platform }) => {
        for (let n = 0; n < 9; n++) {
          const name = n % 3 === 0 ? "wallet" : `wallet ${n % 3}`;
          scheduler.after(20_000 + n * 150 + scheduler.someMs(120), () =>
            platform.killObject(name),
          );
        }
      },
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
  });

  test("a new upload avoids the one whose transaction hangs, and that one ends well, too", async () => {
    const world = await simulate({
      ...SETTINGS,
      seed: 5,
      uploadCount: 3,
      arrivesMs: (index) => [0, 20_000, 32_000][index] ?? 0,
      trouble: ({ scheduler, network }) => {
        // Before the second upload: what its wallet submits is answered by nobody for a while.
        scheduler.after(19_000, () => network.loseSubmissionsOf(WALLET_ADDRESS));
        scheduler.after(60_000, () => network.loseSubmissionsOf(null));
      },
    });
    expect(violations(world, { allCertified: true })).toEqual([]);
    const [, second, last] = journalsOf(world);
    expect(second?.walletAddress).toBe(WALLET_ADDRESS);
    expect(last?.walletAddress).not.toBe(WALLET_ADDRESS);
    expect(last?.finishedAtMs).toBeLessThan(second?.finishedAtMs ?? 0);
  });
});
