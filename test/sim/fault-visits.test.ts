/**
 * Clients come through HTTP's door while the world misbehaves, one way, and two ways at once with
 * objects dying meanwhile: they are told, and the ledger shows, what they are in the run nobody
 * disturbed.
 *
 * `SIM_FAULTS=all` in the environment has every play meet every trouble; `SIM_MIXES` says how many
 * mixes there are, from seed `SIM_FIRST_MIX` on.
 */
import { describe, expect, test } from "vitest";
import { brokenRules, EVERY_PLAY, EVERY_TROUBLE, mixOf } from "./disturb.ts";

const MIX_COUNT = Number(process.env["SIM_MIXES"] ?? 5);
const FIRST_MIX = Number(process.env["SIM_FIRST_MIX"] ?? 1);
const MIX_TIMEOUT_MS = 30 * 60_000;

/** Plays that meet every trouble; each trouble meets two of the others. */
const THOROUGH = [
  "a quilt is stored",
  "a blob is changed, extended and deleted",
  "leases are renewed",
];
const OTHERS = EVERY_PLAY.filter(([name]) => !THOROUGH.includes(name));

/** Whom the trouble of an index meets. */
function playsFor(index: number): typeof EVERY_PLAY {
  if (process.env["SIM_FAULTS"] === "all") return EVERY_PLAY;
  const half = Math.ceil(OTHERS.length / 2);
  const places = [index, index + half].map((place) => place % OTHERS.length);
  return EVERY_PLAY.filter(
    ([name]) => THOROUGH.includes(name) || places.some((place) => OTHERS[place]?.[0] === name),
  );
}

describe.each(EVERY_TROUBLE.map(([name, trouble], index) => ({ name, trouble, index })))(
  "while $name",
  ({ name, trouble, index }) => {
    test.each(playsFor(index))("%s", async (_, play) => {
      expect(await brokenRules({ play, seed: 1, names: [name], troubles: [trouble] })).toEqual([]);
    });
  },
);

test(
  "two troubles at once while objects die",
  async () => {
    const rules: string[] = [];
    for (let seed = FIRST_MIX; seed < FIRST_MIX + MIX_COUNT; seed++) {
      rules.push(...(await brokenRules(mixOf(seed))));
    }
    expect(rules).toEqual([]);
  },
  MIX_TIMEOUT_MS,
);
