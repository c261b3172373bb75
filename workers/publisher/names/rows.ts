/**
 * A bucket of names over SQLite: names with their history, anchors, wishes and the batch that is
 * under way. Plain rows, no decisions; each method is one atomic step.
 */
import { NAME_VERSIONS_MAX, NAME_VERSIONS_PAGE } from "../../../shared/limits.ts";
import type { Sql, SqlRow } from "../sql.ts";
import type {
  AnchorView,
  NameChange,
  NameListQuery,
  NameRecord,
  NameVersion,
  NameVersions,
} from "./names.ts";

/** An anchor as the bucket knows it. */
export interface Anchor extends AnchorView {
  readonly seq: number;
  /** Version of the object after our last change: what the next one pins. */
  readonly objectVersion: string;
  readonly nameCount: number;
}

/** A name's row: the latest version, also where that is a deletion. */
export interface NameRow extends NameVersion {
  readonly key: string;
  readonly name: string;
  readonly anchorSeq: number;
}

/** One name's part in a batch. */
export interface BatchMember {
  readonly changeId: string;
  readonly key: string;
  readonly name: string;
  readonly next: Pick<NameVersion, "version" | "target">;
}

/** Changes of one anchor that share a transaction. */
export interface Batch {
  readonly seq: number;
  readonly anchorSeq: number;
  readonly atVersion: string;
  readonly members: readonly BatchMember[];
}

const TABLES = `
CREATE TABLE IF NOT EXISTS anchors (
  seq INTEGER PRIMARY KEY,
  object_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  object_version TEXT NOT NULL,
  is_lost INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS versions (
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  target TEXT,
  tx_digest TEXT,
  changed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (key, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS names (
  key TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  anchor_seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  is_deleted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_by_anchor ON names (anchor_seq, is_deleted);
CREATE TABLE IF NOT EXISTS changes (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  change TEXT NOT NULL,
  outcome TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS changes_waiting ON changes (position) WHERE outcome IS NULL;
CREATE INDEX IF NOT EXISTS changes_settled ON changes (at_ms) WHERE outcome IS NOT NULL;
CREATE TABLE IF NOT EXISTS batches (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  batch TEXT
);
`;

/** After every text that begins like another: keys are ASCII. */
const LAST_CHARACTER = "\u007f";

/** The rows of one bucket. */
export interface NameRows {
  /** Keeps a wish; one that is known stays as it is. */
  addChange(change: NameChange, nowMs: number): void;
  /** Its outcome as JSON text; `null` while it has none, `undefined` for an unknown wish. */
  outcomeOf(changeId: string): string | null | undefined;
  /** Wishes without an outcome, oldest first. */
  waiting(limit: number): readonly NameChange[];
  settleChange(changeId: string, outcome: string): void;
  name(key: string): NameRow | null;
  record(key: string): NameRecord | null;
  versions(key: string, before: number | null): NameVersions | null;
  namesOf(anchorSeq: number): readonly NameRow[];
  /** Names that are not deleted, by key. */
  list(query: NameListQuery): readonly NameRecord[];
  anchor(seq: number): Anchor | null;
  /** The first anchor with fewer names than this; `null` when a new one is needed. */
  anchorBelow(nameCount: number): Anchor | null;
  nextAnchorSeq(): number;
  addAnchor(anchor: AnchorView & { readonly seq: number; readonly objectVersion: string }): void;
  /** It cannot be written any more: its names move to another one when they change. */
  loseAnchor(seq: number): void;
  pinAnchor(seq: number, objectVersion: string): void;
  /** Writes a batch down before anything is sent; its number names its command for ever. */
  beginBatch(batch: Omit<Batch, "seq">): Batch;
  openBatch(): Batch | null;
  endBatch(seq: number): void;
  /** A name as it is on chain now. */
  putVersion(key: string, name: string, anchorSeq: number, version: NameVersion): void;
  /** Forgets settled wishes; whether any is left. */
  collect(settledBeforeMs: number): boolean;
}

