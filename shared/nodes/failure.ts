/**
 * What may go wrong between us and one storage node: data, never prose.
 *
 * A failure says what happened, not what to do about it; `retry.ts` decides what is worth another
 * attempt, the callers decide what one failed node means for the whole.
 */
import type { NodeReason } from "./reasons.ts";

/** Which endpoint was asked. */
export type NodeRoute =
  | "get-metadata"
  | "put-metadata"
  | "metadata-status"
  | "get-sliver"
  | "put-sliver"
  | "sliver-status"
  | "confirmation"
  | "blob-status"
  | "decoding-symbols"
  | "recovery-symbols"
  | "health";

interface NodeFailureBase {
  /** The node as the committee names it. */
  readonly nodeId: string;
  readonly route: NodeRoute;
}

/** One request to one storage node failed. */
export type NodeFailure =
  | (NodeFailureBase & {
      /** No connection, reset, or the body broke off. */
      readonly kind: "unreachable";
      readonly cause: string;
    })
  | (NodeFailureBase & {
      /** The time-out of this request passed, counted from when it was sent. */
      readonly kind: "timed-out";
      readonly timeoutMs: number;
      /** What was being waited for. */
      readonly phase: "headers" | "body";
    })
  | (NodeFailureBase & {
      /** The caller gave up on it (a hedge was won, the upload ended). */
      readonly kind: "aborted";
    })
  | (NodeFailureBase & {
      /** The node answered with an error status. */
      readonly kind: "refused";
      readonly status: number;
      /** Machine-readable reason; `null` when the node gave none. */
      readonly reason: NodeReason | (string & {}) | null;
      /** The node's own words, cut to a bounded length. */
      readonly message: string;
      /** Seconds from `Retry-After`, where given. */
      readonly retryAfterSeconds: number | null;
    })
  | (NodeFailureBase & {
      /** A success status with a body that is not what the endpoint answers. */
      readonly kind: "malformed-answer";
      readonly detail: string;
    })
  | (NodeFailureBase & {
      /** The body is longer than any honest answer. */
      readonly kind: "answer-too-large";
      readonly bytesMax: number;
    });

/** Whether the node says that it has no such thing: an unknown blob, metadata or sliver. */
export function isNotFound(failure: NodeFailure): boolean {
  return failure.kind === "refused" && failure.status === 404;
}

/** Whether the node blocks this blob for legal reasons (451 with `FORBIDDEN_BLOB`). */
export function isBlocked(failure: NodeFailure): boolean {
  return (
    failure.kind === "refused" && failure.status === 451 && failure.reason === "FORBIDDEN_BLOB"
  );
}

/** Whether the node does not own the shard now: it is in another epoch than whoever asks. */
export function isNotAssigned(failure: NodeFailure): boolean {
  return isRefusedFor(failure, "SHARD_NOT_ASSIGNED");
}

/** Whether the node gave this reason. */
export function isRefusedFor(failure: NodeFailure, reason: NodeReason): boolean {
  return failure.kind === "refused" && failure.reason === reason;
}
