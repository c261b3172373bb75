/**
 * The journal in the SQLite of a Durable Object.
 *
 * One row for each command, one row of totals. Rows of finished commands are kept: they are what
 * answers a repeated command.
 */
import type { JournalEntry, JournalStore, Phase } from "./journal.ts";
import { fromText, toText } from "./rows.ts";

type SqlValue = string | number | null | ArrayBuffer | Uint8Array;

/** The part of a SQLite handle that is used: `ctx.storage.sql` has it. */
export interface Sql {
  exec(query: string, ...bindings: SqlValue[]): { toArray(): Record<string, unknown>[] };
}

const TABLES = `
CREATE TABLE IF NOT EXISTS journal (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  gas_mist TEXT NOT NULL,
  phase TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_by_phase ON journal (phase, sequence);
CREATE TABLE IF NOT EXISTS spending (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  transactions INTEGER NOT NULL,
  frost TEXT NOT NULL,
  gas_mist TEXT NOT NULL
);
INSERT OR IGNORE INTO spending VALUES (1, 0, '0', '0');
`;

/**
 * Opens the journal.
 *
 * @param sync Resolves when all writes are durable (`ctx.storage.sync`).
 */
export function createJournalStore(sql: Sql, sync: () => Promise<void>): JournalStore {
  sql.exec(TABLES);

  function spending() {
    const [row] = sql.exec("SELECT transactions, frost, gas_mist FROM spending").toArray();
    return {
      transactionCount: Number(row?.["transactions"] ?? 0),
      spentFrost: bigintOf(row?.["frost"]),
      gasMist: bigintOf(row?.["gas_mist"]),
    };
  }

  return {
    get(id) {
      const [row] = sql.exec("SELECT * FROM journal WHERE id = ?", id).toArray();
      return row === undefined ? null : entryOf(row);
    },
    put(entry) {
      sql.exec(
        `INSERT INTO journal (id, fingerprint, attempts, gas_mist, phase, data)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
           attempts = excluded.attempts, gas_mist = excluded.gas_mist,
           phase = excluded.phase, data = excluded.data`,
        entry.id,
        entry.fingerprint,
        entry.attempts,
        entry.gasMist.toString(),
        entry.phase.kind,
        toText(entry.phase),
      );
    },
    doing() {
      return sql
        .exec("SELECT * FROM journal WHERE phase = 'doing' ORDER BY sequence")
        .toArray()
        .map(entryOf);
    },
    book(costFrost, gasMist) {
      const before = spending();
      sql.exec(
        "UPDATE spending SET transactions = ?, frost = ?, gas_mist = ?",
        before.transactionCount + 1,
        (before.spentFrost + costFrost).toString(),
        (before.gasMist + gasMist).toString(),
      );
    },
    spending,
    sync,
  };
}

function entryOf(row: Record<string, unknown>): JournalEntry {
  return {
    id: String(row["id"]),
    fingerprint: String(row["fingerprint"]),
    attempts: Number(row["attempts"]),
    gasMist: bigintOf(row["gas_mist"]),
    phase: fromText(String(row["data"])) as Phase,
  };
}

/** Amounts are kept as decimal text: SQLite's integers would come back as floats. */
function bigintOf(column: unknown): bigint {
  return typeof column === "string" ? BigInt(column) : 0n;
}
