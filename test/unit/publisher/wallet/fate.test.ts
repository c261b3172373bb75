/** When a signed transaction is certain to have run, or never to run. */
import { describe, expect, test } from "vitest";
import type { RejectionReason } from "../../../../shared/sui/chain.ts";
import {
  consumesInput,
  decideFate,
  type Evidence,
} from "../../../../workers/publisher/wallet/fate.ts";

const NOTHING: Evidence = {
  digest: "ours",
  expirationEpoch: 5,
  effects: null,
  rejection: null,
  consumedBy: null,
  suiEpoch: null,
};
const EFFECTS = { digest: "ours", failure: null, gasMist: 1n, changes: [] };

describe("the fate", () => {
  test("is executed when effects are found, whatever else was seen", () => {
    const all = {
      effects: EFFECTS,
      rejection: "stale-object",
      consumedBy: "x",
      suiEpoch: 9,
    } as const;
    expect(decideFate({ ...NOTHING, ...all })).toEqual({ kind: "executed", transaction: EFFECTS });
  });

  test("is unknown when nothing is known: absence at one node proves nothing", () => {
    expect(decideFate(NOTHING)).toEqual({ kind: "unknown" });
  });

  test("is dead when another transaction consumed an input, not when it was ours", () => {
    expect(decideFate({ ...NOTHING, consumedBy: "theirs" })).toMatchObject({
      kind: "dead",
      reason: "input-consumed",
    });
    expect(decideFate({ ...NOTHING, consumedBy: "ours" })).toEqual({ kind: "unknown" });
  });

  test("is dead after the expiration epoch, not in it", () => {
    expect(decideFate({ ...NOTHING, suiEpoch: 5 })).toEqual({ kind: "unknown" });
    expect(decideFate({ ...NOTHING, suiEpoch: 6 })).toMatchObject({ reason: "expired" });
  });

  test.each<[RejectionReason, "dead" | "unknown"]>([
    ["stale-object", "dead"],
    ["insufficient-gas", "dead"],
    ["invalid", "dead"],
    ["object-not-found", "unknown"],
    ["locked-object", "unknown"],
    ["expired", "unknown"],
    ["other", "unknown"],
  ])("after the refusal %s is %s", (rejection, kind) => {
    expect(decideFate({ ...NOTHING, rejection }).kind).toBe(kind);
  });

  test("an input counts as consumed only at exactly the version named", () => {
    const change = { objectId: "0x1", change: "mutated", output: null, type: null } as const;
    const transaction = { ...EFFECTS, changes: [{ ...change, inputVersion: "3" }] };
    const input = { objectId: "0x1", version: "3", digest: "d" };
    expect(consumesInput(transaction, [input])).toBe(true);
    expect(consumesInput(transaction, [{ ...input, version: "2" }])).toBe(false);
    expect(consumesInput(transaction, [{ ...input, objectId: "0x2" }])).toBe(false);
  });
});
