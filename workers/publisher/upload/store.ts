/**
 * What an Upload object keeps in its SQLite database: the journal, the staged bytes, the progress.
 *
 * Three tables: `journal` (one row of JSON), `staged` (rows of at most 1 MiB, in order) and
 * `progress` (one row, two bitmaps). Calls are synchronous; without an `await` between them they
 * are one transaction.
 */
import { STAGED_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import type { Journal } from "./journal.ts";
import type { NodeProgress } from "./progress.ts";

/** The part of a Durable Object's SQL storage that is used. */
export interface Sql {
  exec(
    query: string,
    ...bindings: (string | number | null | ArrayBuffer)[]
  ): Iterable<Record<string, string | number | null | ArrayBuffer>>;
}

/** The tables of one upload. */
export class UploadStore {
  readonly #sql: Sql;
  #hasTables: boolean;

  constructor(sql: Sql) {
    this.#sql = sql;
    // An object that was only asked about must not leave anything behind.
    this.#hasTables =
      [...sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'journal'")].length > 0;
  }

  /** The journal; `null` when nothing was ever staged here. */
  load(): Journal | null {
    if (!this.#hasTables) return null;
    const [row] = this.#sql.exec("SELECT json FROM journal WHERE id = 1");
    return typeof row?.["json"] === "string" ? (JSON.parse(row["json"]) as Journal) : null;
  }

  save(journal: Journal): void {
    this.#createTables();
    this.#sql.exec(
      "INSERT OR REPLACE INTO journal (id, json) VALUES (1, ?)",
      JSON.stringify(journal),
    );
  }

  /** Appends one staged row. */
  stage(rowIndex: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length > STAGED_ROW_BYTES_MAX) {
      throw new RangeError(
        `Cannot stage: expected at most ${STAGED_ROW_BYTES_MAX} bytes a row, got ${bytes.length}`,
      );
    }
    this.#createTables();
    this.#sql.exec("INSERT INTO staged (rowIndex, bytes) VALUES (?, ?)", rowIndex, exact(bytes));
  }

  /** Forgets the staged bytes: the state is final, or the body never came to its end. */
  unstage(): void {
    if (this.#hasTables) this.#sql.exec("DELETE FROM staged");
  }

  /**
   * The staged blob in one piece.
   *
   * @throws {Error} When the rows do not add up to `byteCount`: storage has lost something.
   */
  stagedBytes(byteCount: number): Uint8Array<ArrayBuffer> {
    const blob = new Uint8Array(byteCount);
    let offset = 0;
    for (const row of this.#sql.exec("SELECT bytes FROM staged ORDER BY rowIndex")) {
      const { bytes } = row;
      if (!(bytes instanceof ArrayBuffer) || offset + bytes.byteLength > byteCount) break;
      blob.set(new Uint8Array(bytes), offset);
      offset += bytes.byteLength;
    }
    if (offset !== byteCount) {
      throw new Error(`Cannot read staged blob: expected ${byteCount} bytes, got ${offset}`);
    }
    return blob;
  }

  saveProgress(progress: NodeProgress): void {
    this.#createTables();
    this.#sql.exec(
      "INSERT OR REPLACE INTO progress (id, memberCount, confirmed, failed) VALUES (1, ?, ?, ?)",
      progress.memberCount,
      exact(progress.confirmed),
      exact(progress.failed),
    );
  }

  loadProgress(): NodeProgress | null {
    if (!this.#hasTables) return null;
    const [row] = this.#sql.exec(
      "SELECT memberCount, confirmed, failed FROM progress WHERE id = 1",
    );
    const { memberCount, confirmed, failed } = row ?? {};
    if (typeof memberCount !== "number") return null;
    if (!(confirmed instanceof ArrayBuffer) || !(failed instanceof ArrayBuffer)) return null;
    return { memberCount, confirmed: new Uint8Array(confirmed), failed: new Uint8Array(failed) };
  }

  /** The database was emptied from outside. */
  reset(): void {
    this.#hasTables = false;
  }

  #createTables(): void {
    if (this.#hasTables) return;
    this.#sql.exec("CREATE TABLE journal (id INTEGER PRIMARY KEY, json TEXT NOT NULL)");
    this.#sql.exec("CREATE TABLE staged (rowIndex INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    this.#sql.exec(
      `CREATE TABLE progress (id INTEGER PRIMARY KEY, memberCount INTEGER NOT NULL,
       confirmed BLOB NOT NULL, failed BLOB NOT NULL)`,
    );
    this.#hasTables = true;
  }
}

/** The bytes as a buffer of exactly their length, as SQL takes them. */
function exact(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
