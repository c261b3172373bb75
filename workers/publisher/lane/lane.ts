/**
 * The words between an upload and its lanes: the job, the reports, and which lane owns which node.
 * Types and one pure function.
 */
import { LANES_MAX } from "../../../shared/limits.ts";
import type { ConfirmationTarget } from "../../../shared/nodes/client.ts";
import type { NodeFailure } from "../../../shared/nodes/failure.ts";

/** One node a lane owns. */
export interface LaneNode {
  /** Index of the node in the committee: bit index of the certificate. */
  readonly memberIndex: number;
  readonly nodeId: string;
  readonly baseUrl: string;
  /** Slivers the node must hold before it confirms: two for each of its shards. */
  readonly sliverCount: number;
}

/** What one lane does in one wake-up. */
export interface LaneJob {
  /** Unique text of this invocation: the `x-walrus-lane` header. */
  readonly lane: string;
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** `null` before the blob is registered: nodes buffer what they get, and `registered` tells. */
  readonly target: ConfirmationTarget | null;
  /** BCS of BlobMetadata. */
  readonly metadata: Uint8Array<ArrayBuffer>;
  readonly nodes: readonly LaneNode[];
  /**
   * Waited before the first request that needs the registration, so that nodes have seen it.
   */
  readonly registrationDelayMs: number;
}

/** What a lane tells the upload while it works. */
export type LaneReport =
  | {
      /** The node has the metadata: feed it its slivers. */
      readonly kind: "ready";
      readonly memberIndex: number;
    }
  | {
      /** One frame is done with, stored or dropped: its bytes are free again. */
      readonly kind: "taken";
      readonly memberIndex: number;
      readonly bodyBytes: number;
    }
  | {
      readonly kind: "confirmed";
      readonly memberIndex: number;
      readonly message: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      /** Nothing more will come of this node in this wake-up. */
      readonly kind: "failed";
      readonly memberIndex: number;
      readonly failure: NodeFailure;
    };

/** Resolves when the blob is registered; rejects when it will not be. */
export type Registration = () => Promise<ConfirmationTarget>;

/** A lane as the upload sees it; the loopback entrypoint in production. */
export interface Lane {
  /**
   * Runs the job and resolves when every node has confirmed or failed, or `frames` has ended. The
   * upload ends `frames` to stop a lane: what is in flight then is aborted.
   */
  push(
    job: LaneJob,
    frames: ReadableStream<Uint8Array>,
    report: (reports: LaneReport[]) => void,
    registered?: Registration,
  ): Promise<void>;
}

/**
 * As `splitLanes`, with lanes of their own, at the end, for nodes that lately lagged: they take no
 * slot of the others, and are asked all the same.
 */
export function splitByLag<N extends { readonly sliverCount: number }>(
  nodes: readonly N[],
  laneCount: number,
  isLaggard: (node: N) => boolean,
): N[][] {
  const lagging = nodes.filter((node) => isLaggard(node));
  const others = nodes.filter((node) => !isLaggard(node));
  if (lagging.length === 0 || others.length === 0 || laneCount < 2) {
    return splitLanes([...others, ...lagging], laneCount);
  }
  const share = Math.round((laneCount * lagging.length) / nodes.length);
  const laggingLanes = Math.min(Math.max(1, share), laneCount - 1);
  return [...splitLanes(others, laneCount - laggingLanes), ...splitLanes(lagging, laggingLanes)];
}

/**
 * Spreads nodes over at most `laneCount` lanes so that shards are even: the heaviest node goes to
 * the lightest lane. No lane is empty, so fewer nodes than lanes give fewer lanes.
 *
 * @throws {RangeError} When `laneCount` is not 1 to `LANES_MAX`.
 */
export function splitLanes<N extends { readonly sliverCount: number }>(
  nodes: readonly N[],
  laneCount: number,
): N[][] {
  if (!Number.isInteger(laneCount) || laneCount < 1 || laneCount > LANES_MAX) {
    throw new RangeError(`Cannot split lanes: expected 1 to ${LANES_MAX}, got ${laneCount}`);
  }
  const lanes = Array.from({ length: Math.min(laneCount, nodes.length) }, () => ({
    nodes: [] as N[],
    sliverCount: 0,
  }));
  const heaviestFirst = [...nodes].sort((a, b) => b.sliverCount - a.sliverCount);
  for (const node of heaviestFirst) {
    const lightest = lanes.reduce((best, lane) =>
      lane.sliverCount < best.sliverCount ||
      (lane.sliverCount === best.sliverCount && lane.nodes.length < best.nodes.length)
        ? lane
        : best,
    );
    lightest.nodes.push(node);
    lightest.sliverCount += node.sliverCount;
  }
  return lanes.map((lane) => lane.nodes);
}
