/**
 * Whether a signed transaction has run, will never run, or may still run. Pure.
 *
 * Three facts decide: its effects were found; one of its owned inputs was consumed by another
 * transaction; its expiration epoch has passed. That one RPC node does not know a transaction
 * decides nothing: the node may be behind, or the transaction still on its way.
 */
import type { ExecutedTransaction, ObjectRef, RejectionReason } from "../../../shared/sui/chain.ts";

/** What has been observed of one transaction. */
export interface Evidence {
  readonly digest: string;
  /** Last Sui epoch in which it may run. */
  readonly expirationEpoch: number;
  /** Effects, wherever they came from. */
  readonly effects: ExecutedTransaction | null;
  /** How validators refused these same bytes, if they did. */
  readonly rejection: RejectionReason | null;
  /** Another transaction's effects that consumed the exact version of one of its owned inputs. */
  readonly consumedBy: string | null;
  /** Sui's epoch as read before looking for effects a last time; `null` if it could not be read. */
  readonly suiEpoch: number | null;
}

/** What is certain. */
export type Fate =
  | { readonly kind: "executed"; readonly transaction: ExecutedTransaction }
  /** It has not run and never will: a new transaction may be signed. */
  | {
      readonly kind: "dead";
      readonly reason: "refused-for-good" | "input-consumed" | "expired";
      readonly detail: string;
    }
  | { readonly kind: "unknown" };

/** Judges by the evidence. */
export function decideFate(evidence: Evidence): Fate {
  if (evidence.effects !== null) return { kind: "executed", transaction: evidence.effects };
  if (evidence.rejection !== null && refusesForGood(evidence.rejection)) {
    return { kind: "dead", reason: "refused-for-good", detail: evidence.rejection };
  }
  if (evidence.consumedBy !== null && evidence.consumedBy !== evidence.digest) {
    return { kind: "dead", reason: "input-consumed", detail: evidence.consumedBy };
  }
  if (evidence.suiEpoch !== null && evidence.suiEpoch > evidence.expirationEpoch) {
    return { kind: "dead", reason: "expired", detail: `Sui epoch ${evidence.suiEpoch}` };
  }
  return { kind: "unknown" };
}

/**
 * Whether a refusal holds for all time. A validator answers bytes it has executed with their
 * effects, so one that refuses them because an input is consumed has seen another transaction
 * consume it. Gas coins, owners and digests are pinned to versions, so what they forbid they forbid
 * for ever. Everything else (a lagging node, a lock, an unknown refusal) may change.
 */
function refusesForGood(reason: RejectionReason): boolean {
  switch (reason) {
    case "stale-object":
    case "insufficient-gas":
    case "invalid":
      return true;
    case "object-not-found":
    case "locked-object":
    case "expired":
    case "other":
      return false;
  }
}

/**
 * Finds in a transaction's effects that it consumed exactly the given version of an input.
 *
 * @param inputs Owned inputs of the transaction in question, at the versions it names.
 */
export function consumesInput(
  transaction: ExecutedTransaction,
  inputs: readonly ObjectRef[],
): boolean {
  return transaction.changes.some(
    ({ objectId, inputVersion }) =>
      inputVersion !== null &&
      inputs.some((input) => input.objectId === objectId && input.version === inputVersion),
  );
}
