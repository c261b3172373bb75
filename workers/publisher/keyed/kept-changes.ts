/**
 * Changes with an `Idempotency-Key`, over SQLite: what was asked, what was begun for it, what was
 * answered. Plain rows, no decisions.
 *
 * `wish → answer`: the wish is kept before anything is done about it and holds the name under which
 * it is done once, so that whoever asks again goes on with the same one or is told its answer.
 */
import type { Sql } from "../sql.ts";
import { sweepRows } from "../sweep-rows.ts";

/** One change under its key. */
export interface KeptChange {
  /** Of what was asked for: another one under the same key is refused. */
  readonly fingerprint: string;
  /** JSON text. */
  readonly wish: string;
  /** JSON text; `null` while there is none. */
  readonly answer: string | null;
}

/** What the publisher asks of a shard of keys. */
export interface KeptChangesRpc {
  /** What is kept under a key (SHA-256 in hex); `null` for nothing. */
  keptChange(keyHash: string): Promise<KeptChange | null>;
  /** Keeps a wish unless there is one; what is kept then. Durable when it resolves. */
  keepWish(
    keyHash: string,
    asked: Pick<KeptChange, "fingerprint" | "wish">,
    keptUntilMs: number,
  ): Promise<KeptChange>;
  /** The wish has come true; the first answer stays. */
  keepAnswer(keyHash: string, wish: string, answer: string): Promise<void>;
  /** Nothing will come of it: the key is free again. */
  dropWish(keyHash: string, wish: string): Promise<void>;
}

/** The rows of one shard. */
export interface KeptChangeRows {
  get(keyHash: string): KeptChange | null;
  keepWish(
    keyHash: string,
    asked: Pick<KeptChange, "fingerprint" | "wish">,
    keptUntilMs: number,
  ): void;
  keepAnswer(keyHash: string, wish: string, answer: string): void;
  dropWish(keyHash: string, wish: string): void;
  /** Forgets what has been kept long enough; when the next one has, `null` when nothing is left. */
  sweep(nowMs: number): number | null;
}

/** Opens the rows. */
export function createKeptChanges(sql: Sql): KeptChangeRows {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS changes (
       key_hash TEXT PRIMARY KEY,
       fingerprint TEXT NOT NULL,
       wish TEXT NOT NULL,
       answer TEXT,
       kept_until_ms INTEGER NOT NULL
     ) WITHOUT ROWID`,
  );
  return {
    get(keyHash) {
      const [row] = sql.exec("SELECT * FROM changes WHERE key_hash = ?", keyHash).toArray();
      if (row === undefined) return null;
      const { fingerprint, wish, answer } = row;
      return {
        fingerprint: String(fingerprint),
        wish: String(wish),
        answer: typeof answer === "string" ? answer : null,
      };
    },
    keepWish(keyHash, { fingerprint, wish }, keptUntilMs) {
      sql.exec(
        "INSERT INTO changes VALUES (?, ?, ?, NULL, ?) ON CONFLICT DO NOTHING",
        keyHash,
        fingerprint,
        wish,
        keptUntilMs,
      );
    },
    keepAnswer(keyHash, wish, answer) {
      sql.exec(
        "UPDATE changes SET answer = ? WHERE key_hash = ? AND wish = ? AND answer IS NULL",
        answer,
        keyHash,
        wish,
      );
    },
    dropWish(keyHash, wish) {
      sql.exec(
        "DELETE FROM changes WHERE key_hash = ? AND wish = ? AND answer IS NULL",
        keyHash,
        wish,
      );
    },
    sweep: (nowMs) => sweepRows(sql, { table: "changes", column: "kept_until_ms" }, nowMs),
  };
}
