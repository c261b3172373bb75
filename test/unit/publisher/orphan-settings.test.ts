/** When orphans are swept: never before an upload has given up on them, but for the local network. */
import { expect, test } from "vitest";
import { ORPHAN_SWEEP_AFTER_MS, ORPHAN_SWEEP_AFTER_SECONDS_MAX } from "../../../shared/limits.ts";
import { orphanSettings } from "../../../workers/publisher/orphans/settings.ts";

const usual = ORPHAN_SWEEP_AFTER_MS / 1_000;
const most = ORPHAN_SWEEP_AFTER_SECONDS_MAX;
const read = (text: string | undefined, network: "local" | "mainnet") =>
  orphanSettings(text === undefined ? {} : { ORPHAN_SWEEP_AFTER_SECONDS: text }, network);

test("the usual wait where none is given", () => {
  const expected = { sweepAfterMs: ORPHAN_SWEEP_AFTER_MS, problems: [] };
  expect(read(undefined, "mainnet")).toEqual(expected);
  expect(read(undefined, "local")).toEqual(expected);
});

test.each([
  [String(usual), "mainnet"],
  [String(most), "mainnet"],
  ["0", "local"],
] as const)("%s seconds on %s are taken", (text, network) => {
  expect(read(text, network)).toEqual({ sweepAfterMs: Number(text) * 1_000, problems: [] });
});

test.each([
  [String(usual - 1), "mainnet"],
  ["0", "mainnet"],
  [String(most + 1), "local"],
  ["-1", "local"],
  ["1.5", "local"],
  ["", "local"],
] as const)("'%s' seconds on %s are a problem that names the variable", (text, network) => {
  expect(read(text, network).problems).toEqual([
    expect.stringContaining("ORPHAN_SWEEP_AFTER_SECONDS: expected a whole number"),
  ]);
});
