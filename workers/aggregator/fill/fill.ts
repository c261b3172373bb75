/**
 * The words between a read and the Fill object that it shares with other reads. Types only.
 */
import type { RowSpan } from "../../../shared/nodes/read-geometry.ts";
import type { VerifiedMetadata } from "../../../shared/codec/index.ts";
import type { Committees } from "../../../shared/protocol/epoch.ts";
import type { Result } from "../../../shared/result.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";
import type { FoundBlob } from "../learn-blob.ts";
import type { Standing } from "../learn-standing.ts";
import type { NetworkView } from "../network-view.ts";

/** Which blob's rows to fetch, and from whom. Plain data. */
export interface FillJob {
  readonly metadata: VerifiedMetadata;
  readonly committees: Committees;
  /** Generation under which the caller caches what it reads. */
  readonly purgeGeneration: number;
}

/** Consecutive columns of a blob. */
export interface ColumnSpan {
  readonly startIndex: number;
  /** Exclusive. */
  readonly endIndex: number;
}

/** A blob that was found; its Standing is asked for apart, so that nobody waits for it. */
export type FoundByFill = Omit<FoundBlob, "standing">;

/** The RPC of a Fill object. One object is one segment, or one span of columns, of one blob, or its opening. */
export interface FillRpc {
  /** Rows `span` as frames (`frames.ts`), while they come. */
  rows(job: FillJob, span: RowSpan): Promise<ReadableStream<Uint8Array>>;
  /**
   * Verified columns of `span` as frames, fetched once for all who ask at the same time: those have
   * reserved the memory for them.
   */
  columns(job: FillJob, span: ColumnSpan): Promise<ReadableStream<Uint8Array>>;
  /** Finds the blob, once for all who ask at the same time. */
  find(view: NetworkView, blobId: Uint8Array): Promise<Result<FoundByFill, AggregatorFailure>>;
  /** The Standing of the blob that was found last. */
  standing(): Promise<Standing>;
}
