/**
 * Registrations nobody certified, over SQLite: plain rows, no decisions.
 */
import { ORPHAN_PAGE_MAX } from "../../../shared/limits.ts";
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import type { Sql, SqlRow } from "../sql.ts";

/** Which page of orphans, by object ID. */
export interface OrphanQuery {
  readonly after?: string | null;
  /** At most `ORPHAN_PAGE_MAX`. */
  readonly limit?: number;
}

/** What an upload may take instead of registering. */
export interface OrphanWish {
  readonly uploadId: string;
  readonly blobId: string;
  /** Exclusive. */
  readonly endEpochMin: number;
}

/** RPC surface of the lease book for orphans. */
export interface OrphanBookRpc {
  /** Adds an orphan, or says again whose it is; what has a lease is none. */
  recordOrphan(orphan: Orphan): Promise<void>;
  /** One of them. */
  orphan(blobObjectId: string): Promise<Orphan | null>;
  /** Every orphan, by pages in the order of object IDs. */
  orphans(query?: OrphanQuery): Promise<readonly Orphan[]>;
  /** Open and sunk ones recorded before a time that no upload has taken, those longest unseen first. */
  orphansDue(recordedBeforeMs: number, limit: number): Promise<readonly Orphan[]>;
  /** Gives a permanent orphan of the blob to an upload, the same one however often it asks. */
  claimOrphan(wish: OrphanWish): Promise<Orphan | null>;
  /** A sweep has looked at it. */
  markOrphan(blobObjectId: string, state: Orphan["state"], seenAtMs: number): Promise<void>;
  /** It is none any more. */
  forgetOrphan(blobObjectId: string): Promise<void>;
}

/** The same, at once. */
export type OrphanRows = {
  readonly [Method in keyof OrphanBookRpc]: (
    ...args: Parameters<OrphanBookRpc[Method]>
  ) => Awaited<ReturnType<OrphanBookRpc[Method]>>;
};

const TABLE = `
CREATE TABLE IF NOT EXISTS orphans (
  blob_object_id TEXT PRIMARY KEY,
  blob_id TEXT NOT NULL,
  end_epoch INTEGER NOT NULL,
  deletable INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  claimed_by TEXT,
  json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orphans_by_blob ON orphans (blob_id);
CREATE INDEX IF NOT EXISTS orphans_due ON orphans (seen_at_ms, blob_object_id)
  WHERE state <> 'expired' AND claimed_by IS NULL;
`;

/** Opens the orphans, in the database of the leases. */
export function createOrphanRows(sql: Sql): OrphanRows {
  sql.exec(TABLE);
  const select = (where: string, ...bindings: (string | number)[]): readonly Orphan[] =>
    sql
      .exec(`SELECT json, state FROM orphans WHERE ${where}`, ...bindings)
      .toArray()
      .map(orphanOf);
  return {
    recordOrphan(orphan) {
      const leased = sql
        .exec("SELECT 1 FROM leases WHERE blob_object_id = ?", orphan.blobObjectId)
        .toArray();
      if (leased.length > 0) return;
      sql.exec(
        `INSERT INTO orphans VALUES (?, ?, ?, ?, ?, 0, ?, NULL, ?)
         ON CONFLICT (blob_object_id) DO UPDATE SET
           claimed_by = NULL, recorded_at_ms = excluded.recorded_at_ms, json = excluded.json`,
        orphan.blobObjectId,
        orphan.blobId,
        orphan.endEpoch,
        orphan.deletable ? 1 : 0,
        orphan.recordedAtMs,
        orphan.state,
        JSON.stringify(orphan),
      );
    },
    orphan: (blobObjectId) => select("blob_object_id = ?", blobObjectId)[0] ?? null,
    orphans({ after = null, limit = ORPHAN_PAGE_MAX } = {}) {
      const most = Math.max(1, Math.min(limit, ORPHAN_PAGE_MAX));
      return select("blob_object_id > ? ORDER BY blob_object_id LIMIT ?", after ?? "", most);
    },
    orphansDue(recordedBeforeMs, limit) {
      return select(
        `state <> 'expired' AND claimed_by IS NULL AND recorded_at_ms < ?
         ORDER BY seen_at_ms, blob_object_id LIMIT ?`,
        recordedBeforeMs,
        Math.max(1, Math.min(limit, ORPHAN_PAGE_MAX)),
      );
    },
    claimOrphan({ uploadId, blobId, endEpochMin }) {
      const [orphan] = select(
        `blob_id = ? AND deletable = 0 AND end_epoch >= ?
         AND (claimed_by IS NULL OR claimed_by = ?)
         ORDER BY claimed_by IS NULL, end_epoch, blob_object_id LIMIT 1`,
        blobId,
        endEpochMin,
        uploadId,
      );
      if (orphan === undefined) return null;
      const { blobObjectId } = orphan;
      sql.exec(
        "UPDATE orphans SET claimed_by = ? WHERE blob_object_id = ?",
        uploadId,
        blobObjectId,
      );
      return orphan;
    },
    markOrphan(blobObjectId, state, seenAtMs) {
      sql.exec(
        "UPDATE orphans SET state = ?, seen_at_ms = ? WHERE blob_object_id = ?",
        state,
        seenAtMs,
        blobObjectId,
      );
    },
    forgetOrphan(blobObjectId) {
      sql.exec("DELETE FROM orphans WHERE blob_object_id = ?", blobObjectId);
    },
  };
}

function orphanOf(row: SqlRow): Orphan {
  const orphan = JSON.parse(String(row["json"])) as Orphan;
  return { ...orphan, state: String(row["state"]) as Orphan["state"] };
}
