/**
 * Clients come through HTTP's door, and whoever passes a boundary is killed: Workers, desks, uploads,
 * wallets, names, tokens, book and gate. A client that asks again under its key is told, and the
 * ledger shows, what they are in the run that nobody disturbed; no body is left on a desk.
 *
 * A failure names its seed and boundary: `killVisits` with the same two is the same run.
 */
import { describe, expect, test } from "vitest";
import { KILLS_TIMEOUT_MS, killVisits } from "./campaign.ts";
import { PLAYS } from "./scripts.ts";

const STRIDE = 17;
const QUILT = PLAYS["a quilt is stored"];
const MEASURE = PLAYS["a blob and a quilt are measured"];

describe("whoever passes a boundary is killed", () => {
  test.each(Object.entries(PLAYS).map(([name, play], index) => [name, play, index] as const))(
    "while %s",
    async (_, play, seed) => {
      expect(await killVisits(play, { seed, stride: STRIDE })).toEqual([]);
    },
    KILLS_TIMEOUT_MS,
  );
});

test.each([QUILT, MEASURE])(
  "a desk that dies while its quilt streams is not taken for a client that went away",
  async (play) => {
    if (play === undefined) throw new TypeError("Cannot kill: there is no such play");
    expect(await killVisits(play, { seed: 1, named: /^desk .* chunk/ })).toEqual([]);
  },
);
