/**
 * The chain misbehaves while objects die: the same rules hold. Every run is decided by its seed.
 */
import { describe, expect, test } from "vitest";
import type { RpcFault } from "../devnet/sui-rpc/faults.ts";
import { violations } from "./invariants.ts";
import { type Scenario, simulate, type World } from "./simulation.ts";

const SEEDS = [1, 2, 3, 4];
/** Boundaries a run of two uploads passes at least. */
const BOUNDARIES = 400;

/** The fault is on from a moment of the seed for `durationMs`. */
function during(fault: RpcFault, durationMs: number): (world: World) => void {
  return ({ scheduler, network }) => {
    scheduler.after(scheduler.someMs(800), () => {
      network.faults.fault = fault;
      scheduler.after(durationMs, () => {
        network.faults.fault = null;
      });
    });
  };
}

const TROUBLES: Readonly<Record<string, (world: World) => void>> = {
  "replies are lost": during("lose-reply", 20_000),
  "the RPC node is down for minutes": during("down", 4 * 60_000),
  "reads are stale": during("stale-read", 15_000),
  "transactions run later than their answer": during("execute-later", 20_000),
  "the system object is congested": ({ network }) =>
    network.ledger.congest([network.deployment.systemId], 3),
  "the Walrus epoch changes": ({ scheduler, network }) => {
    scheduler.after(200 + scheduler.someMs(1_500), () => network.changeEpoch());
  },
  "Sui's epoch changes twice while replies are lost": (world) => {
    during("lose-reply", 5_000)(world);
    const { scheduler, network } = world;
    scheduler.after(scheduler.someMs(2_000), () => network.ledger.advanceSuiEpoch());
    scheduler.after(2_000 + scheduler.someMs(9_000), () => network.ledger.advanceSuiEpoch());
  },
  "a node of four takes ten seconds for each answer": ({ network }) =>
    void network.badNodes.set(0, "slow"),
  "the epoch changes when the certificates of a batch are on their way": ({ network }) => {
    network.onSubmission = (count) => {
      if (count === 2) network.changeEpoch();
    };
  },
  "one node of four is down": ({ network }) => void network.badNodes.set(2, "down"),
  "one node of four answers nothing but errors": ({ network }) =>
    void network.badNodes.set(1, "broken"),
  "one node of four signs other bytes": ({ network }) => void network.badNodes.set(3, "lies"),
  "one node of four is down now and then": ({ scheduler, network }) => {
    for (let n = 0; n < 8; n++) {
      scheduler.after(n * 150 + scheduler.someMs(100), () => {
        if (n % 2 === 0) network.badNodes.set(2, "down");
        else network.badNodes.delete(2);
      });
    }
  },
  "the epoch changes and half of the shards move": ({ scheduler, network }) => {
    scheduler.after(200 + scheduler.someMs(1_500), () => network.changeEpoch(0.5));
  },
};

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
