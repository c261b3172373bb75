/**
 * The ways a storage node of the local network misbehaves on demand.
 *
 * Fault model: a node is honest until told otherwise, and a fault is either an omission (no answer,
 * a late one, half of one), a lie an honest reader can detect (bytes that do not hash to what the
 * blob ID commits to, a signature of another key), or a lie about presence that only other nodes
 * can disprove (404 for something stored, an older metadata). A faulty node never harms its own
 * state: it stores what it accepted and tells the truth again once the fault is cleared. Faults
 * apply to answers, optionally of one route only and only to the next `times` requests.
 */

/** Names of the faults; `null` means honest. */
export const NODE_FAULTS = [
  "down",
  "slow",
  "corrupt",
  "refuse",
  "wrong-signature",
  "truncate",
  "extend",
  "other-blob",
  "wrong-index",
  "stale-metadata",
  "stall-after-headers",
  "reset",
  "drip",
  "503",
  "false-404",
  "cache-saturated",
] as const;

/** One of the faults a node can be given. */
export type NodeFaultName = (typeof NODE_FAULTS)[number];

/** Routes a fault can be limited to. */
export const NODE_ROUTES = [
  "metadata",
  "metadata-status",
  "sliver",
  "sliver-status",
  "confirmation",
  "blob-status",
  "recovery-symbols",
  "decoding-symbols",
  "inconsistency-proof",
  "health",
  "sync-shard",
] as const;

/** One route of a node, whatever the method. */
export type NodeRoute = (typeof NODE_ROUTES)[number];

/** What `POST /admin/nodes/{i}` takes. */
export interface NodeFault {
  readonly fault: NodeFaultName | null;
  /** Only this route; every route unless given. */
  readonly route?: NodeRoute | undefined;
  /** Only the next so many matching requests; all until cleared unless given. */
  readonly times?: number | undefined;
  /** Delay of `slow`, `stall-after-headers` and gap of `drip`, in milliseconds. */
  readonly ms?: number | undefined;
}
