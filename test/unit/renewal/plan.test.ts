/** Which leases a renewal run extends. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renewalConfig } from "../../../workers/renewal/config.ts";
import {
  batches,
  type LeaseOnChain,
  planRenewal,
  type RenewalFacts,
  type RenewalPolicy,
} from "../../../workers/renewal/plan.ts";

const WALLET = `0x${"aa".repeat(32)}`;
const POLICY: RenewalPolicy = { marginEpochs: 2, extendEpochs: 5, budgetFrost: null };

interface Shape {
  readonly endEpoch: number;
  readonly certified?: boolean;
  readonly owner?: string;
  readonly shared?: boolean;
  readonly isOwn?: boolean;
  readonly storageBytes?: number;
}

function lease(name: string, shape: Shape | null): LeaseOnChain {
  const blobObjectId = `0x${name.padStart(64, "0")}`;
  if (shape === null) return { blobObjectId, owner: WALLET, blob: null };
  const { endEpoch, certified = true, shared = false, storageBytes = 1, isOwn = false } = shape;
  return {
    blobObjectId,
    isOwn,
    owner: shape.owner ?? WALLET,
    blob: {
      objectId: blobObjectId,
      blobObjectId,
      blobId: new Uint8Array(32),
      registeredEpoch: 1,
      certifiedEpoch: certified ? 1 : null,
      unencodedBytes: 1,
      encodingType: 1,
      deletable: true,
      storage: { objectId: "0x1", startEpoch: 1, endEpoch, storageBytes },
      sharedFundsFrost: shared ? 0n : null,
    },
  };
}

function facts(leases: readonly LeaseOnChain[]): RenewalFacts {
  const prices = { storageFrostPerUnit: 10n, writeFrostPerUnit: 1n };
  return { leases, walletAddresses: [WALLET], epoch: 10, maxEpochsAhead: 53, prices };
}

describe("the plan", () => {
  test("spends what there is on the gateway's own first, whenever it ends", () => {
    const leases = [lease("a", { endEpoch: 11 }), lease("b", { endEpoch: 12, isOwn: true })];
    const plan = planRenewal(facts(leases), { ...POLICY, budgetFrost: 50n });
    expect(plan.extensions.map(({ blobObjectId }) => blobObjectId.at(-1))).toEqual(["b"]);
    expect(plan.skipped).toMatchObject([{ reason: "over-budget" }]);
  });

  test("extends what ends within the margin, soonest first", () => {
    const leases = [
      lease("c", { endEpoch: 12 }),
      lease("b", { endEpoch: 13 }),
      lease("d", { endEpoch: 11, storageBytes: 1024 * 1024 + 1 }),
    ];
    const plan = planRenewal(facts(leases), POLICY);
    expect(plan.extensions.map((one) => [one.blobObjectId.at(-1), one.toEndEpoch])).toEqual([
      ["d", 16],
      ["c", 17],
    ]);
    expect(plan.extensions.map((one) => one.costFrost)).toEqual([100n, 50n]);
    expect(plan.costFrost).toBe(150n);
    expect(plan.skipped).toEqual([{ blobObjectId: leases[1]?.blobObjectId, reason: "not-due" }]);
  });

  test("says why it leaves a lease alone", () => {
    const leases = [
      lease("1", null),
      lease("2", { endEpoch: 10 }),
      lease("3", { endEpoch: 11, certified: false }),
      lease("4", { endEpoch: 11, owner: `0x${"bb".repeat(32)}` }),
      lease("5", { endEpoch: 11, shared: true }),
    ];
    const { skipped, extensions } = planRenewal(facts(leases), POLICY);
    expect(extensions).toEqual([]);
    expect(new Map(skipped.map((one) => [one.blobObjectId.at(-1), one.reason]))).toEqual(
      new Map([
        ["1", "missing"],
        ["2", "lapsed"],
        ["3", "not-certified"],
        ["4", "not-ours"],
        ["5", "shared"],
      ]),
    );
  });

  test("never goes beyond the horizon or the budget", () => {
    const near = { ...facts([lease("1", { endEpoch: 11 })]), maxEpochsAhead: 3 };
    expect(planRenewal(near, POLICY).extensions[0]?.toEndEpoch).toBe(13);
    const at = { ...facts([lease("1", { endEpoch: 11 })]), maxEpochsAhead: 1 };
    expect(planRenewal(at, POLICY).skipped[0]?.reason).toBe("at-horizon");
    const two = facts([lease("1", { endEpoch: 11 }), lease("2", { endEpoch: 12 })]);
    const poor = planRenewal(two, { ...POLICY, budgetFrost: 99n });
    expect(poor.extensions.map((one) => one.blobObjectId.at(-1))).toEqual(["1"]);
    expect(poor.skipped).toMatchObject([{ reason: "over-budget" }]);
    expect(planRenewal(two, { ...POLICY, budgetFrost: 100n }).extensions).toHaveLength(2);
  });

  test("is the same for the same facts in any order, and empty once carried out", () => {
    const shape = fc.record({
      endEpoch: fc.integer({ min: 9, max: 20 }),
      certified: fc.boolean(),
      shared: fc.boolean(),
    });
    const budget = fc.option(fc.bigInt({ min: 0n, max: 500n }));
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 12 }), budget, (shapes, budgetFrost) => {
        const leases = shapes.map((one, index) => lease(index.toString(16), one));
        const policy = { ...POLICY, budgetFrost };
        const plan = planRenewal(facts(leases), policy);
        expect(planRenewal(facts([...leases].reverse()), policy)).toEqual(plan);
        expect(plan.extensions.length + plan.skipped.length).toBe(leases.length);
        expect(plan.costFrost <= (budgetFrost ?? plan.costFrost)).toBe(true);
        const ends = new Map(plan.extensions.map((one) => [one.blobObjectId, one.toEndEpoch]));
        const after = leases
          .filter(({ blobObjectId }) => ends.has(blobObjectId))
          .map(({ blobObjectId }) => {
            const endEpoch = ends.get(blobObjectId) ?? 0;
            return lease(blobObjectId.slice(2), { endEpoch });
          });
        expect(planRenewal(facts(after), policy).extensions).toEqual([]);
      }),
    );
  });

  test("is split into transactions in order", () => {
    expect(batches([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batches([], 2)).toEqual([]);
  });
});

describe("configuration", () => {
  test("has sane defaults", () => {
    expect(renewalConfig({ NETWORK: "testnet" }).policy).toEqual(POLICY);
  });

  test("takes margin, extension and budget", () => {
    const vars = { NETWORK: "testnet", RENEW_MARGIN_EPOCHS: "3", RENEW_EXTEND_EPOCHS: "3" };
    expect(renewalConfig({ ...vars, RENEW_BUDGET_FROST: "1000" }).policy).toEqual({
      marginEpochs: 3,
      extendEpochs: 3,
      budgetFrost: 1000n,
    });
  });

  test("is dry only on request", () => {
    const isDry = (text: string | undefined) =>
      renewalConfig({ NETWORK: "testnet", RENEW_DRY_RUN: text }).isDryRun;
    expect([undefined, "false", "true"].map(isDry)).toEqual([false, false, true]);
  });

  test("names what is malformed", () => {
    const broken = {
      RENEW_MARGIN_EPOCHS: "0",
      RENEW_EXTEND_EPOCHS: "1",
      RENEW_BUDGET_FROST: "-1",
      RENEW_DRY_RUN: "yes",
    };
    for (const [name, text] of Object.entries(broken)) {
      expect(() => renewalConfig({ NETWORK: "testnet", [name]: text })).toThrow(name);
    }
  });
});
