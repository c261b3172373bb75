/**
 * Kills whoever passes a boundary, at every boundary of a recorded run, and lets alarms and retries
 * go on: nothing is paid twice, nothing is lost, everything ends in a definite state.
 *
 * A failure names its seed and boundary; `simulate` with the same two is the same run.
 */
import { describe, expect, test } from "vitest";
import { EARLY_BYTES_MAX, ENCODED_TWICE_BYTES_MAX, IN_MEMORY_BYTES_MAX } from "./gateway.ts";
import { violations } from "./invariants.ts";
import { simulate } from "./simulation.ts";

interface Campaign {
  readonly seed: number;
  readonly uploadCount?: number;
  readonly blobBytes?: number;
  readonly waits?: boolean;
  readonly shares?: boolean;
  readonly cityCount?: number;
  /** Boundaries killed: one of so many. */
  readonly stride: number;
}

/** Every rule broken by a kill at any boundary; every other kill loses what nothing waited for. */
async function killEverywhere({ stride, ...scenario }: Campaign): Promise<string[]> {
  const recorded = await simulate(scenario);
  const broken: string[] = violations(recorded, { allCertified: true });
  const { boundaries } = recorded.platform;
  for (let boundary = scenario.seed % stride; boundary < boundaries.length; boundary += stride) {
    const losesUnsent = (boundary + scenario.seed) % 2 === 0;
    const world = await simulate({ ...scenario, kill: { killAt: [boundary], losesUnsent } });
    expect(world.platform.boundaries[boundary]).toBe(boundaries[boundary]);
    const rules = violations(world, { allCertified: true });
    const name = `seed ${scenario.seed}, boundary ${boundary} (${boundaries[boundary]})`;
    broken.push(...rules.map((rule) => `${name}: ${rule}`));
  }
  return broken;
}

describe("whoever passes a boundary is killed", () => {
  test("at every boundary of one upload whose slivers nodes buffer while it is registered", async () => {
    const recorded = await simulate({ seed: 1 });
    const early = recorded.platform.boundaries.filter((name) => name.includes("pending=true"));
    expect(early.length).toBeGreaterThan(0);
    expect(await killEverywhere({ seed: 1, stride: 1 })).toEqual([]);
  });

  test.each([
    ["that is encoded again after its registration", 8, ENCODED_TWICE_BYTES_MAX],
    ["that waits for its registration in memory", 9, EARLY_BYTES_MAX + 1],
  ])("at a sample of boundaries of a blob %s", async (_, seed, blobBytes) => {
    const recorded = await simulate({ seed, blobBytes });
    expect(recorded.platform.boundaries.join()).not.toContain("pending=true");
    expect(await killEverywhere({ seed, blobBytes, stride: 7 })).toEqual([]);
  });

  test.each([2, 3, 4])("at a sample of boundaries of two uploads, seed %d", async (seed) => {
    expect(await killEverywhere({ seed, uploadCount: 2, stride: 41 })).toEqual([]);
  });

  test("at a sample of boundaries of uploads with attributes that are shared", async () => {
    expect(await killEverywhere({ seed: 6, uploadCount: 2, shares: true, stride: 53 })).toEqual([]);
  });

  test("at a sample of boundaries of uploads that share hints on nodes", async () => {
    expect(await killEverywhere({ seed: 10, uploadCount: 2, cityCount: 2, stride: 67 })).toEqual(
      [],
    );
  });

  test("at a sample of boundaries of a blob that is encoded in storage", async () => {
    const blobBytes = 2 * IN_MEMORY_BYTES_MAX;
    const recorded = await simulate({ seed: 7, blobBytes });
    expect(recorded.platform.boundaries.join()).toContain("CREATE TABLE scratch");
    expect(await killEverywhere({ seed: 7, blobBytes, stride: 11 })).toEqual([]);
  });

  test("at a sample of boundaries while the client waits", async () => {
    expect(await killEverywhere({ seed: 5, waits: true, stride: 13 })).toEqual([]);
  });
});
