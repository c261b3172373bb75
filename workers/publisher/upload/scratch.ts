/**
 * What is derived from a blob larger than memory, in the Upload object's own database.
 *
 * Two tables, made when they are first needed: `scratch_sections` numbers the codec's sections, and
 * `scratch` keeps pieces of at most `UPLOAD_ROW_BYTES_MAX` under section and offset. A piece that is
 * appended again replaces itself, since work that is repeated cuts and computes the same.
 */
import type { ScratchStore } from "../../../shared/codec/index.ts";
import { UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { exactBuffer, type Sql, type SqlRow } from "../sql.ts";

/** Offsets within one section: 2^40, so that row ids of 8,192 sections stay exact numbers. */
const SECTION_SPAN = 2 ** 40;

/** The scratch of one upload. Calls do their work at once; they are promises for the codec's sake. */
export class SqlScratch implements ScratchStore {
  readonly #sql: Sql;
  readonly #sectionIds = new Map<string, number>();
  #hasTables: boolean;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#hasTables =
      [...sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'scratch'")].length > 0;
  }

  append(section: string, offset: number, bytes: Uint8Array): Promise<void> {
    this.#createTables();
    const first = this.#sectionId(section) * SECTION_SPAN + offset;
    for (let start = 0; start < bytes.length; start += UPLOAD_ROW_BYTES_MAX) {
      const piece = bytes.subarray(start, start + UPLOAD_ROW_BYTES_MAX);
      const row = exactBuffer(piece);
      this.#sql.exec(
        "INSERT OR REPLACE INTO scratch (id, bytes) VALUES (?, ?)",
        first + start,
        row,
      );
      if (row !== bytes.buffer) row.transfer(0);
    }
    return Promise.resolve();
  }

  /** @throws {Error} When the section does not hold the range: storage has lost something. */
  async read(section: string, offset: number, byteCount: number): Promise<Uint8Array> {
    let bytes = new Uint8Array(0);
    const start = (this.#knownSectionId(section) ?? 0) * SECTION_SPAN + offset;
    const end = start + byteCount;
    let filled = 0;
    const rows = this.#rowsBetween(start, end);
    for (const { at, part } of rows) {
      if (at !== filled || !(part instanceof ArrayBuffer)) break;
      if (part.byteLength === byteCount) return new Uint8Array(part);
      if (filled === 0) bytes = new Uint8Array(byteCount);
      bytes.set(new Uint8Array(part), filled);
      filled += part.byteLength;
      part.transfer(0);
    }
    if (filled !== byteCount) {
      throw new Error(
        `Cannot read ${section}: expected ${byteCount} bytes at ${offset}, got ${filled}`,
      );
    }
    return bytes;
  }

  /** Forgets everything: the state is final, or the work begins anew. */
  clear(): void {
    if (!this.#hasTables) return;
    this.#sql.exec("DROP TABLE scratch");
    this.#sql.exec("DROP TABLE scratch_sections");
    this.reset();
  }

  /** The database was emptied from outside. */
  reset(): void {
    this.#hasTables = false;
    this.#sectionIds.clear();
  }

  /** The parts of pieces that lie in the range, in order, and where in it they begin. */
  #rowsBetween(start: number, end: number): Iterable<SqlRow> {
    if (!this.#hasTables) return [];
    return this.#sql.exec(
      `SELECT max(id, ?1) - ?1 AS at, substr(bytes, max(?1 - id, 0) + 1, ?2 - max(id, ?1)) AS part
       FROM scratch WHERE id >= (SELECT max(id) FROM scratch WHERE id <= ?1) AND id < ?2 ORDER BY id`,
      start,
      end,
    );
  }

  #knownSectionId(name: string): number | null {
    const known = this.#sectionIds.get(name);
    if (known !== undefined || !this.#hasTables) return known ?? null;
    const [row] = this.#sql.exec("SELECT id FROM scratch_sections WHERE name = ?", name);
    if (typeof row?.["id"] !== "number") return null;
    this.#sectionIds.set(name, row["id"]);
    return row["id"];
  }

  #sectionId(name: string): number {
    const known = this.#knownSectionId(name);
    if (known !== null) return known;
    this.#sql.exec("INSERT INTO scratch_sections (name) VALUES (?)", name);
    return this.#knownSectionId(name) ?? 0;
  }

  #createTables(): void {
    if (this.#hasTables) return;
    this.#sql.exec("CREATE TABLE scratch (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    this.#sql.exec(
      "CREATE TABLE scratch_sections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    );
    this.#hasTables = true;
  }
}
