/** Checks and completes the options of a network. Pure. */
import { SHARDS_MAX, SHARDS_MIN } from "../../../shared/limits.ts";
import { HEAL_DELAY_MS } from "../storage-node/limits.ts";
import type { NetworkOptions } from "./description.ts";

/** Below 11 nodes `readBlob` of the official SDK 1.2.13 throws when the first node fails. */
export const NODES_MIN = 11;

/** Far above mainnet's hundred; each node is a listening socket and a file. */
const NODES_MAX = 400;

const DAY_MS = 24 * 60 * 60 * 1_000;
const PORT_MAX = 65_535;
/** RPC on P+3, nodes from P+10. */
export const RPC_PORT_OFFSET = 3;
/** See `RPC_PORT_OFFSET`. */
export const NODE_PORT_OFFSET = 10;

/** Options with every default filled in. */
export interface CompleteOptions {
  /** 0: any free ports. */
  readonly port: number;
  readonly nodeCount: number;
  readonly shardCount: number;
  readonly seed: string;
  readonly latencyMs: number;
  readonly eventLagMs: number;
  readonly stateDir: string | null;
  readonly epochDurationMs: number;
  readonly automaticEpochs: boolean;
  readonly threadCount: number;
  readonly healDelayMs: number | null;
}

/** @throws {RangeError} For a value outside its bounds, naming it. */
export function completeOptions(options: NetworkOptions): CompleteOptions {
  const nodeCount = whole("nodes", options.nodeCount ?? 12, 1, NODES_MAX);
  const shardCount = whole("shards", options.shardCount ?? 100, SHARDS_MIN, SHARDS_MAX);
  if (nodeCount < NODES_MIN && options.allowFewNodes !== true) {
    throw new RangeError(
      `Cannot start ${nodeCount} nodes: the official client fails below ${NODES_MIN}; ` +
        "pass --allow-few-nodes to start them all the same",
    );
  }
  if (shardCount < nodeCount) {
    throw new RangeError(
      `Cannot start ${nodeCount} nodes with ${shardCount} shards: every node needs one`,
    );
  }
  const portMax = PORT_MAX - NODE_PORT_OFFSET - nodeCount;
  return {
    port: whole("port", options.port ?? 0, 0, portMax),
    nodeCount,
    shardCount,
    seed: options.seed ?? "walrus-edge",
    latencyMs: whole("latency", options.latencyMs ?? 0, 0, 60_000),
    eventLagMs: whole("event lag", options.eventLagMs ?? 200, 0, 60_000),
    stateDir: options.stateDir ?? null,
    epochDurationMs: whole("epoch length", options.epochDurationMs ?? DAY_MS, 1_000, 365 * DAY_MS),
    automaticEpochs: options.automaticEpochs ?? false,
    threadCount: whole("threads", options.threadCount ?? 2, 1, 64),
    healDelayMs: options.healing === true ? HEAL_DELAY_MS : null,
  };
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot start the network: expected ${name} from ${least} to ${most}, got ${value}`,
  );
}
