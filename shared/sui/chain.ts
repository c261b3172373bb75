/**
 * The chain port: what the gateway asks of Sui, as an interface with typed failures.
 *
 * Types only. `create-chain.ts` implements it over gRPC-web; tests may implement it over a ledger in
 * memory. Nothing here throws on the network, and every call has a time-out.
 */
import type { Result } from "../result.ts";
import type { BlobObject } from "../protocol/blob-object.ts";
import type { EpochState, EpochTiming } from "../protocol/epoch.ts";
import type { Prices } from "../protocol/price.ts";

/** Why a question to the chain has no answer. None of these says anything about a transaction. */
export type ChainFailure =
  /** No (complete) answer in time. */
  | { readonly kind: "rpc-timeout"; readonly call: string; readonly timeoutMs: number }
  /** The connection failed. */
  | { readonly kind: "rpc-unreachable"; readonly call: string; readonly detail: string }
  /** The RPC node answered with an error; `code` is the gRPC status name. */
  | {
      readonly kind: "rpc-refused";
      readonly call: string;
      readonly code: string;
      readonly detail: string;
    }
  /** The answer does not have the shape we know. */
  | { readonly kind: "malformed-answer"; readonly call: string; readonly detail: string }
  | { readonly kind: "object-not-found"; readonly objectId: string }
  | { readonly kind: "wrong-object-type"; readonly objectId: string; readonly type: string };

/** Reference to one version of an object; `version` is decimal text, `digest` base58. */
export interface ObjectRef {
  readonly objectId: string;
  readonly version: string;
  readonly digest: string;
}

/** A coin owned by an address. `balance` is in the coin's smallest unit (FROST, MIST). */
export interface Coin extends ObjectRef {
  readonly balance: bigint;
}

/** A Storage object no blob is in, as a transaction names it. */
export interface FreeStorage extends ObjectRef {
  readonly startEpoch: number;
  /** Exclusive. */
  readonly endEpoch: number;
  readonly storageBytes: number;
}

/** How the Walrus contract is addressed in a transaction. */
export interface ContractAddresses {
  readonly systemObjectId: string;
  /** Version at which the System object became shared; transactions name it. */
  readonly systemInitialSharedVersion: string;
  /** Package that calls go to (`System.package_id`). */
  readonly packageId: string;
  /** Package that types carry (the first published version). */
  readonly originalPackageId: string;
  /** Canonical coin type: `0x…::wal::WAL`. */
  readonly walType: string;
}

/** What a transaction must know: two cheap reads, never cached, because prices change any time. */
export interface ContractState {
  readonly epoch: number;
  readonly shardCount: number;
  readonly maxEpochsAhead: number;
  readonly prices: Prices;
  readonly contract: ContractAddresses;
}

/** Everything the gateway knows of the network at one moment. */
export interface SystemState extends EpochState, ContractState {
  readonly timing: EpochTiming;
  /** When it was read, milliseconds since 1970. */
  readonly readAtMs: number;
}

/** Sui's own epoch, which is not Walrus's. */
export interface SuiEpoch {
  readonly epoch: number;
  /** MIST a computation unit. */
  readonly referenceGasPrice: bigint;
  /** Time of the latest checkpoint the node has, milliseconds since 1970. */
  readonly ledgerMs: number;
}

/** Who may use an object as an input. */
export type ObjectOwner =
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "shared"; readonly initialSharedVersion: string }
  | { readonly kind: "object"; readonly objectId: string }
  | { readonly kind: "immutable" };

/** An object as it stands now. */
export interface ObjectView extends ObjectRef {
  readonly type: string;
  readonly owner: ObjectOwner;
  /** Digest of the transaction that made this version. */
  readonly previousTransaction: string | null;
}

/** Why a transaction that was executed has changed nothing but gas. */
export type ExecutionFailure =
  | {
      readonly kind: "move-abort";
      /** `blob`, `bls_aggregate`, … */
      readonly module: string;
      readonly functionName: string | null;
      readonly abortCode: bigint;
      /** Command of the transaction that aborted. */
      readonly commandIndex: number | null;
      /** Name of the constant behind the code, where the node knows it. */
      readonly constantName: string | null;
    }
  | { readonly kind: "out-of-gas" }
  | { readonly kind: "congestion" }
  | { readonly kind: "other"; readonly detail: string; readonly commandIndex: number | null };

