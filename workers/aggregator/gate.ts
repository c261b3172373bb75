/**
 * The read-time gate: every hit passes it, so that nothing is served past its lease. Pure.
 *
 * Deleting cache entries is only housekeeping; this is what keeps the promise.
 */
import type { BlobEntry } from "../../shared/cache/entry.ts";

/** What the gate must know, at most `GATE_HOLD_MS` old. */
export interface GateFacts {
  readonly epoch: number;
  readonly nowMs: number;
  readonly blocklist: ReadonlySet<string>;
  readonly purgeGeneration: number;
}

/** `relearn`: ask the storage nodes again before serving. */
export type GateVerdict = "serve" | "relearn" | "blocked";

/** Whether a blob may be served from what is cached. `entry` is `null` when nothing is. */
export function mayServe(blobId: string, entry: BlobEntry | null, facts: GateFacts): GateVerdict {
  if (facts.blocklist.has(blobId)) return "blocked";
  if (entry === null) return "relearn";
  if (entry.purgeGeneration < facts.purgeGeneration) return "relearn";
  if (facts.nowMs >= entry.expiresAtMs) return "relearn";
  // A lease may have been extended since: the nodes know, and refuse what has ended.
  if (entry.endEpoch !== null) return facts.epoch < entry.endEpoch ? "serve" : "relearn";
  return entry.learnedEpoch === facts.epoch ? "serve" : "relearn";
}
