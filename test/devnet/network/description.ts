/**
 * The words of a running local network: what `network.json` holds, what a start may ask for and
 * what the admin contract answers. Types only.
 */
import type { NodeFault } from "../storage-node/faults.ts";

/** How to start a local network. Everything is optional. */
export interface NetworkOptions {
  /**
   * First port P of the block: Sui RPC, faucet and admin on P+3, storage nodes from P+10. Absent
   * or 0: any free ports.
   */
  readonly port?: number | undefined;
  /** Storage nodes, 12 unless given. Fewer than 11 need `allowFewNodes`. */
  readonly nodeCount?: number | undefined;
  /** Shards n, 100 unless given; 4 to 1,000. */
  readonly shardCount?: number | undefined;
  /** Text from which every key, id and shard assignment is derived. */
  readonly seed?: string | undefined;
  /** Milliseconds added before every answer of a node; 0 unless given. */
  readonly latencyMs?: number | undefined;
  /** Milliseconds after which a node sees an event of the chain; 200 unless given. */
  readonly eventLagMs?: number | undefined;
  /** Folder that keeps the ledger, the slivers and `network.json` over restarts. */
  readonly stateDir?: string | undefined;
  /** Length of an epoch as the contract knows it, in milliseconds; one day unless given. */
  readonly epochDurationMs?: number | undefined;
  /** Changes the epoch by itself every `epochDurationMs` of real time. Off unless true. */
  readonly automaticEpochs?: boolean | undefined;
  /** Accepts fewer than 11 nodes, below which reads of the official client break. */
  readonly allowFewNodes?: boolean | undefined;
  /**
   * Lets nodes rebuild, 15 s after a certification, what no client gave them. Off unless true: it
   * costs each of them an encoding, at a time no test or measurement chose.
   */
  readonly healing?: boolean | undefined;
  /** Worker threads that share the nodes; 2 unless given. */
  readonly threadCount?: number | undefined;
}

/** One storage node as `network.json` lists it, in committee order. */
export interface NodeDescription {
  /** Object id of its staking pool: `0x` and 64 hex digits. */
  readonly id: string;
  readonly url: string;
  /** Shard indices it owns in the current epoch. */
  readonly shards: readonly number[];
}

/** The content of `network.json`. */
export interface NetworkDescription {
  /** URLs of the three Workers; absent while only the network itself runs. */
  readonly publisher?: string;
  readonly aggregator?: string;
  readonly renewal?: string;
  /** Base URL of the Sui gRPC-web endpoint; the admin contract is served below `/admin/`. */
  readonly rpc: string;
  /** URL of the faucet: `POST {address}` gives SUI and WAL. */
  readonly faucet: string;
  readonly systemObject: string;
  readonly stakingObject: string;
  /** Canonical coin type: `0x…::wal::WAL`. */
  readonly walType: string;
  readonly nShards: number;
  readonly nodes: readonly NodeDescription[];
  /** A funded key pair of the local network: SUI, WAL; `secretKey` is a `suiprivkey…` text. */
  readonly wallet: { readonly address: string; readonly secretKey: string };
  /** Webhook sources of the publisher and their `whsec_…` secrets. */
  readonly hookSecrets: Readonly<Record<string, string>>;
  /** Bearer tokens of the gateway by scope, for what it does not do for anybody. */
  readonly tokens: Readonly<Record<string, string>>;
  /** What the official SDK must be told, since it knows no local network. */
  readonly network: "testnet";
  readonly storageNodeUrlScheme: "http";
  /** Base58 chain identifier. */
  readonly chainId: string;
  /** Passes unchanged to the official SDK. */
  readonly packageConfig: {
    readonly systemObjectId: string;
    readonly stakingPoolId: string;
    readonly exchangeIds: string[];
  };
  /** The Walrus package: types carry `original`, calls go to `latest`; different on purpose. */
  readonly packageIds: { readonly original: string; readonly latest: string };
  readonly epoch: number;
  readonly epochDurationMs: number;
}

/** Body of `POST /admin/epoch`; empty for one whole change. */
export interface EpochRequest {
  readonly phase?: "start" | "finish" | undefined;
  /** Share of all shards that get a new owner, 0 to 1; 0.1 unless given. */
  readonly moveShards?: number | undefined;
}

/** Body of `POST /admin/prices`: FROST for one MiB (and epoch). */
export interface PricesRequest {
  readonly storagePrice?: number | undefined;
  readonly writePrice?: number | undefined;
}

/** Body of `POST /admin/rpc`. */
export interface RpcFaultRequest {
  readonly fault: "down" | "slow" | "lose-reply" | "stale-read" | "execute-later" | null;
  /** How many requests it hits; all until cleared unless given. */
  readonly times?: number | undefined;
  /** Delay in milliseconds, for the faults that have one. */
  readonly ms?: number | undefined;
}

/** What is counted of one storage node. */
export interface NodeState {
  readonly id: string;
  readonly fault: NodeFault["fault"];
  /** Requests received since the start. */
  readonly requests: number;
  /** Requests being answered now, and the most there ever were at once. */
  readonly inFlight: number;
  readonly inFlightMax: number;
}

/** More than six requests of one lane were waiting for headers at once. */
export interface LaneViolation {
  readonly lane: string;
  readonly nodeIndex: number;
  readonly inFlight: number;
}

/** Answer of `GET /admin/state`. */
export interface NetworkState {
  readonly epoch: number;
  /** True between the start and the finish of an epoch change. */
  readonly epochChanging: boolean;
  /** Transactions executed, failed ones included. */
  readonly transactions: number;
  /** Submissions refused before execution since the start: malformed, stale or locked objects. */
  readonly refusedTransactions: number;
  /** Successful and failed Move calls by `module::function`. */
  readonly moveCalls: Readonly<Record<string, number>>;
  /** Balances of the wallet by coin type, as decimal text. */
  readonly balances: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeState[];
  readonly laneViolations: readonly LaneViolation[];
}

/** The admin contract as functions; HTTP on the RPC port does the same. */
export interface NetworkAdmin {
  /** Changes the epoch, whole or by halves; resolves when the nodes have taken it. */
  changeEpoch(request?: EpochRequest): Promise<{ readonly epoch: number }>;
  setPrices(request: PricesRequest): Promise<void>;
  setRpcFault(request: RpcFaultRequest): Promise<void>;
  /** Gives node `nodeIndex` (committee order) a fault, or clears it with `fault: null`. */
  setNodeFault(nodeIndex: number, fault: NodeFault): Promise<void>;
  /** Replaces the deny-list of a node; blob IDs in base64url. */
  denyBlobs(nodeIndex: number, blobIds: readonly string[]): Promise<void>;
  /** Sends SUI and WAL to `address`. */
  faucet(address: string): Promise<void>;
  state(): Promise<NetworkState>;
}

/** A running local network. */
export interface Network {
  /** The content of `network.json` now (`epoch` and shards follow the chain). */
  readonly description: NetworkDescription;
  readonly admin: NetworkAdmin;
  /** Names what `POST /admin/cron` runs: the gateway fires the renewal Worker's cron. */
  onCron(hook: (() => Promise<unknown>) | null): void;
  /** Adds the gateway's URLs to the description and rewrites `<state>/network.json`. */
  publish(
    gateway: Partial<Pick<NetworkDescription, "publisher" | "aggregator" | "renewal" | "tokens">>,
  ): Promise<void>;
  /** Stops every server and thread, after saving the state. Safe to call twice. */
  close(): Promise<void>;
}
