/**
 * What this gateway has certified in the last hours, as rows over SQLite: what a 404 asks before it
 * is sent. Sharded by the first byte of the blob ID, so that no object sees all of it.
 */
import { RECENT_TTL_MS } from "../../../shared/limits.ts";
import type { Sql } from "../sql.ts";
import { sweepRows } from "../sweep-rows.ts";

/** RPC surface of a Recent object: `env.RECENTS.getByName(recentShard(blobId))`. */
export interface RecentRpc {
  /** Notes that a blob is certified. */
  note(blobId: string): Promise<void>;
  /** Whether it was noted in the last `RECENT_TTL_MS`. */
  has(blobId: string): Promise<boolean>;
  /** Forgets a blob that nothing of this gateway holds any more, unless it was noted after `untilMs`. */
  forget(blobId: string, untilMs: number): Promise<void>;
}

/** Shards by name. */
export interface RecentDirectory {
  getByName(name: string): RecentRpc;
}

const FIRST_BYTE_CHARS = 2;

/**
 * The shard of a blob: the first two of its 43 characters. They hold its first byte and four bits
 * more; all that matters is that both sides cut the same.
 */
export function recentShard(blobId: string): string {
  return blobId.slice(0, FIRST_BYTE_CHARS);
}

/** Blobs of one shard. */
export interface RecentRows {
  note(blobId: string, nowMs: number): void;
  has(blobId: string, nowMs: number): boolean;
  /** Forgets one that was noted up to then. */
  forget(blobId: string, untilMs: number): void;
  /** Forgets what is old; when to look again, `null` when nothing is left. */
  sweep(nowMs: number): number | null;
}

/** Opens the rows. */
export function createRecentRows(sql: Sql): RecentRows {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS recent (
       blob_id TEXT PRIMARY KEY,
       noted_at_ms INTEGER NOT NULL
     ) WITHOUT ROWID`,
  );
  return {
    note: (blobId, nowMs) =>
      void sql.exec("INSERT OR REPLACE INTO recent VALUES (?, ?)", blobId, nowMs),
    has: (blobId, nowMs) =>
      sql
        .exec(
          "SELECT 1 FROM recent WHERE blob_id = ? AND noted_at_ms > ?",
          blobId,
          nowMs - RECENT_TTL_MS,
        )
        .toArray().length > 0,
    forget: (blobId, untilMs) =>
      void sql.exec("DELETE FROM recent WHERE blob_id = ? AND noted_at_ms <= ?", blobId, untilMs),
    sweep(nowMs) {
      const noted = { table: "recent", column: "noted_at_ms" };
      const oldest = sweepRows(sql, noted, nowMs - RECENT_TTL_MS);
      return oldest === null ? null : oldest + RECENT_TTL_MS;
    },
  };
}
