/**
 * What may be asked of a Wallet object, and what it answers. Types only.
 *
 * A command is named by its caller (`upload/step/generation`). The same `id` with the same content
 * is paid for once, however often and from wherever it is sent: it is answered from the journal.
 * After a final failure the caller tries again under a new generation, that is a new `id`.
 */
import type { ChainFailure, ExecutionFailure } from "../../../shared/sui/chain.ts";
import type { BlobObject } from "../../../shared/protocol/blob-object.ts";
import type { Result } from "../../../shared/result.ts";
import type { Need, Offer } from "./offer.ts";
import type { Treasury } from "./treasury.ts";

/** Reserves storage from the current epoch on and registers a blob in it. */
export interface RegisterCommand {
  readonly kind: "register";
  readonly id: string;
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** 32 bytes: the Merkle root the blob ID commits to. */
  readonly rootHash: Uint8Array;
  readonly unencodedBytes: number;
  /** What is paid for: `encodedBlobBytes(unencodedBytes, shardCount)`. */
  readonly encodedBytes: number;
  /** Epochs from the current one, at least 1. */
  readonly epochs: number;
  readonly deletable: boolean;
  /**
   * Whether storage that the address owns already may be used instead of buying, where some fits;
   * `false` unless given.
   */
  readonly reuseStorage?: boolean | undefined;
  /** Set on the Blob with its registration, in this order. */
  readonly attributes?: readonly AttributePair[] | undefined;
}

/** One attribute of a Blob. */
export type AttributePair = readonly [key: string, value: string];

/** Certifies a registered blob. */
export interface CertifyCommand {
  readonly kind: "certify";
  readonly id: string;
  readonly blobObjectId: string;
  /** 96 bytes: the aggregate, compressed G2. */
  readonly signature: Uint8Array;
  /** `signersBitmap` of the certificate. */
  readonly signersBitmap: Uint8Array;
  /** Exactly the 40 or 72 bytes that were signed. */
  readonly message: Uint8Array;
  /** Address that becomes the owner of the Blob; absent: the wallet keeps it. */
  readonly sendObjectTo?: string | undefined;
  /** Wraps the Blob in a SharedBlob; excludes `sendObjectTo`. */
  readonly share?: boolean | undefined;
}

/** Extends blobs, all in one transaction or none. */
export interface ExtendCommand {
  readonly kind: "extend";
  readonly id: string;
  readonly extensions: readonly BlobExtension[];
}

/**
 * One blob, and the end it shall have (nothing is done where it ends there or later already) or the
 * epochs it shall have on top of its end.
 */
export type BlobExtension =
  | {
      readonly blobObjectId: string;
      /** Exclusive end epoch. */
      readonly toEndEpoch: number;
    }
  | {
      readonly blobObjectId: string;
      readonly byEpochs: number;
      /** As in `AttributesCommand`. */
      readonly atVersion?: string | undefined;
    };

/** Pays for epochs on top of the end of a SharedBlob, whoever has shared it. */
export interface ExtendSharedCommand {
  readonly kind: "extend-shared";
  readonly id: string;
  readonly sharedObjectId: string;
  readonly byEpochs: number;
}

/** Sets and removes attributes of an owned Blob. */
export interface AttributesCommand {
  readonly kind: "set-attributes";
  readonly id: string;
  readonly blobObjectId: string;
  readonly set: readonly AttributePair[];
  readonly remove: readonly string[];
  /**
   * Version the Blob object must have (decimal text): the transaction names it, so the chain itself
   * compares and sets. Any unless given.
   */
  readonly atVersion?: string | undefined;
}

/** Deletes a deletable, unexpired blob; its Storage stays with the wallet. */
export interface DeleteCommand {
  readonly kind: "delete";
  readonly id: string;
  readonly blobObjectId: string;
  /** Whether a blob that has expired is burned, which frees its object; else it is refused. */
  readonly burnsExpired?: boolean | undefined;
  /** As in `AttributesCommand`. */
  readonly atVersion?: string | undefined;
}

/**
 * Sends SUI and WAL to those of the gateway's other addresses that run low, in one transaction. Only
 * the wallet of the main address takes it.
 */
export interface RefillCommand {
  readonly kind: "refill";
  readonly id: string;
}

export type WalletCommand =
  | RegisterCommand
  | CertifyCommand
  | ExtendCommand
  | ExtendSharedCommand
  | AttributesCommand
  | DeleteCommand
  | RefillCommand;

/** What every paid step cost. */
export interface Receipt {
  /** Transaction that did it; `null` where nothing had to be done. */
  readonly txDigest: string | null;
  /** Storage and write price paid, in FROST; gas excluded. */
  readonly costFrost: bigint;
  /** Gas of every attempt of this command, in MIST; may be negative (storage rebate). */
  readonly gasMist: bigint;
}

export interface Registered extends Receipt {
  readonly kind: "registered";
  readonly txDigest: string;
  /** The Blob as created: `certifiedEpoch` is null. `objectId` is the Blob object's ID. */
  readonly blob: BlobObject;
  readonly encodedBytes: number;
  /** Epochs bought, or those of the storage that was reused. */
  readonly epochs: number;
  /** Whether it was put into storage the address held already; `false` unless given. */
  readonly reusesStorage?: boolean;
}

export interface Certified extends Receipt {
  readonly kind: "certified";
  readonly blobObjectId: string;
  /** Address that owns the Blob now, or the SharedBlob that wraps it. */
  readonly owner: string;
  /** The SharedBlob, where it was asked for. */
  readonly sharedObjectId?: string;
}

export interface Extended extends Receipt {
  readonly kind: "extended";
  /** One for each blob asked for, in order. */
  readonly ends: readonly ExtendedEnd[];
}

