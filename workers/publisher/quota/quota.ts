/**
 * The buckets of one client over SQLite: what it may still write. Plain rows around the pure
 * `bucket.ts`, and the surface of the object that keeps them.
 */
import type { Clock } from "../../../shared/ports.ts";
import type { Sql } from "../sql.ts";
import {
  type Bucket,
  bucketAt,
  FULL_BUCKET,
  fullInMs,
  type QuotaPolicy,
  remainingUnits,
  waitMs,
  withTaken,
} from "./bucket.ts";

/** Units by the name of a policy; none where it is not named. */
export type QuotaUnits = Readonly<Partial<Record<QuotaPolicy["name"], number>>>;

/** One policy as it stands after a question. */
export interface QuotaState {
  readonly policy: QuotaPolicy;
  /** Whole units left. */
  readonly remaining: number;
  /** Until the units asked for are there where they were refused, else until the bucket is full. */
  readonly resetMs: number;
  readonly isExceeded: boolean;
}

/** The answer: taken from every bucket, or from none when one of them is exceeded. */
export interface QuotaVerdict {
  readonly isAllowed: boolean;
  /** Milliseconds until the same question is allowed; 0 when it was. */
  readonly retryMs: number;
  readonly states: readonly QuotaState[];
}

/** What the publisher asks of a client's quota: `env.QUOTAS.getByName(clientHash)`. */
export interface QuotaRpc {
  /** Takes units from every bucket, or none at all. */
  take(policies: readonly QuotaPolicy[], units: QuotaUnits): Promise<QuotaVerdict>;
  /** Takes what has come already: nothing is refused, but the next question may be. */
  charge(policies: readonly QuotaPolicy[], units: QuotaUnits): Promise<void>;
}

/** Quotas by client. */
export interface QuotaDirectory {
  getByName(name: string): QuotaRpc;
}

/** The buckets of one client. */
export interface QuotaBuckets {
  take(policies: readonly QuotaPolicy[], units: QuotaUnits): QuotaVerdict;
  charge(policies: readonly QuotaPolicy[], units: QuotaUnits): void;
  /** When every bucket is full, and nothing is left to be known. */
  fullAtMs(): number;
}

/** Opens the buckets. */
export function createQuotaBuckets(sql: Sql, clock: Clock): QuotaBuckets {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS buckets (
       policy TEXT PRIMARY KEY,
       used REAL NOT NULL,
       at_ms INTEGER NOT NULL,
       full_at_ms INTEGER NOT NULL
     ) WITHOUT ROWID`,
  );
  const read = (policy: QuotaPolicy): Bucket => {
    const [row] = sql
      .exec("SELECT used, at_ms FROM buckets WHERE policy = ?", policy.name)
      .toArray();
    const kept =
      row === undefined ? FULL_BUCKET : { used: Number(row["used"]), atMs: Number(row["at_ms"]) };
    return bucketAt(policy, kept, clock.nowMs());
  };
  const write = (policy: QuotaPolicy, bucket: Bucket) =>
    sql.exec(
      "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)",
      policy.name,
      bucket.used,
      bucket.atMs,
      bucket.atMs + fullInMs(policy, bucket),
    );
  return {
    take(policies, units) {
      const asked = policies.map((policy) => ({
        policy,
        bucket: read(policy),
        wanted: units[policy.name] ?? 0,
      }));
      const waits = asked.map(({ policy, bucket, wanted }) => waitMs(policy, bucket, wanted));
      const retryMs = Math.max(0, ...waits);
      const isAllowed = retryMs === 0;
      const states = asked.map(({ policy, bucket, wanted }, index) => {
        const after = isAllowed ? withTaken(bucket, Math.min(wanted, policy.quota)) : bucket;
        if (isAllowed) write(policy, after);
        const wait = waits[index] ?? 0;
        return {
          policy,
          remaining: remainingUnits(policy, after),
          resetMs: wait > 0 ? wait : fullInMs(policy, after),
          isExceeded: wait > 0,
        };
      });
      return { isAllowed, retryMs, states };
    },
    charge(policies, units) {
      for (const policy of policies) {
        const wanted = Math.min(units[policy.name] ?? 0, policy.quota);
        if (wanted > 0) write(policy, withTaken(read(policy), wanted));
      }
    },
    fullAtMs() {
      const [row] = sql.exec("SELECT max(full_at_ms) AS at_ms FROM buckets").toArray();
      return Number(row?.["at_ms"] ?? 0);
    },
  };
}
