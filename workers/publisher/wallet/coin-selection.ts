/**
 * Which coins a transaction takes in. Pure.
 *
 * Every coin taken is merged into the first, so taking small ones along keeps the wallet tidy; the
 * bound keeps the transaction small.
 */
import { COINS_PER_TRANSACTION_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Coin } from "../../../shared/sui/chain.ts";

/** The coins that count together hold less than is needed. */
export interface CoinShortage {
  readonly kind: "coin-shortage";
  readonly needed: bigint;
  /** What can be reached in one transaction. */
  readonly held: bigint;
}

/** Coins of one type, chosen. */
export interface CoinSelection {
  readonly coins: readonly Coin[];
  readonly total: bigint;
}

/**
 * Takes the largest coins first, at least one, up to `COINS_PER_TRANSACTION_MAX`; all of them where
 * they fit. Equal balances are ordered by ID, so the choice is the same on every run.
 */
export function selectCoins(
  coins: readonly Coin[],
  needed: bigint,
): Result<CoinSelection, CoinShortage> {
  const taken = [...coins].sort(largestFirst).slice(0, COINS_PER_TRANSACTION_MAX);
  const total = taken.reduce((sum, coin) => sum + coin.balance, 0n);
  if (taken.length === 0 || total < needed) {
    return err({ kind: "coin-shortage", needed, held: total });
  }
  return ok({ coins: taken, total });
}

function largestFirst(left: Coin, right: Coin): number {
  if (left.balance !== right.balance) return left.balance > right.balance ? -1 : 1;
  return left.objectId < right.objectId ? -1 : 1;
}
