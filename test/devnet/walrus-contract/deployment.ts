/**
 * What a Walrus deployment on the ledger consists of: addresses, genesis parameters, object ids.
 *
 * Types and defaults only. Everything here is plain JSON data, so it can be kept over a restart.
 */

/** Packages of a deployment. `walrusOriginal` is in types, `walrusLatest` in calls. */
export interface WalrusAddresses {
  /** Id of the first version of the Walrus package: the address in its types and events. */
  readonly walrusOriginal: string;
  /** Id of the version that transactions call; `System.package_id` holds it. */
  readonly walrusLatest: string;
  readonly wal: string;
  readonly walExchange: string;
}

/** Addresses of the local network; arbitrary, but never equal to one another. */
export const LOCAL_ADDRESSES: WalrusAddresses = {
  walrusOriginal: `0x${"0a".repeat(31)}01`,
  walrusLatest: `0x${"0b".repeat(31)}03`,
  wal: `0x${"0c".repeat(31)}01`,
  walExchange: `0x${"0d".repeat(31)}01`,
};

/** One storage node that exists at genesis. */
export interface GenesisNode {
  /** Object id of its staking pool: `0x` and 64 hex digits. The committee is sorted by it. */
  readonly nodeId: string;
  readonly name: string;
  /** `host:port`. */
  readonly networkAddress: string;
  /** BLS12-381 G1 key: 48 bytes compressed or 96 uncompressed. */
  readonly publicKey: Uint8Array;
  /** secp256r1 key, 33 bytes compressed. */
  readonly networkPublicKey: Uint8Array;
  /** Shards it gets at genesis; nearly even when no node has one. All nodes or none. */
  readonly weight?: number | undefined;
  /** Who holds its `StorageNodeCap`; the treasury address unless given. */
  readonly operator?: string | undefined;
}

/** Parameters of a new deployment. */
export interface GenesisOptions {
  readonly addresses?: WalrusAddresses | undefined;
  readonly nodes: readonly GenesisNode[];
  readonly shardCount: number;
  readonly epochDurationMs: number;
  /** Holder of the WAL that is neither staked nor in the exchange. */
  readonly treasuryAddress: string;
  /** FROST for one MiB and epoch; `DEFAULT_STORAGE_PRICE` unless given. */
  readonly storagePrice?: bigint | undefined;
  /** FROST for one MiB written; `DEFAULT_WRITE_PRICE` unless given. */
  readonly writePrice?: bigint | undefined;
  /** Encoded bytes the network can hold; `DEFAULT_CAPACITY_BYTES` unless given. */
  readonly capacityBytes?: bigint | undefined;
  /** Length of the accounting ring; `DEFAULT_MAX_EPOCHS_AHEAD` unless given. */
  readonly maxEpochsAhead?: number | undefined;
}

/** Object ids of a deployment. */
export interface WalrusDeployment {
  readonly addresses: WalrusAddresses;
  readonly walType: string;
  readonly systemId: string;
  readonly stakingId: string;
  /** `wal::ProtectedTreasury`, shared. */
  readonly treasuryId: string;
  /** `wal_exchange::Exchange`, shared. */
  readonly exchangeId: string;
  /** Node id to the id of its `StorageNodeCap`. */
  readonly capIds: Readonly<Record<string, string>>;
}

/** A member of a committee, in committee order. */
export interface CommitteeMemberState {
  readonly nodeId: string;
  readonly shardIndices: readonly number[];
}

/** Where the network stands, as the Staking and System objects say. */
export interface NetworkEpochState {
  readonly epoch: number;
  /** `sync`: between the start and the end of an epoch change. */
  readonly phase: "sync" | "done" | "selected";
  readonly shardCount: number;
  readonly committee: readonly CommitteeMemberState[];
  readonly previousCommittee: readonly CommitteeMemberState[];
  readonly storagePrice: bigint;
  readonly writePrice: bigint;
}

/** About mainnet's prices: FROST per MiB and epoch. */
export const DEFAULT_STORAGE_PRICE = 11_000n;
/** About mainnet's prices: FROST per MiB written. */
export const DEFAULT_WRITE_PRICE = 20_000n;
/** 1 PiB: far above what a developer's disk can hold. */
export const DEFAULT_CAPACITY_BYTES = 2n ** 50n;
/** Both public networks let one store at most 53 epochs ahead. */
export const DEFAULT_MAX_EPOCHS_AHEAD = 53;
