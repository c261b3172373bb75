/**
 * What may go wrong around the gateway, each decided by the seed of its run: the chain, its RPC node,
 * storage nodes of up to f shards, and the epochs.
 */
import type { RpcFault } from "../devnet/sui-rpc/faults.ts";
import type { World } from "./simulation.ts";

/** Arranges itself over the time of a run. */
export type Trouble = (world: World) => void;

/** The fault is on from a moment of the seed for `durationMs`. */
function during(fault: RpcFault, durationMs: number): Trouble {
  return ({ scheduler, network }) => {
    scheduler.after(scheduler.someMs(800), () => {
      network.faults.fault = fault;
      scheduler.after(durationMs, () => {
        network.faults.fault = null;
      });
    });
  };
}

/** Every trouble by what happens. */
export const TROUBLES: Readonly<Record<string, Trouble>> = {
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

/** Those after which leases end later than they would have. */
export function movesEpochs(name: string): boolean {
  return name.includes("the Walrus epoch") || name.includes("the epoch changes");
}