/** Opens the rows. */
export function createNameRows(sql: Sql): NameRows {
  sql.exec(TABLES);
  const one = (query: string, ...bindings: (string | number | null)[]) =>
    sql.exec(query, ...bindings).toArray()[0] ?? null;
  return {
    ...changeRows(sql, one),
    ...nameReads(sql, one),
    ...nameWrites(sql),
    ...anchorRows(sql, one),
    ...batchRows(sql, one),
  };
}

type One = (query: string, ...bindings: (string | number | null)[]) => SqlRow | null;

function changeRows(
  sql: Sql,
  one: One,
): Pick<NameRows, "addChange" | "outcomeOf" | "waiting" | "settleChange" | "collect"> {
  return {
    addChange(change, nowMs) {
      sql.exec(
        "INSERT INTO changes (id, change, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        change.id,
        JSON.stringify(change),
        nowMs,
      );
    },
    outcomeOf(changeId) {
      const row = one("SELECT outcome FROM changes WHERE id = ?", changeId);
      if (row === null) return undefined;
      return typeof row["outcome"] === "string" ? row["outcome"] : null;
    },
    waiting: (limit) =>
      sql
        .exec("SELECT change FROM changes WHERE outcome IS NULL ORDER BY position LIMIT ?", limit)
        .toArray()
        .map((row) => JSON.parse(String(row["change"])) as NameChange),
    settleChange(changeId, outcome) {
      sql.exec("UPDATE changes SET outcome = ? WHERE id = ?", outcome, changeId);
    },
    collect(settledBeforeMs) {
      sql.exec("DELETE FROM changes WHERE outcome IS NOT NULL AND at_ms < ?", settledBeforeMs);
      return one("SELECT 1 FROM changes LIMIT 1") !== null;
    },
  };
}

const COLUMNS = "n.key, n.name, n.anchor_seq, v.version, v.target, v.tx_digest, v.changed_at_ms";
const LATEST = "names n JOIN versions v ON v.key = n.key AND v.version = n.version";
const JOINED = `SELECT ${COLUMNS} FROM ${LATEST}`;
const ANCHORED = `SELECT ${COLUMNS}, a.object_id, a.owner
  FROM ${LATEST} JOIN anchors a ON a.seq = n.anchor_seq`;

function nameReads(
  sql: Sql,
  one: One,
): Pick<NameRows, "name" | "record" | "versions" | "namesOf" | "list"> {
  return {
    name(key) {
      const row = one(`${JOINED} WHERE n.key = ?`, key);
      return row === null ? null : nameRowOf(row);
    },
    record(key) {
      const row = one(`${ANCHORED} WHERE n.key = ?`, key);
      return row === null ? null : recordOf(row);
    },
    list: ({ keyPrefix, afterKey, limit }) =>
      sql
        .exec(
          `${ANCHORED} WHERE n.key >= ? AND n.key < ? AND n.key > ? AND n.is_deleted = 0
           ORDER BY n.key LIMIT ?`,
          keyPrefix,
          keyPrefix + LAST_CHARACTER,
          afterKey ?? "",
          limit,
        )
        .toArray()
        .map(recordOf),
    versions(key, before) {
      if (one("SELECT 1 FROM names WHERE key = ?", key) === null) return null;
      const versions = sql
        .exec(
          "SELECT * FROM versions WHERE key = ? AND version < ? ORDER BY version DESC LIMIT ?",
          key,
          before ?? Number.MAX_SAFE_INTEGER,
          NAME_VERSIONS_PAGE + 1,
        )
        .toArray()
        .map(versionOf);
      const shown = versions.slice(0, NAME_VERSIONS_PAGE);
      const next = versions.length > shown.length ? (shown.at(-1)?.version ?? null) : null;
      return { versions: shown, next };
    },
    namesOf: (anchorSeq) =>
      sql.exec(`${JOINED} WHERE n.anchor_seq = ?`, anchorSeq).toArray().map(nameRowOf),
  };
}

