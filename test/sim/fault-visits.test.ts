/**
 * Clients come through HTTP's door while the world misbehaves, one way, and two ways at once with
 * objects dying meanwhile: they are told, and the ledger shows, what they are in the run nobody
 * disturbed.
 *
 * `SIM_FAULTS=all` in the environment has every play meet every trouble; `SIM_MIXES` says how many
 * mixes there are, from seed `SIM_FIRST_MIX` on.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { type Play, PLAYS } from "./scripts.ts";
import { movesEpochs, type Trouble, TROUBLES } from "./troubles.ts";
import { troubledViolations, visit } from "./visit.ts";

const MIX_COUNT = Number(process.env["SIM_MIXES"] ?? 5);
const FIRST_MIX = Number(process.env["SIM_FIRST_MIX"] ?? 1);
const MIX_TIMEOUT_MS = 30 * 60_000;
/** Boundaries a visit passes at least. */
const BOUNDARIES = 200;

const EVERY_TROUBLE = Object.entries(TROUBLES);
/** What is done to blobs that are there, and how they come to be otherwise than by a plain store. */
const TROUBLED: readonly (readonly [string, Play])[] = Object.entries(PLAYS).filter(
  // What these are about is an epoch that changes, and nodes that are away, themselves.
  ([name]) => !name.includes("registration") && !name.includes("expired"),
);

interface Disturbed {
  readonly play: Play;
  readonly seed: number;
  readonly names: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly killAt?: readonly number[];
}

/** Every broken rule, named by what it takes to replay it. */
async function broken({ play, seed, names, troubles, killAt = [] }: Disturbed): Promise<string[]> {
  const { script, setting } = play;
  const undisturbed = await undisturbedVisit(play, seed);
  const disturbed = await visit(
    {
      ...setting,
      seed,
      kill: { killAt, losesUnsent: seed % 2 === 0 },
      trouble: (world) => {
        for (const trouble of troubles) trouble(world);
      },
    },
    script,
  );
  const rules = troubledViolations(disturbed, undisturbed, {
    epochsMoved: names.some(movesEpochs),
  });
  return rules.map((rule) => `seed ${seed}, ${names.join(" and ")}: ${rule}`);
}

const undisturbedVisits = new Map<string, ReturnType<typeof visit>>();

/** The same for every trouble, so it is run once. */
function undisturbedVisit(play: Play, seed: number): ReturnType<typeof visit> {
  const key = `${TROUBLED.findIndex(([, each]) => each === play)} ${seed}`;
  const known = undisturbedVisits.get(key) ?? visit({ ...play.setting, seed }, play.script);
  undisturbedVisits.set(key, known);
  return known;
}

/** Plays that meet every trouble; of the others each trouble meets one. */
const THOROUGH = [
  "a quilt is stored",
  "a blob is changed, extended and deleted",
  "leases are renewed",
];
const OTHERS = TROUBLED.filter(([name]) => !THOROUGH.includes(name));

describe.each(EVERY_TROUBLE.map(([name, trouble], index) => ({ name, trouble, index })))(
  "while $name",
  ({ name, trouble, index }) => {
    const met = TROUBLED.filter(
      ([play]) =>
        process.env["SIM_FAULTS"] === "all" ||
        THOROUGH.includes(play) ||
        play === OTHERS[index % OTHERS.length]?.[0],
    );
    test.each(met)("%s", async (_, play) => {
      expect(await broken({ play, seed: 1, names: [name], troubles: [trouble] })).toEqual([]);
    });
  },
);

test(
  "two troubles at once while objects die",
  async () => {
    const rules: string[] = [];
    for (let seed = FIRST_MIX; seed < FIRST_MIX + MIX_COUNT; seed++) {
      rules.push(...(await broken(mixOf(seed))));
    }
    expect(rules).toEqual([]);
  },
  MIX_TIMEOUT_MS,
);

/** A play, two troubles and up to three deaths. */
function mixOf(seed: number): Disturbed {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random.unit() * count);
  const [playName = "", play] = TROUBLED[below(TROUBLED.length)] ?? [];
  if (play === undefined) throw new RangeError("Cannot mix: there is no play");
  const drawn = [0, 1].flatMap(() => {
    const trouble = EVERY_TROUBLE[below(EVERY_TROUBLE.length)];
    return trouble === undefined ? [] : [trouble];
  });
  // Two nodes of four hold more than f shards: nothing has to come to its end then.
  const isOfNodes = drawn.map(([name]) => name.includes("node of four"));
  const chosen = isOfNodes.every(Boolean) ? drawn.slice(0, 1) : drawn;
  return {
    play,
    seed,
    names: [playName, ...chosen.map(([name]) => name)],
    troubles: chosen.map(([, trouble]) => trouble),
    killAt: Array.from({ length: below(4) }, (_, n) => below(BOUNDARIES * (n + 1))),
  };
}
