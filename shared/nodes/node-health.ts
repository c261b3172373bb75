/**
 * Which nodes have lately not given what they must: a hint, kept in the memory of an isolate.
 *
 * It may be empty or wrong without harm. A suspect is asked after the others, and its competitor
 * starts at once; it is never passed over where only it has what is needed.
 */
import { remember } from "../remember.ts";
import { NODE_SUSPECTS_MAX, NODE_SUSPICION_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";

/** What is remembered of nodes. */
export interface NodeHealthHints {
  /** The node was silent, broke off or lied. */
  suspect(nodeId: string): void;
  /** The node gave what it must. */
  clear(nodeId: string): void;
  isSuspect(nodeId: string): boolean;
  /** Times a request that is sent now; call the result when it was answered as it must. */
  stopwatch(): () => void;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** How long slivers have lately taken, milliseconds; 0 until one has come. */
  usualMs(): number;
}

/** What outlives a request. */
export interface HealthMemory {
  /** Until when a node is suspected, milliseconds since 1970, by node ID. */
  readonly suspects: Map<string, number>;
  /** Moving average of how long slivers took, milliseconds. */
  usualMs: number;
}

/** Weight of the newest sliver in the average. */
const NEWEST_WEIGHT = 1 / 8;

/** Hints over a memory that outlives one request. */
export function createNodeHealth(memory: HealthMemory, clock: Clock): NodeHealthHints {
  const { suspects } = memory;
  return {
    suspect(nodeId) {
      remember(suspects, nodeId, clock.nowMs() + NODE_SUSPICION_MS, NODE_SUSPECTS_MAX);
    },
    clear: (nodeId) => void suspects.delete(nodeId),
    isSuspect: (nodeId) => clock.nowMs() < (suspects.get(nodeId) ?? 0),
    stopwatch() {
      const sentMs = clock.nowMs();
      return () => {
        const tookMs = clock.nowMs() - sentMs;
        memory.usualMs += (tookMs - memory.usualMs) * NEWEST_WEIGHT;
      };
    },
    nowMs: () => clock.nowMs(),
    usualMs: () => memory.usualMs,
  };
}