/** One object a transaction changed. */
export interface ObjectChange {
  readonly objectId: string;
  readonly change: "created" | "mutated" | "deleted";
  /** Version it had as an input; `null` for a created object. */
  readonly inputVersion: string | null;
  readonly output: ObjectRef | null;
  /** Type, where the node told it. */
  readonly type: string | null;
}

/** The effects of an executed transaction. */
export interface ExecutedTransaction {
  readonly digest: string;
  /** `null` when it succeeded. */
  readonly failure: ExecutionFailure | null;
  /** Computation and storage less rebate, in MIST; negative when more came back. */
  readonly gasMist: bigint;
  readonly changes: readonly ObjectChange[];
}

/** Why validators refuse to run a transaction. */
export type RejectionReason =
  /** An owned input was consumed by another transaction, say those who would have run this one. */
  | "stale-object"
  /** An input is not there (yet, any more): the node may be behind. */
  | "object-not-found"
  /** An owned input is promised to another transaction. */
  | "locked-object"
  /** Its expiration epoch has passed. */
  | "expired"
  /** The gas coins, at these versions, hold less than the budget. */
  | "insufficient-gas"
  /** Malformed, over a limit, wrongly signed: it can never run. */
  | "invalid"
  /** A refusal we do not know. */
  | "other";

/** What came of submitting signed bytes without effects. */
export type SubmitFailure =
  /** Refused before execution. Which reasons prove that it never ran is for the reader to judge. */
  | { readonly kind: "rejected"; readonly reason: RejectionReason; readonly detail: string }
  /** It may or may not have been executed: look for its effects. */
  | { readonly kind: "unknown"; readonly cause: ChainFailure };

/** Options of a read. */
export interface ReadOptions {
  /** Ignores what is cached. */
  readonly fresh?: boolean;
}

/** What the gateway asks of Sui. */
export interface Chain {
  /** Epoch, prices, committees and addresses; cached until the epoch may change. */
  readSystem(options?: ReadOptions): Promise<Result<SystemState, ChainFailure>>;
  /** Epoch, prices and addresses as they are now. */
  readContract(): Promise<Result<ContractState, ChainFailure>>;
  /** A `Blob`, or the `Blob` inside a `SharedBlob`. */
  readBlobObject(objectId: string): Promise<Result<BlobObject, ChainFailure>>;
  /** Several at once; an entry is `null` where there is no such object (any more). */
  readBlobObjects(
    objectIds: readonly string[],
  ): Promise<Result<readonly (BlobObject | null)[], ChainFailure>>;
  /** Every `Blob` of an address. */
  listOwnedBlobs(owner: string): Promise<Result<readonly BlobObject[], ChainFailure>>;
  /** Storage of an address that no blob is in: what deleted blobs have left. */
  listOwnedStorage(owner: string): Promise<Result<readonly FreeStorage[], ChainFailure>>;
  /** Every coin of one type of an address, largest first. */
  listCoins(owner: string, coinType: string): Promise<Result<readonly Coin[], ChainFailure>>;
  /** Objects as they stand now; `null` where there is none (any more). */
  readObjects(
    objectIds: readonly string[],
  ): Promise<Result<readonly (ObjectView | null)[], ChainFailure>>;
  readSuiEpoch(): Promise<Result<SuiEpoch, ChainFailure>>;
  /** Submits signed bytes. Safe to repeat with the same bytes. */
  submit(
    transactionBytes: Uint8Array,
    signature: string,
  ): Promise<Result<ExecutedTransaction, SubmitFailure>>;
  /** The effects of a transaction; `null` when this RPC node does not know it, which proves nothing. */
  findTransaction(digest: string): Promise<Result<ExecutedTransaction | null, ChainFailure>>;
}
