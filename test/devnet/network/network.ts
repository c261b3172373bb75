/**
 * Starts a whole local Walrus network in this process: ledger, Sui RPC with faucet and admin
 * contract, and storage nodes in worker threads. The door of `test/devnet` for tests and scripts.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { systemClock, systemTimer } from "../../../shared/system.ts";
import { Ledger } from "../ledger/ledger.ts";
import { loadSnapshot } from "../ledger/persistence.ts";
import { NodeCluster } from "../storage-node/cluster.ts";
import { noRpcFault } from "../sui-rpc/faults.ts";
import { type HttpServer, serve } from "../sui-rpc/serve.ts";
import { createSuiRpc } from "../sui-rpc/server.ts";
import {
  createDeployment,
  type WalrusDeployment,
  walrusPackages,
} from "../walrus-contract/operations.ts";
import { adminHandler } from "./admin-http.ts";
import type { Network, NetworkOptions } from "./description.ts";
import { type NodeIdentity, nodeIdentities, treasuryAddress } from "./identities.ts";
import {
  type CompleteOptions,
  completeOptions,
  NODE_PORT_OFFSET,
  RPC_PORT_OFFSET,
} from "./options.ts";
import { RunningNetwork } from "./running-network.ts";
import { loadDeployment, saveDeployment, sliverLogPath } from "./state-dir.ts";

export type {
  Network,
  NetworkAdmin,
  NetworkDescription,
  NetworkOptions,
  NetworkState,
} from "./description.ts";

const KERNEL = new URL("../../../shared/codec/kernel/build/kernel.wasm", import.meta.url).pathname;

/**
 * Starts the network and resolves when every node answers.
 *
 * @throws {RangeError} For options outside their bounds.
 * @throws {PortTakenError} When another process holds a port.
 * @throws {Error} When the codec's kernel has not been built, or when the state folder holds
 *   another network.
 */
export async function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  const complete = completeOptions(options);
  if (complete.stateDir !== null) mkdirSync(complete.stateDir, { recursive: true });
  const kept = complete.stateDir === null ? null : loadDeployment(complete.stateDir, complete);
  const identities = nodeIdentities(complete.seed, complete.nodeCount);
  const cluster = await startCluster(complete, identities);
  try {
    const { ledger, deployment } = await openLedger(complete, identities, cluster, kept);
    const faults = noRpcFault();
    const rpc = createSuiRpc({ ledger, faults, timer: systemTimer });
    const network = new RunningNetwork({
      options: complete,
      identities,
      cluster,
      ledger,
      deployment,
      faults,
    });
    const server = await listen(complete, network, rpc);
    await network.begin(server).catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
    return network;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function startCluster(
  options: CompleteOptions,
  identities: readonly NodeIdentity[],
): Promise<NodeCluster> {
  if (!existsSync(KERNEL)) {
    throw new Error("Cannot start the network: the codec kernel is not built, run `npm run build`");
  }
  return await NodeCluster.start({
    kernel: compileKernel(),
    shardCount: options.shardCount,
    latencyMs: options.latencyMs,
    eventLagMs: options.eventLagMs,
    threadCount: options.threadCount,
    healDelayMs: options.healDelayMs,
    nodes: identities.map(({ nodeId, secretKey, name }, index) => ({
      nodeId,
      secretKey,
      port: options.port === 0 ? 0 : options.port + NODE_PORT_OFFSET + index,
      logPath: options.stateDir === null ? null : sliverLogPath(options.stateDir, name),
    })),
  });
}

/** The types know workerd, which refuses to compile at run time; Node does not refuse. */
function compileKernel(): WebAssembly.Module {
  const { Module } = WebAssembly as unknown as {
    Module: new (bytes: Uint8Array) => WebAssembly.Module;
  };
  return new Module(readFileSync(KERNEL));
}

/** The ledger of an earlier run, or a new one with the contract's genesis on it. */
async function openLedger(
  options: CompleteOptions,
  identities: readonly NodeIdentity[],
  cluster: NodeCluster,
  kept: WalrusDeployment | null,
): Promise<{ readonly ledger: Ledger; readonly deployment: WalrusDeployment }> {
  const packages = walrusPackages();
  const { seed, stateDir } = options;
  const state = kept === null || stateDir === null ? undefined : await loadSnapshot(stateDir);
  if (kept !== null && state !== undefined) {
    const ledger = new Ledger({ clock: systemClock, seed, packages, state });
    updateAddresses(ledger, identities, cluster);
    return { ledger, deployment: kept };
  }
  let deployment: WalrusDeployment | null = null;
  const ledger = new Ledger({
    clock: systemClock,
    seed,
    packages,
    genesis: (context) => {
      deployment = createDeployment(context, {
        nodes: identities.map(({ nodeId, name, publicKey, networkPublicKey }, index) => ({
          nodeId,
          name,
          networkAddress: networkAddress(cluster, index),
          publicKey,
          networkPublicKey,
        })),
        shardCount: options.shardCount,
        epochDurationMs: options.epochDurationMs,
        treasuryAddress: treasuryAddress(seed),
      });
    },
  });
  if (deployment === null) throw new TypeError("Cannot start the network: genesis did not run");
  if (stateDir !== null) saveDeployment(stateDir, options, deployment);
  return { ledger, deployment };
}

/** After a restart on other ports the pools must name the new ones. */
function updateAddresses(
  ledger: Ledger,
  identities: readonly NodeIdentity[],
  cluster: NodeCluster,
): void {
  ledger.runSystem((context) => {
    for (const [index, { nodeId }] of identities.entries()) {
      const pool = context.mutateObject(nodeId).value as {
        node_info: { network_address: string };
      };
      pool.node_info.network_address = networkAddress(cluster, index);
    }
  });
}

const networkAddress = (cluster: NodeCluster, index: number): string =>
  `127.0.0.1:${cluster.port(index)}`;

async function listen(
  options: CompleteOptions,
  network: RunningNetwork,
  rpc: (request: Request) => Promise<Response | null>,
): Promise<HttpServer> {
  const port = options.port === 0 ? 0 : options.port + RPC_PORT_OFFSET;
  const handler = adminHandler({
    admin: network.admin,
    description: () => network.description,
    fireCron: () => network.fireCron(),
    rpc: async (request) => {
      try {
        return await rpc(request);
      } finally {
        network.countRpcRequest();
      }
    },
  });
  return await serve(handler, port);
}
