/** Data the ledger keeps and hands out. Plain values: no behaviour. */
import type { bcs } from "@mysten/sui/bcs";

/** Who may use an object. */
export type Owner =
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "object"; readonly parentId: string }
  | { readonly kind: "shared"; readonly initialVersion: bigint }
  | { readonly kind: "immutable" };

/** One version of a Move object. */
export interface LedgerObject {
  /** `0x` + 64 hex digits. */
  readonly id: string;
  readonly version: bigint;
  /** Base58. */
  readonly digest: string;
  readonly owner: Owner;
  /** Canonical Move type. */
  readonly type: string;
  /** BCS of the struct. */
  readonly contents: Uint8Array;
  readonly hasPublicTransfer: boolean;
  /** Digest of the transaction that wrote this version. */
  readonly previousTransaction: string;
  /** MIST paid for its storage and given back (but 1 %) when it goes. */
  readonly storageRebate: bigint;
}

/** An event as it happened. */
export interface LedgerEvent {
  /** Package whose function emitted it (the id it was called at). */
  readonly packageId: string;
  readonly module: string;
  readonly sender: string;
  /** Canonical Move type. */
  readonly type: string;
  /** BCS of the event. */
  readonly contents: Uint8Array;
  /** The JS value as the package emitted it. */
  readonly value: unknown;
}

/** What one variant of a BCS enum holds, in the shape the serializer takes. */
export type Variant<T, K extends string> = Extract<T, Readonly<Record<K, unknown>>>[K];

/** Transaction effects, version 2, as the SDK's BCS type reads them. */
export type EffectsV2 = NonNullable<(typeof bcs.TransactionEffects.$inferType)["V2"]>;
/** Transaction data as the SDK's BCS type reads it. */
export type TransactionData = typeof bcs.TransactionData.$inferType;

/** Gas in MIST. */
export interface GasSummary {
  readonly computationCost: bigint;
  readonly storageCost: bigint;
  readonly storageRebate: bigint;
  readonly nonRefundableStorageFee: bigint;
}

/** A change of an address's coins by one transaction. */
export interface BalanceChange {
  readonly address: string;
  readonly coinType: string;
  readonly amount: bigint;
}

/** Why a transaction failed, in words, beside the BCS in the effects. */
export interface FailureDetails {
  readonly description: string;
  /** Name of the abort constant, when a Move function aborted with a named one. */
  readonly constantName?: string;
}

/** A transaction that ran, well or not. */
export interface ExecutedTransaction {
  readonly digest: string;
  /** Position in the ledger, from 0; a checkpoint holds exactly one transaction. */
  readonly sequence: number;
  readonly checkpoint: bigint;
  readonly timestampMs: number;
  /** BCS of `TransactionData`; empty for system transactions. */
  readonly transactionBytes: Uint8Array;
  /** Base64 user signatures. */
  readonly signatures: readonly string[];
  readonly effects: EffectsV2;
  readonly effectsBytes: Uint8Array;
  readonly effectsDigest: string;
  readonly events: readonly LedgerEvent[];
  readonly eventsDigest: string | null;
  readonly balanceChanges: readonly BalanceChange[];
  /** `module::function` of every Move call the transaction made (also when it failed). */
  readonly moveCalls: readonly string[];
  readonly failure: FailureDetails | null;
  /** Type of every object in the effects, by id. */
  readonly objectTypes: Readonly<Record<string, string>>;
}

/**
 * Why a transaction was not taken at all. `message` is what a Sui full node says.
 *
 * `invalid`: it can never run (bad bytes, limits, signature, stale object, expired).
 * `locked`: an owned object is held by another transaction at the same version.
 */
export interface Refusal {
  readonly kind: "invalid" | "locked";
  readonly reason:
    | "malformed"
    | "unsupported"
    | "limit"
    | "signature"
    | "gas"
    | "expired"
    | "object-not-found"
    | "object-version"
    | "object-owner"
    | "object-locked"
    | "package-not-found";
  readonly message: string;
}
