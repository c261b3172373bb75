/**
 * The replay guard over SQLite: which token is used, and by which upload. Plain rows.
 *
 * A token belongs to the first upload that takes it. The same upload may take it again: a retry
 * with the same token and `Idempotency-Key` is the same upload.
 */
import type { KeptChangesRpc } from "../keyed/kept-changes.ts";
import type { Sql } from "../sql.ts";
import { sweepRows } from "../sweep-rows.ts";

/** What the publisher asks of a shard of tokens. */
export interface TokenRpc {
  /** Takes the token for an upload; `false` when another one has it. */
  use(tokenHash: string, holder: string, keptUntilMs: number): Promise<boolean>;
  /** Gives it back: nothing was registered with it. */
  release(tokenHash: string, holder: string): Promise<void>;
}

/** Shards by name. */
export interface TokenDirectory {
  getByName(name: string): TokenRpc & KeptChangesRpc;
}

/** The shard that keeps a token. */
export function tokenShard(tokenHash: string): string {
  return tokenHash.slice(0, 2);
}

/** Used tokens of one shard. */
export interface TokenRows {
  /** Whether `holder` has the token now. */
  use(tokenHash: string, holder: string, keptUntilMs: number): boolean;
  release(tokenHash: string, holder: string): void;
  /** Forgets what has expired; the time of the next expiry, `null` when nothing is left. */
  sweep(nowMs: number): number | null;
}

/** Opens the rows. */
export function createTokenRows(sql: Sql): TokenRows {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS used (
       token_hash TEXT PRIMARY KEY,
       holder TEXT NOT NULL,
       kept_until_ms INTEGER NOT NULL
     ) WITHOUT ROWID`,
  );
  return {
    use(tokenHash, holder, keptUntilMs) {
      sql.exec(
        "INSERT INTO used VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        tokenHash,
        holder,
        keptUntilMs,
      );
      const [row] = sql.exec("SELECT holder FROM used WHERE token_hash = ?", tokenHash).toArray();
      return row?.["holder"] === holder;
    },
    release(tokenHash, holder) {
      sql.exec("DELETE FROM used WHERE token_hash = ? AND holder = ?", tokenHash, holder);
    },
    sweep: (nowMs) => sweepRows(sql, { table: "used", column: "kept_until_ms" }, nowMs),
  };
}
