/**
 * What of the wallets can be configured: addresses and their refills, spend caps, the size of a
 * batch. Pure.
 */
import {
  SPEND_FROST_PER_DAY_DEFAULT,
  SPEND_FROST_PER_HOUR_DEFAULT,
  SUB_WALLET_MIN_FROST_DEFAULT,
  SUB_WALLET_MIN_MIST_DEFAULT,
  SUB_WALLET_REFILL_FROST_DEFAULT,
  SUB_WALLET_REFILL_MIST_DEFAULT,
  WALLET_ADDRESSES_DEFAULT,
  WALLET_ADDRESSES_MAX,
  WALLET_BATCH_MAX,
} from "../../../shared/limits.ts";
import type { Refill } from "./draft.ts";
import type { SpendCaps } from "./treasury.ts";

/** Variables, all optional. */
export interface WalletVars {
  /** Addresses uploads are spread over, 1 to `WALLET_ADDRESSES_MAX`; the main one is the first. */
  readonly WALLET_ADDRESSES?: string;
  /** A further address with fewer MIST than this is refilled… */
  readonly SUB_WALLET_MIN_MIST?: string;
  /** … or with fewer FROST than this… */
  readonly SUB_WALLET_MIN_FROST?: string;
  /** … with so many MIST… */
  readonly SUB_WALLET_REFILL_MIST?: string;
  /** … or so many FROST. */
  readonly SUB_WALLET_REFILL_FROST?: string;
  /** Most FROST spent in one UTC hour of ledger time, over all addresses. */
  readonly SPEND_FROST_PER_HOUR?: string;
  /** Most FROST spent in one UTC day of ledger time, over all addresses. */
  readonly SPEND_FROST_PER_DAY?: string;
  /** Most registrations or certifications in one transaction, 1 to `WALLET_BATCH_MAX`. */
  readonly WALLET_BATCH?: string;
}

export interface WalletSettings {
  readonly addressCount: number;
  readonly refill: Omit<Refill, "addresses">;
  readonly caps: SpendCaps;
  readonly batchMax: number;
}

/** Names of the variables that are amounts. */
type AmountName = Exclude<keyof WalletVars, "WALLET_ADDRESSES" | "WALLET_BATCH">;

/** The settings, or every problem with them. */
export function walletSettings(vars: WalletVars): {
  readonly settings: WalletSettings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const amount = (name: AmountName, usual: bigint): bigint => {
    const text = vars[name];
    if (text === undefined) return usual;
    if (/^\d{1,19}$/.test(text)) return BigInt(text);
    problems.push(
      `${name}: expected a whole number of ${name.includes("MIST") ? "MIST" : "FROST"}`,
    );
    return usual;
  };
  const count = (name: "WALLET_ADDRESSES" | "WALLET_BATCH", usual: number, max: number): number => {
    const text = vars[name] ?? String(usual);
    const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= max) return value;
    problems.push(`${name}: expected a whole number from 1 to ${max}`);
    return usual;
  };
  const caps = {
    frostPerHour: amount("SPEND_FROST_PER_HOUR", SPEND_FROST_PER_HOUR_DEFAULT),
    frostPerDay: amount("SPEND_FROST_PER_DAY", SPEND_FROST_PER_DAY_DEFAULT),
  };
  const refill = {
    below: {
      frost: amount("SUB_WALLET_MIN_FROST", SUB_WALLET_MIN_FROST_DEFAULT),
      mist: amount("SUB_WALLET_MIN_MIST", SUB_WALLET_MIN_MIST_DEFAULT),
    },
    amount: {
      frost: amount("SUB_WALLET_REFILL_FROST", SUB_WALLET_REFILL_FROST_DEFAULT),
      mist: amount("SUB_WALLET_REFILL_MIST", SUB_WALLET_REFILL_MIST_DEFAULT),
    },
  };
  // A refill that leaves an address low is followed by the next at once.
  for (const [coin, unit] of [
    ["frost", "FROST"],
    ["mist", "MIST"],
  ] as const) {
    if (refill.amount[coin] >= refill.below[coin]) continue;
    problems.push(`SUB_WALLET_REFILL_${unit}: expected at least SUB_WALLET_MIN_${unit}`);
  }
  const batchMax = count("WALLET_BATCH", WALLET_BATCH_MAX, WALLET_BATCH_MAX);
  const addressCount = count("WALLET_ADDRESSES", WALLET_ADDRESSES_DEFAULT, WALLET_ADDRESSES_MAX);
  return { settings: { addressCount, refill, caps, batchMax }, problems };
}
