/**
 * The journal in the SQLite of a Durable Object.
 *
 * One row for each command, one for each transaction of unknown fate, one for each that was booked
 * and two of totals. Rows of finished commands are what answers a repeated command, and are collected
 * long after anybody could repeat it.
 */
import type { Clock } from "../../../shared/ports.ts";
import type { Sql, SqlRow } from "../sql.ts";
import {
  type JournalEntry,
  type JournalStore,
  type Phase,
  type SignedTransaction,
  withSigned,
} from "./journal.ts";
import { fromText, toText } from "./rows.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS commands (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  gas_mist TEXT NOT NULL,
  phase TEXT NOT NULL,
  done_at_ms INTEGER
);
CREATE INDEX IF NOT EXISTS commands_by_done ON commands (done_at_ms) WHERE done_at_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS transactions (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL UNIQUE,
  signed TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS booked (
  digest TEXT PRIMARY KEY,
  booked_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS booked_by_time ON booked (booked_at_ms);
CREATE TABLE IF NOT EXISTS spending (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  transactions INTEGER NOT NULL,
  frost TEXT NOT NULL,
  gas_mist TEXT NOT NULL
);
INSERT OR IGNORE INTO spending VALUES (1, 0, '0', '0');
CREATE TABLE IF NOT EXISTS refills (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  gas INTEGER NOT NULL,
  wal INTEGER NOT NULL
);
INSERT OR IGNORE INTO refills VALUES (1, 0, 0);
`;

/**
 * Opens the journal.
 *
 * @param clock Dates what is done, so that it can be collected.
 * @param sync Resolves when all writes are durable (`ctx.storage.sync`).
 */
export function createJournalStore(
  sql: Sql,
  clock: Clock,
  sync: () => Promise<void>,
): JournalStore {
  sql.exec(TABLES);
  const commands = commandRows(sql, clock);
  return {
    ...commands,
    ...spendingRows(sql, clock),
    begin(signed) {
      sql.exec(
        "INSERT INTO transactions (digest, signed) VALUES (?, ?)",
        signed.digest,
        toText(signed),
      );
      for (const { id } of signed.members) {
        const entry = commands.get(id);
        if (entry === null) throw new TypeError(`Cannot begin: expected ${id} in the journal`);
        commands.put(withSigned(entry, signed.digest));
      }
    },
    open() {
      return sql
        .exec("SELECT signed FROM transactions ORDER BY sequence")
        .toArray()
        .map((row) => fromText(String(row["signed"])) as SignedTransaction);
    },
    openDigests() {
      return sql
        .exec("SELECT digest FROM transactions ORDER BY sequence")
        .toArray()
        .map((row) => String(row["digest"]));
    },
    end(digest) {
      sql.exec("DELETE FROM transactions WHERE digest = ?", digest);
    },
    collect(doneBeforeMs) {
      sql.exec("DELETE FROM commands WHERE done_at_ms < ?", doneBeforeMs);
      sql.exec("DELETE FROM booked WHERE booked_at_ms < ?", doneBeforeMs);
    },
    sync,
  };
}

function commandRows(sql: Sql, clock: Clock): Pick<JournalStore, "get" | "put"> {
  return {
    get(id) {
      const [row] = sql.exec("SELECT * FROM commands WHERE id = ?", id).toArray();
      return row === undefined ? null : entryOf(row);
    },
    put(entry) {
      sql.exec(
        `INSERT INTO commands (id, fingerprint, attempts, gas_mist, phase, done_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
           attempts = excluded.attempts, gas_mist = excluded.gas_mist,
           phase = excluded.phase, done_at_ms = excluded.done_at_ms`,
        entry.id,
        entry.fingerprint,
        entry.attempts,
        entry.gasMist.toString(),
        toText(entry.phase),
        entry.phase.kind === "done" ? clock.nowMs() : null,
      );
    },
  };
}

function spendingRows(
  sql: Sql,
  clock: Clock,
): Pick<JournalStore, "book" | "isBooked" | "spending"> {
  function totals() {
    const [row] = sql.exec("SELECT transactions, frost, gas_mist FROM spending").toArray();
    return {
      transactionCount: Number(row?.["transactions"] ?? 0),
      spentFrost: bigintOf(row?.["frost"]),
      gasMist: bigintOf(row?.["gas_mist"]),
    };
  }
  return {
    isBooked(digest) {
      return sql.exec("SELECT 1 FROM booked WHERE digest = ?", digest).toArray().length > 0;
    },
    book(digest, costFrost, gasMist, sent) {
      sql.exec("INSERT INTO booked VALUES (?, ?)", digest, clock.nowMs());
      const before = totals();
      sql.exec(
        "UPDATE spending SET transactions = ?, frost = ?, gas_mist = ?",
        before.transactionCount + 1,
        (before.spentFrost + costFrost).toString(),
        (before.gasMist + gasMist).toString(),
      );
      if (sent.length === 0) return;
      sql.exec(
        "UPDATE refills SET gas = gas + ?, wal = wal + ?",
        sent.filter(({ mist }) => mist > 0n).length,
        sent.filter(({ frost }) => frost > 0n).length,
      );
    },
    spending() {
      const [refills] = sql.exec("SELECT gas, wal FROM refills").toArray();
      return {
        ...totals(),
        gasRefillCount: Number(refills?.["gas"] ?? 0),
        walRefillCount: Number(refills?.["wal"] ?? 0),
      };
    },
  };
}

function entryOf(row: SqlRow): JournalEntry {
  return {
    id: String(row["id"]),
    fingerprint: String(row["fingerprint"]),
    attempts: Number(row["attempts"]),
    gasMist: bigintOf(row["gas_mist"]),
    phase: fromText(String(row["phase"])) as Phase,
  };
}

/** Amounts are kept as decimal text: SQLite's integers would come back as floats. */
function bigintOf(column: unknown): bigint {
  return typeof column === "string" ? BigInt(column) : 0n;
}
