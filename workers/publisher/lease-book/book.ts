/**
 * The lease book over SQLite: plain rows, no decisions.
 */
import { LEASE_PAGE_MAX } from "../../../shared/limits.ts";
import type { Lease, LeaseEnd, LeasePage, LeasePageQuery } from "../../../shared/rpc/leases.ts";
import type { Sql } from "../sql.ts";
import { leaseOf } from "./lease-row.ts";
import { subjectReads, type SubjectReads } from "./subject-leases.ts";
import type { LeaseEnds } from "./leases.ts";

/** The lease book. */
export interface LeaseBookRows extends SubjectReads {
  record(lease: Lease): void;
  get(blobObjectId: string): Lease | null;
  setAttributes(blobObjectId: string, attributes: Readonly<Record<string, string>>): void;
  ending(endEpochMax: number, query: LeasePageQuery): LeasePage;
  ofBlob(blobId: string): readonly Lease[];
  ends(): readonly LeaseEnds[];
  updateEnds(ends: readonly LeaseEnd[]): void;
  forget(blobObjectIds: readonly string[]): void;
  keepReport(report: string): void;
  lastReport(): string | null;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS leases (
  blob_object_id TEXT PRIMARY KEY,
  blob_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  sub TEXT,
  unencoded_bytes INTEGER NOT NULL,
  storage_bytes INTEGER NOT NULL,
  deletable INTEGER NOT NULL,
  start_epoch INTEGER NOT NULL,
  end_epoch INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  shared_object_id TEXT,
  certify_tx TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS leases_by_end ON leases (end_epoch, blob_object_id);
CREATE INDEX IF NOT EXISTS leases_by_blob ON leases (blob_id, end_epoch);
CREATE INDEX IF NOT EXISTS leases_by_sub ON leases (sub, recorded_at_ms, blob_object_id);
CREATE INDEX IF NOT EXISTS leases_by_shared ON leases (shared_object_id)
  WHERE shared_object_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS lease_attributes (
  blob_object_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (blob_object_id, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lease_attributes_by_value
  ON lease_attributes (key, value, blob_object_id);
CREATE TABLE IF NOT EXISTS reports (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  report TEXT NOT NULL
);
`;

/** Opens the book. */
export function createLeaseBook(sql: Sql): LeaseBookRows {
  sql.exec(TABLES);
  return { ...leaseReads(sql), ...leaseWrites(sql), ...subjectReads(sql) };
}

type LeaseReads = Pick<LeaseBookRows, "get" | "ending" | "ofBlob" | "ends" | "lastReport">;

function leaseReads(sql: Sql): LeaseReads {
  return {
    get(blobObjectId) {
      const [row] = sql
        .exec("SELECT * FROM leases WHERE blob_object_id = ?", blobObjectId)
        .toArray();
      return row === undefined ? null : leaseOf(row);
    },
    ending(endEpochMax, { after, limit: wanted = LEASE_PAGE_MAX, endingAfter = -1 }) {
      const limit = Math.max(1, Math.min(wanted, LEASE_PAGE_MAX));
      const from = after ?? { endEpoch: endingAfter + 1, blobObjectId: "" };
      const leases = sql
        .exec(
          `SELECT * FROM leases
           WHERE (end_epoch, blob_object_id) > (?, ?) AND end_epoch <= ?
           ORDER BY end_epoch, blob_object_id LIMIT ?`,
          from.endEpoch,
          from.blobObjectId,
          endEpochMax,
          limit + 1,
        )
        .toArray()
        .map(leaseOf);
      const shown = leases.slice(0, limit);
      const last = leases.length > limit ? shown.at(-1) : undefined;
      const next =
        last === undefined ? null : { endEpoch: last.endEpoch, blobObjectId: last.blobObjectId };
      return { leases: shown, next };
    },
    ofBlob(blobId) {
      return sql
        .exec(
          `SELECT leases.*, lease_attributes.value AS content_type FROM leases
           LEFT JOIN lease_attributes
             ON lease_attributes.blob_object_id = leases.blob_object_id
             AND lease_attributes.key = 'content-type'
           WHERE blob_id = ? ORDER BY end_epoch DESC LIMIT ?`,
          blobId,
          LEASE_PAGE_MAX,
        )
        .toArray()
        .map(leaseOf);
    },
    ends() {
      return sql
        .exec(
          `SELECT end_epoch, count(*) AS count, sum(storage_bytes) AS storage_bytes
           FROM leases GROUP BY end_epoch ORDER BY end_epoch`,
        )
        .toArray()
        .map((row) => ({
          endEpoch: Number(row["end_epoch"]),
          count: Number(row["count"]),
          storageBytes: Number(row["storage_bytes"]),
        }));
    },
    lastReport() {
      const [row] = sql.exec("SELECT report FROM reports").toArray();
      return row === undefined ? null : String(row["report"]);
    },
  };
}

type LeaseWrites = Omit<LeaseBookRows, keyof LeaseReads | keyof SubjectReads>;

function leaseWrites(sql: Sql): LeaseWrites {
  function setAttributes(blobObjectId: string, attributes: Readonly<Record<string, string>>): void {
    sql.exec("DELETE FROM lease_attributes WHERE blob_object_id = ?", blobObjectId);
    for (const [key, value] of Object.entries(attributes)) {
      sql.exec("INSERT INTO lease_attributes VALUES (?, ?, ?)", blobObjectId, key, value);
    }
  }

  return {
    setAttributes,
    record(lease) {
      sql.exec(
        `INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (blob_object_id) DO UPDATE SET
           owner = excluded.owner,
           sub = coalesce(excluded.sub, sub),
           shared_object_id = coalesce(excluded.shared_object_id, shared_object_id),
           certify_tx = coalesce(excluded.certify_tx, certify_tx),
           end_epoch = max(end_epoch, excluded.end_epoch)`,
        lease.blobObjectId,
        lease.blobId,
        lease.owner,
        lease.sub,
        lease.unencodedBytes,
        lease.storageBytes,
        lease.deletable ? 1 : 0,
        lease.startEpoch,
        lease.endEpoch,
        lease.recordedAtMs,
        lease.sharedObjectId ?? null,
        lease.certifyTxDigest ?? null,
      );
      if (lease.attributes !== undefined) setAttributes(lease.blobObjectId, lease.attributes);
    },
    updateEnds(ends) {
      for (const { blobObjectId, endEpoch } of ends) {
        sql.exec(
          "UPDATE leases SET end_epoch = max(end_epoch, ?) WHERE blob_object_id = ?",
          endEpoch,
          blobObjectId,
        );
      }
    },
    forget(blobObjectIds) {
      for (const blobObjectId of blobObjectIds) {
        sql.exec("DELETE FROM leases WHERE blob_object_id = ?", blobObjectId);
        sql.exec("DELETE FROM lease_attributes WHERE blob_object_id = ?", blobObjectId);
      }
    },
    keepReport(report) {
      sql.exec("INSERT OR REPLACE INTO reports VALUES (1, ?)", report);
    },
  };
}
