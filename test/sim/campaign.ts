/**
 * Kills at the boundaries of recorded visits: at a sample that differs from play to play, and with
 * `SIM_KILLS=all` in the environment at every one, which takes a processor
 * about twenty minutes.
 *
 * A sample is of kinds: who passes the boundary, whether before or after, and what. One that is passed
 * again and again counts the first and the last time.
 */
import { expect } from "vitest";
import type { Play } from "./scripts.ts";
import { type Visit, visit } from "./visit.ts";
import { visitViolations } from "./visit-rules.ts";

/** Whether every boundary is killed instead of a sample. */
export const KILLS_ALL = process.env["SIM_KILLS"] === "all";
/** A play has up to 700 boundaries, and a run after each takes up to a few seconds. */
export const KILLS_TIMEOUT_MS = KILLS_ALL ? 2 * 60 * 60_000 : 30 * 60_000;

/** Where to kill. */
export interface Kills {
  readonly seed: number;
  /** One kind of so many; the seed says which. */
  readonly stride?: number;
  /** Only boundaries of this name. */
  readonly named?: RegExp;
}

/** Every rule broken by a kill, named by seed and boundary. */
export async function killVisits({ script, setting }: Play, kills: Kills): Promise<string[]> {
  const { seed } = kills;
  const scenario = { ...setting, seed };
  const recorded = await visit(scenario, script);
  const broken = visitViolations(recorded, recorded);
  const { boundaries } = recorded.world.platform;
  const killed = boundariesOf(recorded, kills);
  expect(killed.length).toBeGreaterThan(0);
  for (const boundary of killed) {
    const losesUnsent = (boundary + seed) % 2 === 0;
    const visited = await visit({ ...scenario, kill: { killAt: [boundary], losesUnsent } }, script);
    expect(visited.world.platform.boundaries[boundary]).toBe(boundaries[boundary]);
    const name = `seed ${seed}, boundary ${boundary} (${boundaries[boundary]})`;
    broken.push(...visitViolations(visited, recorded).map((rule) => `${name}: ${rule}`));
  }
  return broken;
}

/** Which boundaries of a recorded visit are killed, in order. */
function boundariesOf(
  { world, firstBoundary }: Visit<unknown>,
  { seed, stride = 1, named = /./ }: Kills,
): readonly number[] {
  const { boundaries } = world.platform;
  const all = [...boundaries.keys()].filter(
    (index) => index >= firstBoundary && named.test(boundaries[index] ?? ""),
  );
  if (KILLS_ALL) return all;
  const kinds = Map.groupBy(all, (index) => kindOf(boundaries[index] ?? ""));
  const ends = [...kinds.values()].flatMap((indices) => [
    ...indices.slice(0, 1),
    ...indices.slice(-1),
  ]);
  const sample = [...new Set(ends)].sort(ascending);
  return sample.filter((_, place) => place % stride === seed % stride);
}

const ascending = (left: number, right: number) => left - right;

/** The boundary without what names one object, one command or one node of many. */
function kindOf(boundary: string): string {
  return boundary
    .replace(/^(\w+) .*?(before|after) /, "$1 $2 ")
    .replace(/\bnode \d+/, "node")
    .replace(/\/slivers\/\d+/, "/slivers/n")
    .replace(/(run|offer) \S+/, "$1")
    .replace(/\b(upload|names|token|desk) [\w-]+\./, "$1.")
    .replace(/\?.*/, "");
}
