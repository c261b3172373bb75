/**
 * What the gateway may still spend in this hour and this day, over all its addresses.
 *
 * Kept by the wallet of the main address. Hours and days are those of UTC by the ledger's clock,
 * which no isolate can set. A transaction is granted its cost before it is sent, under its digest,
 * and counts for the hour it was signed in; it is given back when it is certain that it took nothing.
 */
import type { Sql } from "../sql.ts";

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

/** What spending is granted by. */
export interface Treasury {
  /** The tighter of both caps at a ledger time. */
  allowance(ledgerMs: number): Promise<Allowance>;
  /**
   * Grants the cost of a transaction, once for each digest.
   *
   * @returns Whether it is within the caps. What was granted before is granted again.
   */
  grant(digest: string, costFrost: bigint, ledgerMs: number): Promise<boolean>;
  /** The transaction took nothing and never will. */
  giveBack(digest: string): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const TABLE = `
CREATE TABLE IF NOT EXISTS grants (
  digest TEXT PRIMARY KEY,
  hour INTEGER NOT NULL,
  frost TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grants_by_hour ON grants (hour);
`;

/** A treasury with the part only its keeper uses. */
export interface KeptTreasury extends Treasury {
  /** Forgets what was granted before; a cap that still counts it would be exceeded. */
  collect(beforeMs: number): void;
}

/** Opens the treasury in the database of the main wallet. */
export function createTreasury(sql: Sql, caps: SpendCaps): KeptTreasury {
  sql.exec(TABLE);
  function grantedSince(fromMs: number): bigint {
    const rows = sql
      .exec("SELECT frost FROM grants WHERE hour >= ?", Math.floor(fromMs / HOUR_MS))
      .toArray();
    return rows.reduce((sum, row) => sum + BigInt(String(row["frost"])), 0n);
  }
  function allowanceAt(ledgerMs: number): Allowance {
    const under = (period: "hour" | "day", limitFrost: bigint, periodMs: number): Allowance => {
      const startMs = Math.floor(ledgerMs / periodMs) * periodMs;
      const left = limitFrost - grantedSince(startMs);
      return { period, limitFrost, leftFrost: left < 0n ? 0n : left, endsAtMs: startMs + periodMs };
    };
    const hour = under("hour", caps.frostPerHour, HOUR_MS);
    const day = under("day", caps.frostPerDay, DAY_MS);
    return day.leftFrost < hour.leftFrost ? day : hour;
  }
  return {
    allowance: async (ledgerMs) => allowanceAt(ledgerMs),
    async grant(digest, costFrost, ledgerMs) {
      const known = sql.exec("SELECT 1 FROM grants WHERE digest = ?", digest).toArray();
      if (known.length > 0) return true;
      if (costFrost > allowanceAt(ledgerMs).leftFrost) return false;
      const hour = Math.floor(ledgerMs / HOUR_MS);
      sql.exec("INSERT INTO grants VALUES (?, ?, ?)", digest, hour, costFrost.toString());
      return true;
    },
    async giveBack(digest) {
      sql.exec("DELETE FROM grants WHERE digest = ?", digest);
    },
    collect(beforeMs) {
      sql.exec("DELETE FROM grants WHERE hour < ?", Math.floor(beforeMs / HOUR_MS));
    },
  };
}
