/**
 * Visits while the world misbehaves and objects die: one trouble, or a mix of them that a seed draws.
 * Every broken rule is named by what it takes to replay it.
 */
import type { Random } from "../../shared/ports.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Play, PLAYS } from "./scripts.ts";
import { movesEpochs, type Trouble, TROUBLES } from "./troubles.ts";
import { type Visit, visit } from "./visit.ts";
import { troubledViolations } from "./visit-rules.ts";

/** Boundaries most visits pass at least. */
const BOUNDARIES = 200;
/** Of one mix. */
const DEATHS_MAX = 3;

export const EVERY_PLAY: readonly (readonly [string, Play])[] = Object.entries(PLAYS);
export const EVERY_TROUBLE: readonly (readonly [string, Trouble])[] = Object.entries(TROUBLES);

/** A visit, and what disturbs it. */
export interface Disturbed {
  readonly play: Play;
  readonly seed: number;
  /** Of the play and its troubles. */
  readonly names: readonly string[];
  readonly troubles: readonly Trouble[];
  /** Boundaries, counted from where trouble may begin. */
  readonly killAt?: readonly number[];
}

/** Runs a disturbed visit to its end. */
export async function disturbedVisit(disturbed: Disturbed): Promise<Visit<unknown>> {
  const { play, seed, troubles } = disturbed;
  const isFromBegin = play.setting?.troubledFromBegin === true;
  const { firstBoundary, spanMs } = await undisturbedVisit(play, seed);
  const first = isFromBegin ? firstBoundary : 0;
  const killAt = (disturbed.killAt ?? []).map((boundary) => first + boundary);
  return visit(
    {
      ...play.setting,
      seed,
      kill: { killAt, losesUnsent: seed % 2 === 0 },
      trouble: (world) => {
        for (const trouble of troubles) trouble(world, spanMs);
      },
    },
    play.script,
  );
}

/** Every rule it breaks. */
export async function brokenRules(disturbed: Disturbed): Promise<string[]> {
  const { play, seed, names } = disturbed;
  const undisturbed = await undisturbedVisit(play, seed);
  const rules = troubledViolations(await disturbedVisit(disturbed), undisturbed, {
    epochsMoved: names.some(movesEpochs),
  });
  return rules.map((rule) => `seed ${seed}, ${names.join(" and ")}: ${rule}`);
}

const undisturbedVisits = new Map<string, ReturnType<typeof visit>>();

/** The same for every trouble, so it is run once. */
function undisturbedVisit(play: Play, seed: number): ReturnType<typeof visit> {
  const key = `${EVERY_PLAY.findIndex(([, each]) => each === play)} ${seed}`;
  const known = undisturbedVisits.get(key) ?? visit({ ...play.setting, seed }, play.script);
  undisturbedVisits.set(key, known);
  return known;
}

/** A play, two troubles and up to three deaths. */
export function mixOf(seed: number): Disturbed {
  const random = seededRandom(seed);
  const [playName = "", play] = EVERY_PLAY[below(random, EVERY_PLAY.length)] ?? [];
  if (play === undefined) throw new RangeError("Cannot mix: there is no play");
  return mixed(playName, play, seed, random);
}

/** Such a mix of one play. */
export function mixFor(name: string, play: Play, seed: number): Disturbed {
  return mixed(name, play, seed, seededRandom(seed));
}

function mixed(playName: string, play: Play, seed: number, random: Random): Disturbed {
  const drawn = [0, 1].flatMap(() => {
    const trouble = EVERY_TROUBLE[below(random, EVERY_TROUBLE.length)];
    return trouble === undefined ? [] : [trouble];
  });
  // Two nodes of four hold more than f shards: nothing has to come to its end then.
  const isOfNodes = drawn.map(([name]) => name.includes("node of four"));
  const chosen = isOfNodes.every(Boolean) ? drawn.slice(0, 1) : drawn;
  const deaths = below(random, DEATHS_MAX + 1);
  return {
    play,
    seed,
    names: [playName, ...chosen.map(([name]) => name)],
    troubles: chosen.map(([, trouble]) => trouble),
    killAt: Array.from({ length: deaths }, (_, n) => below(random, BOUNDARIES * (n + 1))),
  };
}

function below(random: Random, count: number): number {
  return Math.floor(random.unit() * count);
}