function nameWrites(sql: Sql): Pick<NameRows, "putVersion"> {
  return {
    putVersion(key, name, anchorSeq, { version, target, txDigest, changedAtMs }) {
      sql.exec(
        "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?)",
        key,
        version,
        target === null ? null : JSON.stringify(target),
        txDigest,
        changedAtMs,
      );
      sql.exec(
        "INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?)",
        key,
        name,
        anchorSeq,
        version,
        target === null ? 1 : 0,
      );
      sql.exec(
        "DELETE FROM versions WHERE key = ? AND version <= ?",
        key,
        version - NAME_VERSIONS_MAX,
      );
    },
  };
}

function anchorRows(
  sql: Sql,
  one: One,
): Pick<
  NameRows,
  "anchor" | "anchorBelow" | "nextAnchorSeq" | "addAnchor" | "loseAnchor" | "pinAnchor"
> {
  const COUNTED = `SELECT a.*, (SELECT count(*) FROM names n WHERE n.anchor_seq = a.seq AND n.is_deleted = 0)
    AS name_count FROM anchors a WHERE a.is_lost = 0`;
  return {
    anchor(seq) {
      const row = one(`${COUNTED} AND a.seq = ?`, seq);
      return row === null ? null : anchorOf(row);
    },
    anchorBelow(nameCount) {
      const row = one(
        `SELECT * FROM (${COUNTED}) WHERE name_count < ? ORDER BY seq LIMIT 1`,
        nameCount,
      );
      return row === null ? null : anchorOf(row);
    },
    nextAnchorSeq: () =>
      Number(one("SELECT coalesce(max(seq), 0) + 1 AS next FROM anchors")?.["next"]),
    addAnchor({ seq, objectId, owner, objectVersion }) {
      sql.exec(
        "INSERT INTO anchors VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
        seq,
        objectId,
        owner,
        objectVersion,
      );
    },
    loseAnchor(seq) {
      sql.exec("UPDATE anchors SET is_lost = 1 WHERE seq = ?", seq);
    },
    pinAnchor(seq, objectVersion) {
      sql.exec("UPDATE anchors SET object_version = ? WHERE seq = ?", objectVersion, seq);
    },
  };
}

function batchRows(sql: Sql, one: One): Pick<NameRows, "beginBatch" | "openBatch" | "endBatch"> {
  return {
    beginBatch(batch) {
      // One statement: a batch is there whole or not at all.
      const text = JSON.stringify(batch);
      const row = one("INSERT INTO batches (batch) VALUES (?) RETURNING seq", text);
      return { ...batch, seq: Number(row?.["seq"]) };
    },
    openBatch() {
      const row = one(
        "SELECT seq, batch FROM batches WHERE batch IS NOT NULL ORDER BY seq LIMIT 1",
      );
      if (row === null) return null;
      const batch = JSON.parse(String(row["batch"])) as Omit<Batch, "seq">;
      return { ...batch, seq: Number(row["seq"]) };
    },
    endBatch(seq) {
      // The row before the last is not needed: AUTOINCREMENT never gives a number twice.
      sql.exec("DELETE FROM batches WHERE seq = ?", seq);
    },
  };
}

function nameRowOf(row: SqlRow): NameRow {
  return {
    key: String(row["key"]),
    name: String(row["name"]),
    anchorSeq: Number(row["anchor_seq"]),
    ...versionOf(row),
  };
}

function recordOf(row: SqlRow): NameRecord {
  const { anchorSeq: _, ...name } = nameRowOf(row);
  const anchor = { objectId: String(row["object_id"]), owner: String(row["owner"]) };
  return { ...name, anchor };
}

function versionOf(row: SqlRow): NameVersion {
  const { target, tx_digest: txDigest } = row;
  return {
    version: Number(row["version"]),
    target: typeof target === "string" ? (JSON.parse(target) as NameVersion["target"]) : null,
    txDigest: typeof txDigest === "string" ? txDigest : null,
    changedAtMs: Number(row["changed_at_ms"]),
  };
}

function anchorOf(row: SqlRow): Anchor {
  return {
    seq: Number(row["seq"]),
    objectId: String(row["object_id"]),
    owner: String(row["owner"]),
    objectVersion: String(row["object_version"]),
    nameCount: Number(row["name_count"]),
  };
}
