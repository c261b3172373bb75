/**
 * What may go wrong around the gateway, each decided by the seed of its run: the chain, its RPC node,
 * storage nodes of up to f shards, and the epochs.
 */
import type { RpcFault } from "../devnet/sui-rpc/faults.ts";
import type { World } from "./simulation.ts";

/** What a lone store takes. */
const STORE_MS = 300;
/** By how many transactions reads are behind, at most. */
const STALE_MAX = 5;
/** Requests before a transaction runs that was taken; a look at its fate makes four. */
const LATER_CALLS = 10;
/** How often a node that is down now and then goes or comes back within a span. */
const TIMES = 8;

/**
 * Arranges itself over the time of a run.
 *
 * @param spanMs How long what it is to meet takes undisturbed; a lone store unless given.
 */
export type Trouble = (world: World, spanMs?: number) => void;

/** The fault is on from a moment of the seed, in the first half of the span, for `durationMs`. */
function during(fault: RpcFault, durationMs: number): Trouble {
  return ({ scheduler, network }, spanMs = STORE_MS) => {
    scheduler.after(scheduler.someMs(spanMs / 2), () => {
      network.faults.fault = fault;
      scheduler.after(durationMs, () => {
        network.faults.fault = null;
      });
    });
  };
}

/** At a moment of the span; so large a share of the shards gets a new owner. */
function epochChange(movedShare = 0): Trouble {
  return ({ scheduler, network }, spanMs = STORE_MS) => {
    scheduler.after(scheduler.someMs(spanMs), () => network.changeEpoch(movedShare));
  };
}

/** Every trouble by what happens. */
export const TROUBLES: Readonly<Record<string, Trouble>> = {
  "replies are lost": during("lose-reply", 20_000),
  "the RPC node is down for minutes": during("down", 4 * 60_000),
  "reads are stale": (world, spanMs) => {
    world.network.faults.staleTransactions = 1 + world.scheduler.someMs(STALE_MAX - 1);
    during("stale-read", 15_000)(world, spanMs);
  },
  "transactions run later than their answer": (world, spanMs) => {
    // Later than a wallet looks for the first time: what is not there yet is not dead.
    world.network.faults.laterCalls = LATER_CALLS;
    during("execute-later", 20_000)(world, spanMs);
  },
  "the system object is congested": ({ network }) =>
    network.ledger.congest([network.deployment.systemId], 3),
  "the Walrus epoch changes": epochChange(),
  "Sui's epoch changes twice while replies are lost": (world, spanMs = STORE_MS) => {
    during("lose-reply", 5_000)(world, spanMs);
    const { scheduler, network } = world;
    scheduler.after(scheduler.someMs(spanMs), () => network.ledger.advanceSuiEpoch());
    scheduler.after(spanMs + scheduler.someMs(10_000), () => network.ledger.advanceSuiEpoch());
  },
  "a node of four takes ten seconds for each answer": ({ network }) =>
    void network.badNodes.set(0, "slow"),
  "the epoch changes when the certificates of a batch are on their way": ({ network }) => {
    let count = 0;
    network.onSubmission = () => {
      if (++count === 2) network.changeEpoch();
    };
  },
  "one node of four is down": ({ network }) => void network.badNodes.set(2, "down"),
  "one node of four answers nothing but errors": ({ network }) =>
    void network.badNodes.set(1, "broken"),
  "one node of four signs other bytes": ({ network }) => void network.badNodes.set(3, "lies"),
  "one node of four is down now and then": ({ scheduler, network }, spanMs = STORE_MS) => {
    const stepMs = Math.ceil(spanMs / TIMES);
    for (let n = 0; n < TIMES; n++) {
      scheduler.after(n * stepMs + scheduler.someMs(stepMs / 2), () => {
        if (n % 2 === 0) network.badNodes.set(2, "down");
        else network.badNodes.delete(2);
      });
    }
  },
  "the epoch changes and half of the shards move": epochChange(0.5),
};

/** Those after which leases end later than they would have. */
export function movesEpochs(name: string): boolean {
  return name.includes("the Walrus epoch") || name.includes("the epoch changes");
}
