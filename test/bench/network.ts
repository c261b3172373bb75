/**
 * What the benches over the whole gateway share: a network as on mainnet (100 nodes, 1,000 shards),
 * the three Workers as a deploy bundles them, the official SDK with a key of its own, and rounds
 * that alternate between it and us.
 *
 * Everything runs on one machine: the nodes' own work (verifying 2,000 slivers a store) is part of
 * both sides' times.
 */
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";
import { type BenchCase, caseOf } from "./report.ts";

/** Size of the network a bench runs on. */
export interface BenchScale {
  readonly nodeCount: number;
  readonly shardCount: number;
  /** Rounds of each case; the first of each side only warms up. */
  readonly rounds: number;
}

/** As on mainnet. */
export const MAINNET_SCALE: BenchScale = { nodeCount: 100, shardCount: 1_000, rounds: 5 };

/** Node latencies measured, milliseconds added to every answer. */
export const LATENCIES_MS = [0, 50] as const;

/** A running network with both sides. */
export interface BenchWorld {
  readonly network: Network;
  readonly gateway: TestGateway;
  readonly official: OfficialClient;
  /** Requests all nodes have answered, and transactions the ledger has executed. */
  counts(): Promise<{ readonly requests: number; readonly transactions: number }>;
  close(): Promise<void>;
}

/** Starts network, gateway and SDK. */
export async function startWorld(scale: BenchScale, latencyMs: number): Promise<BenchWorld> {
  const network = await startNetwork({
    nodeCount: scale.nodeCount,
    shardCount: scale.shardCount,
    latencyMs,
    seed: "bench",
    allowFewNodes: true,
  });
  const gateway = await startTestGateway(network);
  const official = await officialClient(network.description);
  return {
    network,
    gateway,
    official,
    counts: async () => {
      const { nodes, transactions } = await network.admin.state();
      return { requests: nodes.reduce((total, node) => total + node.requests, 0), transactions };
    },
    close: async () => {
      await gateway.close();
      await network.close();
    },
  };
}

/**
 * Runs peer and ours in turn; the first round of each is not counted.
 *
 * @param beside Runs after both in every round and is not timed here.
 */
export async function alternate(
  name: string,
  rounds: number,
  ours: (round: number) => Promise<void>,
  peer: (round: number) => Promise<void>,
  beside?: (round: number) => Promise<void>,
): Promise<BenchCase> {
  const oursMs: number[] = [];
  const peerMs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times = [await timeMs(() => peer(round)), await timeMs(() => ours(round))];
    await beside?.(round);
    if (round === 0) continue;
    peerMs.push(times[0] ?? Number.NaN);
    oursMs.push(times[1] ?? Number.NaN);
  }
  return caseOf({ name, runtime: "workerd", ours: oursMs, peer: peerMs });
}

async function timeMs(body: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await body();
  return performance.now() - started;
}
