/** A small network and a gateway whose objects can be killed (`publisher.ts`), for tests. */
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { Boundary, KillPlan } from "./boundaries.ts";

/** What one run met. */
export interface Met {
  /** Every boundary, in order. */
  readonly passed: readonly Boundary[];
  /** Those at which somebody died. */
  readonly killed: readonly Boundary[];
}

/** The gateway and its network. */
export interface Killable {
  readonly network: Network;
  readonly gateway: TestGateway;
  /** Forgets the last run and arms the next. */
  arm(plan: KillPlan): Promise<void>;
  /** What the run since then has met. */
  met(): Promise<Met>;
  close(): Promise<void>;
}

/** The fewest nodes that bear a fault; they hear of the chain at once. */
export async function startKillable(seed: string, shardCount = 7): Promise<Killable> {
  const network = await startNetwork({
    nodeCount: 4,
    shardCount,
    seed,
    allowFewNodes: true,
    eventLagMs: 0,
  });
  const gateway = await startTestGateway(network, { publisherEntry: "test/kill/publisher.ts" });
  return {
    network,
    gateway,
    async arm(plan) {
      await gateway.publisher("/test/arm", { method: "POST", body: JSON.stringify(plan) });
    },
    async met() {
      const response = await gateway.publisher("/test/report");
      return await response.json();
    },
    async close() {
      await gateway.close();
      await network.close();
    },
  };
}

export const nameOf = ({ kind, label, occurrence }: Boundary): string =>
  `${kind} ${label} #${occurrence}`;

/**
 * Boundaries that every recording has passed, in the order of the first: how often something is looked
 * for differs from run to run.
 */
export function inEvery(recordings: readonly Met[]): readonly Boundary[] {
  const [first, ...others] = recordings.map(({ passed }) => passed);
  const names = others.map((passed) => new Set(passed.map(nameOf)));
  return (first ?? []).filter((boundary) => names.every((known) => known.has(nameOf(boundary))));
}
