/**
 * The words in which steps of a transaction are drafted, and what every draft reads of the chain.
 */
import { EXTENSIONS_PER_TRANSACTION_MAX } from "../../../shared/limits.ts";
import { isUnexpired, type BlobObject } from "../../../shared/protocol/blob-object.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  Chain,
  ChainFailure,
  ContractState,
  ObjectRef,
  ObjectView,
} from "../../../shared/sui/chain.ts";
import type { TransactionStep } from "../../../shared/sui/transactions.ts";
import { selectCoins } from "./coin-selection.ts";
import type { WalletDone, WalletFailure, WalletReply } from "./commands.ts";
import type { Holdings } from "./funds.ts";
import type { Outcome } from "./journal.ts";
import type { Allowance } from "./treasury.ts";

/** What preparing needs. */
export interface Preparation {
  readonly chain: Chain;
  readonly address: string;
  /** How much more than usual the gas budget is: doubled after a transaction ran out of gas. */
  readonly gasFactor: bigint;
  /** Addresses that are refilled from this one, and how; `null` for every wallet but the main one. */
  readonly refill: Refill | null;
  /** What may be spent at this ledger time. */
  readonly allowanceAt: (ledgerMs: number) => Promise<Allowance>;
}

/** Who is refilled from the main address, from when on and by how much. */
export interface Refill {
  readonly addresses: readonly string[];
  /** An address with less of a coin than this is low. */
  readonly below: Holdings;
  /** What a low address gets of that coin. */
  readonly amount: Holdings;
}

/** What has been read before anything is drafted. */
export interface DraftContext extends Preparation {
  readonly state: ContractState;
  /** What may be spent now. */
  readonly allowance: Allowance;
}

/** Answers to commands that need no transaction, by command id. */
export type Answers = ReadonlyMap<string, WalletReply>;

/** A step with what its transaction takes in and what will be answered. */
export interface Draft {
  readonly step: TransactionStep;
  /** Owned inputs but for gas. */
  readonly inputs: readonly ObjectRef[];
  /** In the order of the step's blobs. */
  readonly members: readonly {
    readonly id: string;
    readonly costFrost: bigint;
    readonly outcome: Outcome;
  }[];
  /** Gas above the base budget. */
  readonly gasMist: bigint;
  /** Gas that must be left for what has to follow, and SUI that is sent away. */
  readonly reserveMist: bigint;
}

/** Commands sorted out: those answered, and the draft of the others (`null` when none is left). */
export interface Drafts {
  readonly answers: Answers;
  readonly draft: Draft | null;
}

export type Drafted = Result<Drafts, WalletFailure>;

/** WAL coins that hold `neededFrost` together. */
export async function walCoins(
  { chain, address, state }: DraftContext,
  neededFrost: bigint,
): Promise<Result<readonly ObjectRef[], WalletFailure>> {
  const held = await chain.listCoins(address, state.contract.walType);
  if (!held.ok) return chainFailure(held.failure);
  const chosen = selectCoins(held.value, neededFrost);
  if (!chosen.ok) {
    return err({ kind: "insufficient-wal", neededFrost, heldFrost: chosen.failure.held });
  }
  return ok(chosen.value.coins.map(refOf));
}

/** The spending that `neededFrost` more would be; `null` when it is allowed. */
export function capFailure(allowance: Allowance, neededFrost: bigint): WalletFailure | null {
  if (neededFrost <= allowance.leftFrost) return null;
  return { kind: "spend-capped", neededFrost, ...allowance };
}

export interface OwnedBlob {
  readonly ref: ObjectRef;
  readonly content: BlobObject;
}

/**
 * Blobs of this wallet, in the order asked for; where one cannot be used, why.
 *
 * @param objectIds At most `EXTENSIONS_PER_TRANSACTION_MAX`.
 */
export async function ownedBlobs(
  { chain, address, state }: DraftContext,
  objectIds: readonly string[],
  evenExpired = false,
): Promise<Result<readonly Result<OwnedBlob, WalletFailure>[], WalletFailure>> {
  if (objectIds.length === 0 || objectIds.length > EXTENSIONS_PER_TRANSACTION_MAX) {
    const detail = `${objectIds.length} blobs in one command`;
    return err({ kind: "invalid-command", detail });
  }
  const views = await chain.readObjects(objectIds);
  if (!views.ok) return chainFailure(views.failure);
  // What is no Blob has no contents to be read as one.
  const contents = await blobContents(chain, objectIds, views.value);
  if (!contents.ok) return chainFailure(contents.failure);
  return ok(
    objectIds.map((blobObjectId, index) => {
      const view = views.value[index];
      const content = contents.value[index];
      if (!view || !content) return unusable(blobObjectId, "not-found");
      if (!view.type.endsWith("::blob::Blob")) return unusable(blobObjectId, "not-a-blob");
      if (view.owner.kind !== "address" || view.owner.address !== address) {
        return unusable(blobObjectId, "not-owned");
      }
      if (!evenExpired && !isUnexpired(content, state.epoch))
        return unusable(blobObjectId, "expired");
      return ok({ ref: refOf(view), content });
    }),
  );
}

/** What a transaction names of it. */
export function refOf({ objectId, version, digest }: ObjectRef): ObjectRef {
  return { objectId, version, digest };
}

/** The blobs among the objects; `null` for any other. */
async function blobContents(
  chain: Chain,
  objectIds: readonly string[],
  views: readonly (ObjectView | null)[],
): Promise<Result<readonly (BlobObject | null)[], ChainFailure>> {
  const isBlob = objectIds.map((_, index) => views[index]?.type.endsWith("::blob::Blob") === true);
  const read = await chain.readBlobObjects(objectIds.filter((_, index) => isBlob[index]));
  if (!read.ok) return read;
  const blobs = [...read.value];
  return ok(isBlob.map((is) => (is ? (blobs.shift() ?? null) : null)));
}

export function chainFailure(failure: ChainFailure): Result<never, WalletFailure> {
  return err({ kind: "chain", failure });
}

export function unusable(
  blobObjectId: string,
  reason: Extract<WalletFailure, { kind: "blob-unusable" }>["reason"],
): Result<never, WalletFailure> {
  return err({ kind: "blob-unusable", blobObjectId, reason });
}

/** One command, answered without a transaction. */
export function answered(id: string, done: WalletDone): Drafted {
  return ok({ answers: new Map([[id, ok(done)]]), draft: null });
}
