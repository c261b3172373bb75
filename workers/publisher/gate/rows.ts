/**
 * The gate's rules over SQLite: plain rows. Every change raises the version in the same turn.
 */
import { encodeGateRules } from "../../../shared/cache/gate-rules.ts";
import { BLOCK_PAGE_MAX, BLOCKLIST_ENTRIES_MAX, PURGED_BLOBS_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Sql, SqlRow } from "../sql.ts";
import type { Block, BlocklistFull, BlockPage } from "./gate.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS blocked (
  blob_id TEXT PRIMARY KEY,
  reason TEXT,
  by TEXT,
  blocked_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS purged (
  blob_id TEXT PRIMARY KEY,
  generation INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gate (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  version INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  published_version INTEGER NOT NULL
);
INSERT OR IGNORE INTO gate VALUES (1, 0, 0, 0);
`;

/** The rules. */
export interface GateRows {
  block(block: Block): Result<Block, BlocklistFull>;
  unblock(blobId: string): boolean;
  blockOf(blobId: string): Block | null;
  blocks(after: string | null): BlockPage;
  blockCount(): number;
  purge(blobId: string | null): number;
  version(): number;
  /** All rules as JSON text. */
  rules(): string;
  /** The version that was last copied to KV. */
  publishedVersion(): number;
  markPublished(version: number): void;
}

/** Opens the rows. */
export function createGateRows(sql: Sql): GateRows {
  sql.exec(TABLES);
  const number = (query: string, ...bindings: (string | number)[]) =>
    Number(Object.values(sql.exec(query, ...bindings).toArray()[0] ?? {})[0] ?? 0);
  const version = () => number("SELECT version FROM gate");
  const generation = () => number("SELECT generation FROM gate");
  const changed = () => sql.exec("UPDATE gate SET version = version + 1");
  /** The next generation is above every one that was ever given out. */
  const nextGeneration = () =>
    1 + Math.max(generation(), number("SELECT max(generation) FROM purged"));
  return {
    ...blockRows(sql, number, changed),
    purge(blobId) {
      const next = nextGeneration();
      const isFull = number("SELECT count(*) FROM purged") >= PURGED_BLOBS_MAX;
      if (blobId === null || isFull) {
        // All blobs at once say no less than each by itself, and take no room.
        sql.exec("DELETE FROM purged");
        sql.exec("UPDATE gate SET generation = ?", next);
      } else {
        sql.exec("INSERT OR REPLACE INTO purged VALUES (?, ?)", blobId, next);
      }
      changed();
      return next;
    },
    version,
    rules() {
      const blocked = sql.exec("SELECT blob_id FROM blocked ORDER BY blob_id").toArray();
      const purged = sql.exec("SELECT blob_id, generation FROM purged").toArray();
      return encodeGateRules({
        version: version(),
        blocklist: new Set(blocked.map((row) => String(row["blob_id"]))),
        purgeGeneration: generation(),
        purged: new Map(purged.map((row) => [String(row["blob_id"]), Number(row["generation"])])),
      });
    },
    publishedVersion: () => number("SELECT published_version FROM gate"),
    markPublished: (published) => void sql.exec("UPDATE gate SET published_version = ?", published),
  };
}

function blockRows(
  sql: Sql,
  number: (query: string) => number,
  changed: () => void,
): Pick<GateRows, "block" | "unblock" | "blockOf" | "blocks" | "blockCount"> {
  const blockOf = (blobId: string) => {
    const [row] = sql.exec("SELECT * FROM blocked WHERE blob_id = ?", blobId).toArray();
    return row === undefined ? null : blockOfRow(row);
  };
  const blockCount = () => number("SELECT count(*) FROM blocked");
  return {
    block(block) {
      const known = blockOf(block.blobId);
      if (known !== null) return ok(known);
      if (blockCount() >= BLOCKLIST_ENTRIES_MAX) {
        return err({ kind: "blocklist-full", entriesMax: BLOCKLIST_ENTRIES_MAX });
      }
      const { blobId, reason, by, blockedAtMs } = block;
      sql.exec("INSERT INTO blocked VALUES (?, ?, ?, ?)", blobId, reason, by, blockedAtMs);
      changed();
      return ok(block);
    },
    unblock(blobId) {
      if (blockOf(blobId) === null) return false;
      sql.exec("DELETE FROM blocked WHERE blob_id = ?", blobId);
      changed();
      return true;
    },
    blockOf,
    blockCount,
    blocks(after) {
      const rows = sql
        .exec(
          "SELECT * FROM blocked WHERE blob_id > ? ORDER BY blob_id LIMIT ?",
          after ?? "",
          BLOCK_PAGE_MAX + 1,
        )
        .toArray();
      const blocks = rows.slice(0, BLOCK_PAGE_MAX).map(blockOfRow);
      const next = rows.length > BLOCK_PAGE_MAX ? (blocks.at(-1)?.blobId ?? null) : null;
      return { blocks, next };
    },
  };
}

function blockOfRow(row: SqlRow): Block {
  const { reason, by } = row;
  return {
    blobId: String(row["blob_id"]),
    reason: typeof reason === "string" ? reason : null,
    by: typeof by === "string" ? by : null,
    blockedAtMs: Number(row["blocked_at_ms"]),
  };
}
