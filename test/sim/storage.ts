/**
 * The storage of one simulated Durable Object: SQLite, one alarm, and what of it survives a kill.
 *
 * As on the platform, statements without an `await` between them are one transaction, and nothing
 * leaves the object before its writes are durable. What has not left when the object is killed may
 * be lost: `losesUnsent` decides whether everything since the last output is gone, or only the
 * transaction that was still open.
 */
import { DatabaseSync } from "node:sqlite";

type SqlValue = string | number | null | ArrayBuffer | Uint8Array;
type SqlRow = Record<string, string | number | null | ArrayBuffer>;

/** Rows of a statement, with both surfaces the product uses of `ctx.storage.sql`. */
interface Cursor extends Iterable<SqlRow> {
  toArray(): SqlRow[];
}

/** What is told of each statement that writes. */
export interface StorageWatch {
  before(statement: string): void;
  after(statement: string): void;
}

/** Storage that outlives its object. */
export class SimStorage {
  /** When the alarm rings; `null` when none is set. Changed by the transaction it is set in. */
  alarmAtMs: number | null = null;
  readonly #database = new DatabaseSync(":memory:");
  #isOpen = false;
  #hasTurn = false;
  #turnCount = 0;
  #alarmSent: number | null = null;
  #alarmBeforeTurn: number | null = null;

  exec(watch: StorageWatch, query: string, bindings: readonly SqlValue[]): Cursor {
    const writes = !/^\s*SELECT/i.test(query);
    if (writes) {
      watch.before(query);
      this.#beginTurn();
    }
    const rows = this.#rows(query, bindings);
    if (writes) watch.after(query);
    return Object.assign(rows, { toArray: () => rows });
  }

  setAlarm(atMs: number | null): void {
    this.#beginTurn();
    this.alarmAtMs = atMs;
  }

  deleteAll(): void {
    this.#beginTurn();
    for (const name of this.#tables()) this.#database.exec(`DROP TABLE "${name}"`);
    this.alarmAtMs = null;
  }

  /** Whether there is nothing in it, and nothing to come. */
  get isEmpty(): boolean {
    return this.alarmAtMs === null && this.#tables().length === 0;
  }

  #tables(): readonly string[] {
    return this.#database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name }) => String(name));
  }

  /** Makes durable what was written: something is about to leave the object. */
  flush(): void {
    this.#endTurn();
    if (this.#isOpen) this.#database.exec("COMMIT");
    this.#isOpen = false;
    this.#alarmSent = this.alarmAtMs;
  }

  /** The object is gone; drops what was not durable. */
  kill(losesUnsent: boolean): void {
    if (this.#hasTurn) {
      this.#database.exec("ROLLBACK TO turn; RELEASE turn");
      this.alarmAtMs = this.#alarmBeforeTurn;
      this.#hasTurn = false;
    }
    if (this.#isOpen && losesUnsent) {
      this.#database.exec("ROLLBACK");
      this.alarmAtMs = this.#alarmSent;
      this.#isOpen = false;
    }
    this.flush();
  }

  #beginTurn(): void {
    if (!this.#isOpen) {
      this.#database.exec("BEGIN");
      this.#alarmSent = this.alarmAtMs;
      this.#isOpen = true;
    }
    if (this.#hasTurn) return;
    this.#database.exec("SAVEPOINT turn");
    this.#alarmBeforeTurn = this.alarmAtMs;
    this.#hasTurn = true;
    const turn = ++this.#turnCount;
    queueMicrotask(() => {
      if (turn === this.#turnCount) this.#endTurn();
    });
  }

  #endTurn(): void {
    if (!this.#hasTurn) return;
    this.#database.exec("RELEASE turn");
    this.#hasTurn = false;
  }

  #rows(query: string, bindings: readonly SqlValue[]): SqlRow[] {
    if (bindings.length === 0 && /;\s*\S/.test(query)) {
      this.#database.exec(query);
      return [];
    }
    const values = bindings.map((value) =>
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    );
    const rows = this.#database.prepare(query).all(...values);
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          value instanceof Uint8Array ? value.slice().buffer : (value as string | number | null),
        ]),
      ),
    );
  }
}
