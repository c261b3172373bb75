/**
 * What of a wallet can be configured: spend caps and the size of a batch. Pure.
 */
import {
  SPEND_FROST_PER_DAY_DEFAULT,
  SPEND_FROST_PER_HOUR_DEFAULT,
  WALLET_BATCH_DEFAULT,
  WALLET_BATCH_MAX,
} from "../../../shared/limits.ts";
import type { SpendCaps } from "./spend-cap.ts";

/** Variables, all optional. */
export interface WalletVars {
  /** Most FROST spent in one UTC hour of ledger time. */
  readonly SPEND_FROST_PER_HOUR?: string;
  /** Most FROST spent in one UTC day of ledger time. */
  readonly SPEND_FROST_PER_DAY?: string;
  /** Registrations or certifications in one transaction, 1 to `WALLET_BATCH_MAX`. */
  readonly WALLET_BATCH?: string;
}

export interface WalletSettings {
  readonly caps: SpendCaps;
  readonly batchMax: number;
}

/** The settings, or every problem with them. */
export function walletSettings(vars: WalletVars): {
  readonly settings: WalletSettings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const amount = (name: "SPEND_FROST_PER_HOUR" | "SPEND_FROST_PER_DAY", usual: bigint): bigint => {
    const text = vars[name];
    if (text === undefined) return usual;
    if (/^\d{1,19}$/.test(text)) return BigInt(text);
    problems.push(`${name}: expected a whole number of FROST`);
    return usual;
  };
  const caps = {
    frostPerHour: amount("SPEND_FROST_PER_HOUR", SPEND_FROST_PER_HOUR_DEFAULT),
    frostPerDay: amount("SPEND_FROST_PER_DAY", SPEND_FROST_PER_DAY_DEFAULT),
  };
  const batch = vars.WALLET_BATCH ?? String(WALLET_BATCH_DEFAULT);
  const batchMax = /^\d{1,3}$/.test(batch) ? Number(batch) : 0;
  if (batchMax < 1 || batchMax > WALLET_BATCH_MAX) {
    problems.push(`WALLET_BATCH: expected a whole number from 1 to ${WALLET_BATCH_MAX}`);
  }
  return { settings: { caps, batchMax }, problems };
}
