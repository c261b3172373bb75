/**
 * What one subject has stored: the questions of `/edge/v1/objects` to the tables of the lease book.
 */
import { LEASE_PAGE_MAX } from "../../../shared/limits.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { Sql } from "../sql.ts";
import { leaseOf } from "./lease-row.ts";
import type { SubjectLeases, SubjectLeasesQuery } from "./leases.ts";

/** The questions. */
export interface SubjectReads {
  /** By the ID of the Blob, or of the SharedBlob around it. */
  find(objectId: string): Lease | null;
  ofSubject(query: SubjectLeasesQuery): SubjectLeases;
}

/** Opens them over tables that exist. */
export function subjectReads(sql: Sql): SubjectReads {
  const withAttributes = (lease: Lease): Lease => {
    const rows = sql
      .exec("SELECT key, value FROM lease_attributes WHERE blob_object_id = ?", lease.blobObjectId)
      .toArray();
    return rows.length === 0
      ? lease
      : {
          ...lease,
          attributes: Object.fromEntries(
            rows.map(({ key, value }) => [String(key), String(value)]),
          ),
        };
  };

  return {
    find(objectId) {
      const [row] = sql
        .exec(
          "SELECT * FROM leases WHERE blob_object_id = ? OR shared_object_id = ?",
          objectId,
          objectId,
        )
        .toArray();
      return row === undefined ? null : withAttributes(leaseOf(row));
    },
    ofSubject({ sub, after, limit, endEpochMin, endEpochMax, attributes, pointedAt }) {
      const count = Math.max(1, Math.min(limit, LEASE_PAGE_MAX));
      const filters = [...attributes.map(attributeFilter), ...pointerFilter(pointedAt)];
      const rows = sql
        .exec(
          `SELECT * FROM leases
           WHERE sub IS ? AND (recorded_at_ms, blob_object_id) < (?, ?)
             AND end_epoch >= ? AND end_epoch <= ?
             ${filters.map(({ clause }) => `AND ${clause}`).join(" ")}
           ORDER BY recorded_at_ms DESC, blob_object_id DESC LIMIT ?`,
          sub,
          after?.recordedAtMs ?? Number.MAX_SAFE_INTEGER,
          after?.blobObjectId ?? "",
          endEpochMin,
          endEpochMax,
          ...filters.flatMap(({ bindings }) => bindings),
          count + 1,
        )
        .toArray();
      const leases = rows.slice(0, count).map((row) => withAttributes(leaseOf(row)));
      const last = rows.length > count ? leases.at(-1) : undefined;
      return {
        leases,
        next:
          last === undefined
            ? null
            : { recordedAtMs: last.recordedAtMs, blobObjectId: last.blobObjectId },
      };
    },
  };
}

/** After every text that begins like another. */
const LAST_CHARACTER = "\u{10ffff}";

function pointerFilter(pointedAt: SubjectLeasesQuery["pointedAt"]): readonly Filter[] {
  if (pointedAt === null) return [];
  const { blobId, objectId } = pointedAt;
  return objectId === null
    ? [{ clause: "blob_id = ?", bindings: [blobId] }]
    : [{ clause: "blob_object_id = ?", bindings: [objectId] }];
}

interface Filter {
  readonly clause: string;
  readonly bindings: readonly string[];
}

function attributeFilter([key, value]: readonly [string, string]): Filter {
  const test = value.endsWith("*") ? "value >= ? AND value < ?" : "value = ?";
  const beginning = value.slice(0, -1);
  return {
    clause: `blob_object_id IN
      (SELECT blob_object_id FROM lease_attributes WHERE key = ? AND ${test})`,
    bindings: value.endsWith("*") ? [key, beginning, beginning + LAST_CHARACTER] : [key, value],
  };
}
