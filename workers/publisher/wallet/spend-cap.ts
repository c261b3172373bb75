/**
 * What a wallet may still spend in this hour and this day. Pure.
 *
 * Hours and days are those of UTC by the ledger's clock, which no isolate can set. What was signed
 * counts for the hour it was signed in, so a cap holds whenever the transaction runs.
 */
import type { JournalStore } from "./journal.ts";

/** Caps in FROST, gas not counted. */
export interface SpendCaps {
  readonly frostPerHour: bigint;
  readonly frostPerDay: bigint;
}

/** Which cap binds, and what is left under it. */
export interface Allowance {
  readonly period: "hour" | "day";
  readonly leftFrost: bigint;
  readonly limitFrost: bigint;
  /** When the period ends, by ledger time. */
  readonly endsAtMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The tighter of both caps at `ledgerMs`; nothing is left where more than the cap was spent. */
export function allowanceAt(
  caps: SpendCaps,
  journal: Pick<JournalStore, "spentSince">,
  ledgerMs: number,
): Allowance {
  const allowance = (period: "hour" | "day", limitFrost: bigint, periodMs: number): Allowance => {
    const startMs = Math.floor(ledgerMs / periodMs) * periodMs;
    const left = limitFrost - journal.spentSince(startMs);
    return { period, limitFrost, leftFrost: left < 0n ? 0n : left, endsAtMs: startMs + periodMs };
  };
  const hour = allowance("hour", caps.frostPerHour, HOUR_MS);
  const day = allowance("day", caps.frostPerDay, DAY_MS);
  return day.leftFrost < hour.leftFrost ? day : hour;
}
