/**
 * From the effects of a transaction to the next step of its command: an answer, or another attempt.
 */
import { WALLET_ATTEMPTS_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  Chain,
  ChainFailure,
  ExecutedTransaction,
  ExecutionFailure,
} from "../../../shared/sui/chain.ts";
import type { WalletDone, WalletFailure } from "./commands.ts";
import type { JournalEntry, SignedTransaction } from "./journal.ts";

/** What an executed transaction that failed means for its command. */
export type AfterFailure =
  | { readonly kind: "try-again"; readonly moreGas: boolean }
  | { readonly kind: "final"; readonly failure: WalletFailure };

/** `messages.move::EIncorrectEpoch`: the certificate is not of the current committee. */
const INCORRECT_EPOCH = 1n;

/**
 * Decides after a failed execution. Gas is spent; nothing else has changed.
 *
 * A payment that no longer fits (prices moved between reading and running), congestion and too
 * little gas are tried again with what the chain says then. What the contract refuses is final.
 */
export function afterFailure(
  entry: JournalEntry,
  txDigest: string,
  failure: ExecutionFailure,
): AfterFailure {
  const { attempts, gasMist } = entry;
  if (isIncorrectEpoch(failure)) {
    return { kind: "final", failure: { kind: "wrong-epoch", txDigest, gasMist } };
  }
  if (attempts < WALLET_ATTEMPTS_MAX && mayPassLater(failure)) {
    return { kind: "try-again", moreGas: failure.kind === "out-of-gas" };
  }
  const final = { kind: "execution-failed", txDigest, failure, attempts, gasMist } as const;
  return { kind: "final", failure: final };
}

function isIncorrectEpoch(failure: ExecutionFailure): boolean {
  return (
    failure.kind === "move-abort" &&
    failure.module === "messages" &&
    failure.abortCode === INCORRECT_EPOCH
  );
}

function mayPassLater(failure: ExecutionFailure): boolean {
  switch (failure.kind) {
    case "congestion":
    case "out-of-gas":
      return true;
    case "move-abort":
      // `balance::split` of too little, or `destroy_zero` of a remainder: the price has changed.
      return failure.module === "balance" || failure.module === "coin";
    case "other":
      return /insufficient ?coin ?balance/i.test(failure.detail);
  }
}

/**
 * Phrases the answer after a success.
 *
 * @returns A chain failure when a created Blob cannot be read yet: ask again, it exists.
 */
export async function conclude(
  chain: Chain,
  entry: JournalEntry,
  signed: SignedTransaction,
  executed: ExecutedTransaction,
): Promise<Result<WalletDone, ChainFailure>> {
  const { outcome, costFrost, digest: txDigest } = signed;
  const receipt = { txDigest, costFrost, gasMist: entry.gasMist + executed.gasMist };
  if (outcome.kind !== "registered") return ok({ ...outcome, ...receipt });
  const { blobType, encodedBytes, epochs } = outcome;
  const created = await createdBlob(chain, executed, blobType);
  if (!created.ok) return created;
  const blob = await chain.readBlobObject(created.value);
  if (!blob.ok) return blob;
  return ok({ kind: "registered", blob: blob.value, encodedBytes, epochs, ...receipt });
}

/** The Blob among the created objects; asks for the types where the effects do not tell them. */
async function createdBlob(
  chain: Chain,
  executed: ExecutedTransaction,
  blobType: string,
): Promise<Result<string, ChainFailure>> {
  const created = executed.changes.filter(({ change }) => change === "created");
  const told = created.find(({ type }) => type === blobType);
  if (told !== undefined) return ok(told.objectId);
  const views = await chain.readObjects(created.map(({ objectId }) => objectId));
  if (!views.ok) return views;
  const found = views.value.find((view) => view?.type === blobType);
  if (found) return ok(found.objectId);
  const detail = `no ${blobType} among the created objects of ${executed.digest}`;
  return err({ kind: "malformed-answer", call: "getObjects", detail });
}