/** What an extension made of one blob. */
export interface ExtendedEnd {
  readonly blobObjectId: string;
  readonly fromEndEpoch: number;
  /** What it has now. */
  readonly endEpoch: number;
  /** Version it has now of the Blob, or of the SharedBlob around it; `null` where it is not told. */
  readonly version: string | null;
}

export interface Deleted extends Receipt {
  readonly kind: "deleted";
  readonly blobObjectId: string;
}

export interface AttributesSet extends Receipt {
  readonly kind: "attributes-set";
  readonly blobObjectId: string;
  /** Version the Blob object has by this change. */
  readonly version: string;
}

export interface Refilled extends Receipt {
  readonly kind: "refilled";
  /** Empty where no address runs low, or the main one has nothing to spare. */
  readonly transfers: readonly Transfer[];
}

/** What one address is sent; the cost of moving it is the gas. */
export interface Transfer {
  readonly address: string;
  readonly frost: bigint;
  readonly mist: bigint;
}

export type WalletDone = Registered | Certified | Extended | AttributesSet | Deleted | Refilled;

/** Why a command has no result. `isFinalFailure` tells which ones end the command. */
export type WalletFailure =
  /** The chain could not be asked; nothing was signed. Send the same command again. */
  | { readonly kind: "chain"; readonly failure: ChainFailure }
  /** Signed, and its fate is not known yet. The wallet keeps looking; send the same command again. */
  | { readonly kind: "fate-unknown"; readonly txDigest: string }
  /** An earlier transaction of this wallet has an unknown fate; nothing of this command was signed. */
  | { readonly kind: "wallet-busy"; readonly txDigest: string }
  /** Nothing was signed. Send the same command again when there is money. */
  | { readonly kind: "insufficient-wal"; readonly neededFrost: bigint; readonly heldFrost: bigint }
  | { readonly kind: "insufficient-sui"; readonly neededMist: bigint; readonly heldMist: bigint }
  /** Nothing was signed: it would exceed what may be spent in this hour or day of ledger time. */
  | {
      readonly kind: "spend-capped";
      readonly period: "hour" | "day";
      readonly neededFrost: bigint;
      readonly leftFrost: bigint;
      readonly limitFrost: bigint;
      /** When the period ends, by ledger time. */
      readonly endsAtMs: number;
    }
  /** Final: the certificate is of another epoch. Collect confirmations again, new generation. */
  | { readonly kind: "wrong-epoch"; readonly txDigest: string | null; readonly gasMist: bigint }
  /** Final: the contract refused. */
  | {
      readonly kind: "execution-failed";
      readonly txDigest: string;
      readonly failure: ExecutionFailure;
      readonly attempts: number;
      readonly gasMist: bigint;
    }
  /** Final: refused before execution, on every attempt. */
  | { readonly kind: "rejected"; readonly reason: string; readonly detail: string }
  /** Final: the object is gone, not ours, not a Blob, expired, or not certified. */
  | {
      readonly kind: "blob-unusable";
      readonly blobObjectId: string;
      readonly reason:
        | "not-found"
        | "not-owned"
        | "not-a-blob"
        | "expired"
        | "not-certified"
        | "not-deletable"
        | "not-shared";
    }
  /** Final: the object has been changed since `atVersion`; nothing was signed. */
  | { readonly kind: "object-moved"; readonly objectId: string; readonly version: string }
  /** Final: the request cannot be carried out at all. */
  | { readonly kind: "invalid-command"; readonly detail: string }
  /** The `id` was used for another command: a bug of the caller. */
  | { readonly kind: "id-reused"; readonly id: string };

/** The answer to a command. */
export type WalletReply<Done extends WalletDone = WalletDone> = Result<Done, WalletFailure>;

/** RPC surface of the Wallet object: `env.WALLETS.getByName(address)`. */
export interface WalletRpc {
  /** Carries a command out, or answers it from the journal. Waits up to about half a minute. */
  run(command: WalletCommand): Promise<WalletReply>;
  /**
   * Keeps room and money for a registration that will follow, or says why not. Costs nothing; what
   * was offered lapses unless its command comes within `WALLET_OFFER_TTL_MS`.
   */
  offer(need: Need): Promise<Offer>;
  /** What it holds and has spent. */
  status(): Promise<WalletStatus>;
}

/** What the wallet of the main address is asked for by the other wallets besides. */
export interface MainWalletRpc extends WalletRpc, Treasury {}

/** State of a wallet, for reports. */
export interface WalletStatus {
  readonly address: string;
  /** Commands whose transaction has an unknown fate. */
  readonly unresolved: readonly { readonly id: string; readonly txDigest: string }[];
  /** Commands that wait for their transaction. */
  readonly queueLength: number;
  readonly spentFrost: bigint;
  readonly gasMist: bigint;
  readonly transactionCount: number;
  /** How often other addresses were sent SUI and WAL: of the main one alone. */
  readonly gasRefillCount: number;
  readonly walRefillCount: number;
}

/**
 * Whether a failure passes by itself: the chain or an open transaction stood in the way, and the same
 * command may be carried out a moment later.
 */
export function isPassing({ kind }: WalletFailure): boolean {
  return kind === "chain" || kind === "fate-unknown" || kind === "wallet-busy";
}

/** Whether a failure ends the command: trying again needs a new `id`. */
export function isFinalFailure(failure: WalletFailure): boolean {
  switch (failure.kind) {
    case "chain":
    case "fate-unknown":
    case "wallet-busy":
    case "insufficient-wal":
    case "insufficient-sui":
    case "spend-capped":
      return false;
    case "wrong-epoch":
    case "execution-failed":
    case "rejected":
    case "blob-unusable":
    case "object-moved":
    case "invalid-command":
    case "id-reused":
      return true;
  }
}
