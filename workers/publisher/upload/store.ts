/**
 * What an Upload object keeps in its SQLite database: the journal, the staged bytes, the progress.
 *
 * Three tables: `journal` (one row of JSON), `staged` (rows of `UPLOAD_ROW_BYTES_MAX`, in order; the
 * last may be shorter) and `progress` (one row, two bitmaps); a blob larger than memory has more, see
 * `scratch.ts`. Calls are synchronous; without an `await` between them they are one transaction.
 */
import type { BlobSource } from "../../../shared/codec/index.ts";
import { UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import type { Journal } from "./journal.ts";
import type { NodeProgress } from "./progress.ts";
import { SqlScratch } from "./scratch.ts";
import { exactBuffer, type Sql } from "../sql.ts";

/** The tables of one upload. */
export class UploadStore {
  readonly scratch: SqlScratch;
  readonly #sql: Sql;
  #hasTables: boolean;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.scratch = new SqlScratch(sql);
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
    if (bytes.length > UPLOAD_ROW_BYTES_MAX) {
      throw new RangeError(
        `Cannot stage: expected at most ${UPLOAD_ROW_BYTES_MAX} bytes a row, got ${bytes.length}`,
      );
    }
    this.#createTables();
    this.#sql.exec(
      "INSERT INTO staged (rowIndex, bytes) VALUES (?, ?)",
      rowIndex,
      exactBuffer(bytes),
    );
  }

  /** Forgets the bytes and what was derived: the state is final, or the body never came to its end. */
  unstage(): void {
    if (this.#hasTables) this.#sql.exec("DELETE FROM staged");
    this.scratch.clear();
  }

  /** The staged blob by ranges. */
  readonly source: BlobSource = {
    read: (offset, byteCount) => Promise.resolve(this.#stagedRange(offset, byteCount)),
  };

  /**
   * The staged blob row by row, to be read without pause.
   *
   * @throws {Error} When the rows do not add up to `byteCount`: storage has lost something.
   */
  *stagedRows(byteCount: number): Generator<Uint8Array<ArrayBuffer>> {
    let offset = 0;
    for (const row of this.#sql.exec("SELECT bytes FROM staged ORDER BY rowIndex")) {
      const { bytes } = row;
      if (!(bytes instanceof ArrayBuffer) || offset + bytes.byteLength > byteCount) break;
      yield new Uint8Array(bytes);
      offset += bytes.byteLength;
    }
    if (offset !== byteCount) {
      throw new Error(`Cannot read staged blob: expected ${byteCount} bytes, got ${offset}`);
    }
  }

  #stagedRange(offset: number, byteCount: number): Uint8Array {
    let bytes = new Uint8Array(0);
    let filled = 0;
    while (filled < byteCount) {
      const position = offset + filled;
      const [row] = this.#sql.exec(
        "SELECT substr(bytes, ?, ?) AS part FROM staged WHERE rowIndex = ?",
        (position % UPLOAD_ROW_BYTES_MAX) + 1,
        byteCount - filled,
        Math.floor(position / UPLOAD_ROW_BYTES_MAX),
      );
      const part = row?.["part"];
      if (!(part instanceof ArrayBuffer) || part.byteLength === 0) {
        throw new Error(
          `Cannot read staged blob: expected ${byteCount} bytes at ${offset}, got ${filled}`,
        );
      }
      if (part.byteLength === byteCount) return new Uint8Array(part);
      if (filled === 0) bytes = new Uint8Array(byteCount);
      bytes.set(new Uint8Array(part), filled);
      filled += part.byteLength;
      part.transfer(0);
    }
    return bytes;
  }

  saveProgress(progress: NodeProgress): void {
    this.#createTables();
    this.#sql.exec(
      "INSERT OR REPLACE INTO progress (id, memberCount, confirmed, failed) VALUES (1, ?, ?, ?)",
      progress.memberCount,
      exactBuffer(progress.confirmed),
      exactBuffer(progress.failed),
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
    this.scratch.reset();
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
