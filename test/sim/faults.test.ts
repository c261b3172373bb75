/**
 * The chain misbehaves while objects die: the same rules hold. Every run is decided by its seed.
 */
import { describe, expect, test } from "vitest";
import { violations } from "./invariants.ts";
import { type Scenario, simulate } from "./simulation.ts";
import { TROUBLES } from "./troubles.ts";

const SEEDS = [1, 2, 3, 4];
/** Boundaries a run of two uploads passes at least. */
const BOUNDARIES = 400;

async function brokenRules(seed: number, scenario: Omit<Scenario, "seed">): Promise<string[]> {
  const world = await simulate({ seed, uploadCount: 2, ...scenario });
  return violations(world, { allCertified: true }).map((rule) => `seed ${seed}: ${rule}`);
}

describe.each(Object.entries(TROUBLES))("while %s", (_name, trouble) => {
  test("every accepted upload is certified once", async () => {
    const broken = await Promise.all(SEEDS.map((seed) => brokenRules(seed, { trouble })));
    expect(broken.flat()).toEqual([]);
  });

  test("and objects are killed, every accepted upload is certified once", async () => {
    const broken = await Promise.all(
      SEEDS.map((seed) => {
        const killAt = [1, 2, 3].map((n) => (seed * 7919 + n * 104_729) % (BOUNDARIES * n));
        return brokenRules(seed, { trouble, kill: { killAt, losesUnsent: seed % 2 === 0 } });
      }),
    );
    expect(broken.flat()).toEqual([]);
  });
});
